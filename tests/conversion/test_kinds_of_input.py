"""Models for every kind of image, converted and checked by a loop of its own over each runtime.

The classes differ in what a wrong reading loses: in their colours' order, in brightness, in transparency.
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from edgekit.artefact import read_set
from edgekit.conversion import ConvertRequest, convert
from edgekit.errors import ModelError, UsageError
from edgekit.quiet import import_tensorflow

COLOURS = {
    "RGB": [(200, 100, 50), (50, 100, 200), (100, 200, 100)],
    "L": [(128,), (128,), (128,)],  # they differ in their stripes
    "RGBA": [(90, 90, 90, 60), (90, 90, 90, 140), (90, 90, 90, 250)],  # they differ in alpha alone
}
HEIGHT, WIDTH, EACH = 12, 16, 30
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
STRIPES = [90.0 * np.cos(np.pi * way)[..., None] for way in (ROWS, COLUMNS, ROWS + COLUMNS)]
CAFFE = np.array([103.939, 116.779, 123.68])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder of images for each of Pillow's modes, and their pixels and classes."""
    found = {}
    for mode, colours in COLOURS.items():
        chance, folder, images = np.random.default_rng(0), tmp_path_factory.mktemp(mode), []
        for kind, colour in enumerate(colours):
            (folder / f"class{kind}").mkdir()
            for index in range(EACH):
                noisy = np.array(colour) + chance.normal(0, 20, (HEIGHT, WIDTH, len(colour)))
                noisy += STRIPES[kind] if mode == "L" else 0
                pixels = np.clip(noisy, 0, 255).astype(np.uint8)
                Image.fromarray(pixels.squeeze()).save(folder / f"class{kind}" / f"{index}.png")
                images.append(pixels)
        found[mode] = (folder, np.stack(images), np.repeat(np.arange(len(colours)), EACH))
    return found


def fitted(keras, path, shape, images, labels, *, front=(), pre=lambda x: x, **given):
    """Save a model whose head is fitted by least squares to images as the model takes them."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    image = tensor = keras.Input(shape, **given)
    for layer in front:
        tensor = layer(tensor)
    tensor = layers.Conv2D(8, 3, activation="relu")(tensor)
    tensor = layers.GlobalAveragePooling2D()(tensor)
    head = layers.Dense(3, dtype="float32")
    model = keras.Model(image, layers.Softmax(dtype="float32")(head(tensor)))
    taken = pre(images.astype(np.float32))
    features = np.asarray(keras.Model(image, tensor)(taken)).astype(np.float64)
    features = np.c_[features, np.ones(len(features))]
    weights = np.linalg.lstsq(features, 8.0 * np.eye(3)[labels], rcond=None)[0]
    head.set_weights([weights[:-1], weights[-1]])
    model.save(path)


def accuracy_of(artefacts, file, images, labels, prepare):
    """Run a file over images as any program would, one at a time."""
    data, right = (artefacts.folder / file.name).read_bytes(), 0
    if file.format == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        for image, label in zip(images, labels, strict=True):
            right += session.run(None, {name: prepare(image)[None].astype(np.float32)})[0].argmax() == label
        return right / len(labels)
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    for image, label in zip(images, labels, strict=True):
        values = prepare(image)[None].astype(np.float32)
        if taken["dtype"] == np.int8:
            scale, zero_point = taken["quantization"]
            values = np.clip(np.round(values / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(taken["index"], values)
        interpreter.invoke()
        right += interpreter.get_tensor(given["index"]).argmax() == label
    return right / len(labels)


KINDS = {  # mode, the model's input, its front, how pixels become its input, and what is asked for
    "grey": ("L", (HEIGHT, WIDTH, 1), "rescale", lambda x: x, {}),
    "rgba": ("RGBA", (HEIGHT, WIDTH, 4), "rescale", lambda x: x, {}),
    "caffe": ("RGB", (HEIGHT, WIDTH, 3), "", lambda x: x[..., ::-1] - CAFFE, {"preprocess": "caffe"}),
    "by channel": (
        *("RGB", (HEIGHT, WIDTH, 3), "", lambda x: (x[..., ::-1] - [100, 110, 120]) / [50, 60, 70]),
        {"mean": (100.0, 110.0, 120.0), "std": (50.0, 60.0, 70.0), "channels": "bgr"},
    ),
    "free size": ("RGB", (None, None, 3), "rescale", lambda x: x, {"resolution": (HEIGHT, WIDTH)}),
    "channels first": (
        "RGB",
        (3, HEIGHT, WIDTH),
        "permute",
        lambda x: np.moveaxis(x / 127.5 - 1, -1, -3),
        {},
    ),
    "bytes": ("RGB", (HEIGHT, WIDTH, 3), "rescale", lambda x: x, {}),
    "half": ("RGB", (HEIGHT, WIDTH, 3), "rescale", lambda x: x, {}),
}


@pytest.mark.parametrize(("kind", "version"), [*((kind, "keras") for kind in KINDS), ("half", "tf_keras")])
def test_every_kind_of_input_is_as_accurate_in_the_files_as_in_keras(folders, tmp_path, kind, version):
    mode, shape, front, pre, asked = KINDS[kind]
    folder, images, labels = folders[mode]
    import_tensorflow()
    keras = __import__(version)
    fronts = {
        "": [],
        "rescale": [keras.layers.Rescaling(1 / 255)],
        "permute": [keras.layers.Permute((2, 3, 1))],
    }
    given = {"dtype": "uint8"} if kind == "bytes" else {}
    if kind == "half":
        keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        path = tmp_path / "own.keras"
        fitted(keras, path, shape, images, labels, front=fronts[front], pre=pre, **given)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    request = ConvertRequest(model=path, dataset=str(folder), output=tmp_path / "set", **asked)
    artefacts = read_set(convert(request).folder)
    contract = artefacts.manifest.preprocessing
    held = np.load(artefacts.folder / artefacts.manifest.evaluation_file)
    pixels = held["images"][..., ::-1] if contract.channels == "bgr" else held["images"]
    written = {image.tobytes() for image in images}
    assert all(image.tobytes() in written for image in pixels), "the files' own pixels"
    assert artefacts.manifest.keras_accuracy == 1
    for file in artefacts.manifest.files:
        assert file.input.shape == (1, *contract.input_shape), file.name
        own = accuracy_of(artefacts, file, pixels, held["labels"], pre)
        assert own == file.quality.accuracy == 1, file.name
        assert accuracy_of(artefacts, file, pixels[..., ::-1], held["labels"], pre) < 1 or mode != "RGB"


def test_a_contract_that_does_not_fit_the_channels_is_refused(folders, tmp_path):
    import_tensorflow()
    import keras

    folder, images, labels = folders["L"]
    fitted(keras, tmp_path / "grey.keras", (HEIGHT, WIDTH, 1), images, labels)
    for asked, words in (
        ({"preprocess": "torch"}, r"images of 1 channel, which --preprocess torch does not give"),
        ({"channels": "bgr"}, r"images of 1 channel, which --channels bgr does not give.*--channels grey"),
        ({"mean": (1.0, 2.0, 3.0)}, r"--mean has 3 numbers, the model takes images of 1 channel"),
        ({"resolution": (5, 7)}, r"has resolution 12x16, not 5x7"),
    ):
        request = ConvertRequest(model=tmp_path / "grey.keras", dataset=str(folder), **asked)
        with pytest.raises(UsageError, match=words):
            convert(request)


def test_a_weight_that_is_not_a_number_is_named_with_its_layer(folders, tmp_path):
    import_tensorflow()
    import keras

    folder, images, labels = folders["RGB"]
    fitted(keras, tmp_path / "own.keras", (HEIGHT, WIDTH, 3), images, labels)
    model = keras.models.load_model(tmp_path / "own.keras")
    for value, word in ((np.nan, "NaN"), (np.inf, "infinity")):
        weights = model.get_weights()
        weights[0][0, 0, 0, 0] = value
        model.set_weights(weights)
        model.save(tmp_path / "bad.keras")
        with pytest.raises(
            ModelError, match=rf"holds {word} in the layer '{model.layers[1].name}': 1 of the 216"
        ):
            convert(ConvertRequest(model=tmp_path / "bad.keras", dataset=str(folder)))
