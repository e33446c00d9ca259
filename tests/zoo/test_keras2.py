"""Files that Keras 2 wrote: read by what reads Keras 2, and never run."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile

import numpy as np
import pytest

from edgekit.conversion.graph import freeze
from edgekit.conversion.onnx_files import float32_onnx
from edgekit.conversion.tflite_files import float32_tflite
from edgekit.errors import ModelError, UnavailableError
from edgekit.quiet import import_tensorflow
from edgekit.zoo.cost import cost
from edgekit.zoo.load import load_model
from edgekit.zoo.source import resolve

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")

CHANCE = np.random.default_rng(0)
COLOURS = CHANCE.uniform(0, 255, (8, 1, 1, 3))  # an image each
IMAGES = np.clip(COLOURS + CHANCE.normal(0, 40, (8, 32, 32, 3)), 0, 255).round().astype(np.float32)
SYMMETRIC = IMAGES / 127.5 - 1


@pytest.fixture(scope="module")
def keras():
    import_tensorflow()
    import tf_keras

    return tf_keras


def _mobilenet(keras):
    return keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, include_top=False, weights=None)


def transfer(keras):
    layers = keras.layers
    top = [layers.GlobalAveragePooling2D(), layers.Dropout(0.2), layers.Dense(3, activation="softmax")]
    return keras.Sequential([_mobilenet(keras), *top])


def augmented(keras):
    """As the tutorials have it: augmentation, then `preprocess_input`, then the base as a layer."""
    layers = keras.layers
    image = keras.Input((32, 32, 3))
    turned = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.2)])(image)
    scaled = keras.applications.mobilenet_v2.preprocess_input(turned)
    base = settled(keras, _mobilenet(keras), SYMMETRIC)
    features = layers.GlobalAveragePooling2D()(base(scaled, training=False))
    return keras.Model(image, layers.Dense(3)(layers.Dropout(0.2)(features)))


def teachable(keras):
    """A Sequential of Sequentials, as Teachable Machine exports."""
    layers = keras.layers
    small = [layers.DepthwiseConv2D(3, use_bias=False), layers.BatchNormalization(), layers.ReLU(6.0)]
    inner = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(8, 3, 2), *small])
    base = keras.Sequential([inner, layers.GlobalAveragePooling2D()])
    top = keras.Sequential([layers.Dense(20, activation="relu"), layers.Dense(3, "softmax", use_bias=False)])
    return keras.Sequential([base, top])


def v3_small(keras):
    """It scales its images itself, and its activations are operations."""
    return keras.applications.MobileNetV3Small(
        (32, 32, 3), alpha=0.35, weights=None, classes=3, minimalistic=False
    )


def caffe(keras):
    """Channels turned round by a slice, the mean taken away by an operation."""
    layers = keras.layers
    image = keras.Input((32, 32, 3))
    tensor = keras.applications.resnet50.preprocess_input(image) * 0.02
    tensor = layers.Conv2D(8, 3, activation="relu")(tensor)
    return keras.Model(image, layers.Dense(3)(layers.GlobalMaxPooling2D()(tensor)))


def settled(keras, model, images):
    """Give every batch normalization the statistics of some images, so that scores depend on the image.

    And an offset: at 0, a deep network of random weights makes the rounding of its first layers so
    much larger that two processors differ by more than the files may.
    """

    def norms(layer):
        for inner in getattr(layer, "layers", [layer]):
            if inner is layer:
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.momentum = 0.0
                    layer.beta.assign(np.ones(layer.beta.shape))
            else:
                norms(inner)

    norms(model)
    model(images, training=True)
    return model


def run_tflite(data, images):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    rows = []
    for image in images:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    return np.concatenate(rows)


def run_onnx(data, images):
    from onnxruntime import InferenceSession

    session = InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: image[None]})[0] for image in images])


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (transfer, "own.h5"),
        (augmented, "own.keras"),
        (teachable, "own.h5"),
        (v3_small, "own.h5"),
        (caffe, "own.h5"),
    ],
)
def test_what_keras_2_wrote_converts_to_files_that_agree_with_its_own_predictions(
    keras, tmp_path, make, name
):
    keras.utils.set_random_seed(0)
    images = SYMMETRIC if make in (transfer, teachable) else IMAGES
    model = settled(keras, make(keras), images)
    model.save(tmp_path / name)
    expected = model.predict(images, verbose=0)
    assert np.abs(expected - expected[0]).max() > 0.01, "scores that depend on the image"
    loaded = resolve(str(tmp_path / name)).load()
    graph = freeze(loaded)
    for run, file in ((run_tflite, float32_tflite(graph)), (run_onnx, float32_onnx(graph))):
        np.testing.assert_allclose(run(file, images), expected, atol=1e-4)
    found = cost(loaded.model)
    assert found.parameters == model.count_params()
    assert found.multiply_adds > 0


def test_a_file_of_keras_2_may_be_hdf5_by_the_name_of_keras(keras, tmp_path):
    model = caffe(keras)
    model.save(tmp_path / "own.h5")
    (tmp_path / "own.h5").rename(tmp_path / "own.keras")
    loaded = load_model(tmp_path / "own.keras")
    np.testing.assert_array_equal(loaded.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))


def test_without_what_reads_keras_2_the_message_names_it(keras, tmp_path, monkeypatch):
    caffe(keras).save(tmp_path / "own.h5")
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    with pytest.raises(UnavailableError, match=r"own\.h5 was written by Keras 2\.\d+\.\d+") as missing:
        load_model(tmp_path / "own.h5")
    assert missing.value.hint.endswith("pip install '.[keras2]'")


def changed(source, path, change):
    """Copy a .keras or .h5 file with its configuration changed."""
    if source.suffix == ".h5":
        import h5py

        path.write_bytes(source.read_bytes())
        with h5py.File(path, "a") as file:
            file.attrs["model_config"] = json.dumps(change(json.loads(file.attrs["model_config"])))
        return path
    buffer = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, json.dumps(change(json.loads(data))) if name == "config.json" else data)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture(scope="module", params=["own.h5", "own.keras"])
def nested(keras, request, tmp_path_factory):
    """A model with another one in it."""
    layers = keras.layers
    inner = keras.Sequential([keras.Input((32, 32, 3)), layers.ReLU(name="inner"), layers.Flatten()])
    image = keras.Input((32, 32, 3))
    path = tmp_path_factory.mktemp("nested") / request.param
    keras.Model(image, layers.Dense(2)(inner(image * 2.0))).save(path)
    return path


def put(kind, config=None, **fields):
    """Put something in the place of the nested model's ReLU."""

    def change(item):
        if isinstance(item, list):
            return [change(each) for each in item]
        if not isinstance(item, dict):
            return item
        if item.get("class_name") == "ReLU":
            named = {"name": "inner", "trainable": True, "dtype": "float32"}
            inner = config if isinstance(config, str) else {**named, **(config or {})}
            return {**item, "class_name": kind, "config": inner, "module": "keras.layers", **fields}
        return {key: change(value) for key, value in item.items()}

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("Lambda", config={"function": ["4wEAAAA=", None, None]}), "its Lambda layer 'inner' may carry"),
        (put("TFOpLambda", config={"function": "io.write_file"}), "its layer that calls 'io.write_file' may"),
        (put("TFOpLambda", config={"function": "py_function"}), "calls 'py_function'"),
        (put("TFOpLambda", config={"function": "keras.utils.get_file"}), "calls 'keras.utils.get_file'"),
        (put("SlicingOpLambda", config={"function": "numpy_function"}), "calls 'numpy_function'"),
        (put("ClassMethod", config={"cls_symbol": "io.TFRecordWriter", "method_name": "f"}), "needs 'ClassM"),
        (put("InstanceMethod", config={"attr_name": "numpy"}), "needs 'InstanceMethod'"),
        (put("system", module="os", registered_name=None), "needs 'system', which is not Keras' own"),
        (put("get_file", module="keras.utils"), "needs 'get_file'"),
        (
            put("function", module="builtins", config="eval", registered_name="function"),
            "its function 'eval'",
        ),
        (
            put("TextVectorization", config={"vocabulary": "/etc/passwd"}),
            "its TextVectorization, which reads",
        ),
        (put("TensorFlowOpLayer", config={"node_def": {"op": "ReadFile"}}), "its operation 'ReadFile'"),
        (put("Mine", registered_name="my>Mine", module="mine"), "needs 'my>Mine', which is not Keras' own"),
    ],
)
def test_what_may_do_more_than_compute_is_refused_at_any_depth(nested, tmp_path, monkeypatch, change, words):
    monkeypatch.setattr("tf_keras.models.load_model", lambda *_, **__: pytest.fail("nothing is loaded"))
    path = changed(nested, tmp_path / nested.name, change)
    with pytest.raises(ModelError, match=re.escape(words)) as refused:
        load_model(path)
    assert "model.export('own_exported')" in refused.value.hint


def test_the_way_out_of_a_refusal_works_as_it_is_written(keras, tmp_path, monkeypatch):
    """`model.export`, then the command that the message ends with."""
    monkeypatch.chdir(tmp_path)
    code = keras.layers.Lambda(lambda x: x / 255.0)
    image = keras.Input((32, 32, 3))
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(code(image))))
    model.save("own.h5")
    with pytest.raises(ModelError, match="its Lambda layer") as refused:
        resolve("own.h5").load()
    folder = re.search(r"model\.export\('(\w+)'\)", refused.value.hint)[1]
    *_, typed = refused.value.hint.split("Then: ")
    assert typed == f"edgekit convert {folder}"
    model.export(folder)
    assert resolve(typed.split()[-1]).load().classes == 2


@pytest.mark.parametrize("nested", ["own.keras"], indirect=True)
def test_a_zip_bomb_is_not_unpacked(nested, tmp_path):
    bomb = tmp_path / "own.keras"
    with zipfile.ZipFile(nested) as whole, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        for name in ("config.json", "metadata.json"):
            out.writestr(name, whole.read(name))
        out.writestr("model.weights.h5", bytes(100_000_000))
    with pytest.raises(ModelError, match=r"would unpack to 100,"):
        load_model(bomb)


@pytest.mark.parametrize("nested", ["own.keras"], indirect=True)
def test_weights_that_claim_to_be_huge_or_are_elsewhere_are_refused_inside_an_archive(nested, tmp_path):
    import h5py

    with zipfile.ZipFile(nested) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    huge = {"shape": (1 << 40,), "dtype": "u1", "chunks": (1 << 20,), "compression": "gzip"}
    for spoil, words in (
        (lambda file: file.create_dataset("huge", **huge), r"would unpack to 1,099,"),
        (lambda file: file.__setitem__("link", h5py.ExternalLink("/etc/other.h5", "/x")), "to other files"),
        (lambda file: file.create_dataset("raw", (4,), "u1", external="/etc/passwd"), "to other files"),
    ):
        buffer = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(buffer, "a") as file:
            spoil(file)
        with zipfile.ZipFile(tmp_path / "own.keras", "w") as out:
            for name, data in {**parts, "model.weights.h5": buffer.getvalue()}.items():
                out.writestr(name, data)
        with pytest.raises(ModelError, match=words):
            load_model(tmp_path / "own.keras")


def test_what_another_tool_says_is_cut_to_a_line(nested, tmp_path):
    path = changed(nested, tmp_path / nested.name, put("Conv2D", config={"filters": "x" * 9000}))
    with pytest.raises(ModelError, match="cannot be loaded") as failed:
        load_model(path)
    assert len(failed.value.what) < 400
