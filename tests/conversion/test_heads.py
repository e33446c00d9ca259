"""Every head and kind of images, in both formats; answers are checked by a loop of the tests' own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from support.once import once

from edgekit.artefact import Head, Preprocessing
from edgekit.conversion import ConvertRequest, convert
from edgekit.conversion.answers import answers, label_bits
from edgekit.conversion.graph import freeze
from edgekit.conversion.heads import head_of, with_single_labels
from edgekit.conversion.images import load_images_for
from edgekit.data import Dataset, Split
from edgekit.errors import UsageError
from edgekit.progress import SILENT, Recorder
from edgekit.quiet import import_tensorflow
from edgekit.zoo.source import LoadedModel

SIZE, EACH = 12, 16
COLOURS = ("red", "green", "blue")


def images(bits, random):
    """Images [n, SIZE, SIZE, 3] whose channel i is bright where bit i is set."""
    level = 60 + 120 * (np.asarray(bits)[:, None] >> np.arange(3) & 1)
    noise = random.normal(0, 20, (len(level), SIZE, SIZE, 3))
    return np.clip(level[:, None, None, :] + noise, 0, 255).astype(np.uint8)


def save_folder(folder, names, bits, random):
    """Write EACH images for each class, with the bits that show it; without a name all into one folder."""
    for name, shown in zip(names, bits, strict=True):
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        for i, pixels in enumerate(images([shown] * EACH, random)):
            Image.fromarray(pixels).save(place / f"{shown}-{i:02}.png")


def save_models(folder):
    """Write a model for each head; all see by the mean of a channel whether it is bright."""
    import_tensorflow()
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(0)

    def model(name, *heads):
        given = keras.Input((SIZE, SIZE, 3))
        seen = layers.Conv2D(3, 1, name="see")(layers.Rescaling(1 / 255)(given))
        pooled = layers.GlobalAveragePooling2D()(seen)
        made = keras.Model(given, [head(pooled) for head in heads] if len(heads) > 1 else heads[0](pooled))
        made.get_layer("see").set_weights([np.eye(3)[None, None], np.full(3, -120 / 255)])
        for layer in made.layers:
            if isinstance(layer, layers.Dense):
                columns = [np.eye(3)[i % 3] * (20 if i < 3 else 10) for i in range(layer.units)]
                layer.set_weights([np.stack(columns, 1), np.zeros(layer.units)])
        made.save(folder / f"{name}.keras")

    model("sigmoid", layers.Dense(1, "sigmoid"))
    model("logit", layers.Dense(1))
    model("labels", layers.Dense(3, "sigmoid"))
    model("softmax", layers.Dense(3, "softmax"))
    model("two", layers.Dense(3, "softmax", name="colour"), layers.Dense(2, name="light"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Models and images of every kind."""

    def make(folder):
        random = np.random.default_rng(0)
        save_models(folder)
        save_folder(folder / "pair", ("dark", "red"), (0, 1), random)
        save_folder(folder / "some", ("Blue", "green"), (4, 2), random)
        save_folder(folder / "flat", ("", "", ""), (1, 2, 4), random)
        bits = np.arange(8).repeat(6)
        labels = bits[:, None] >> np.arange(3) & 1
        np.savez(folder / "labels.npz", images=images(bits, random), labels=labels, class_names=COLOURS)
        (folder / "order.txt").write_text("red\ngreen\nblue\n")

    return once(tmp_path_factory, "heads", make)


@pytest.fixture(scope="module")
def converted(made, tmp_path_factory):
    """Convert once for all tests that ask for the same."""
    folder, done = tmp_path_factory.mktemp("sets"), {}

    def run(model, **options):
        key = f"{model} {sorted(options.items())}"
        if key not in done:
            given = {k: str(made / v) for k, v in options.items() if k != "labels"}
            labels = {"labels": made / options["labels"]} if "labels" in options else {}
            request = ConvertRequest(
                model=made / f"{model}.keras", output=folder / str(len(done)), **given, **labels
            )
            done[key] = convert(request, recorder := Recorder()), recorder
        return done[key]

    return run


def run_file(artefacts, file):
    """Run a file over its set's evaluation images, one by one; return each output's real values [n, …]."""
    contract = artefacts.manifest.preprocessing
    pixels = np.load(artefacts.folder / "evaluation.npz")["images"].astype(np.float32)
    inputs = ((pixels - np.float32(contract.mean)) / np.float32(contract.std)).astype(np.float32)
    run = run_tflite if file.format == "tflite" else run_onnx
    return run(str(artefacts.path(file)), inputs)


def run_tflite(path, inputs):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    (given,), outputs = interpreter.get_input_details(), interpreter.get_output_details()
    found = [[] for _ in outputs]
    if given["dtype"] != np.float32:
        scale, zero = given["quantization"]
        inputs = np.clip(np.rint(inputs / np.float32(scale)) + zero, -128, 127).astype(np.int8)
    for image in inputs[:, None]:
        interpreter.set_tensor(given["index"], image)
        interpreter.invoke()
        for values, output in zip(found, outputs, strict=True):
            value = interpreter.get_tensor(output["index"])
            if value.dtype != np.float32:
                scale, zero = output["quantization"]
                value = (value.astype(np.float32) - zero) * np.float32(scale)
            values.append(value[0])
    return [np.stack(values) for values in found]


def run_onnx(path, inputs):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    rows = [session.run(None, {name: image}) for image in inputs[:, None]]
    return [np.stack([row[i][0] for row in rows]) for i in range(len(rows[0]))]


def run_keras(path, artefacts):
    """What the Keras model itself says about the evaluation images; it takes pixels as they are."""
    import keras

    pixels = np.load(artefacts.folder / "evaluation.npz")["images"].astype(np.float32)
    found = keras.models.load_model(path).predict(pixels, verbose=0)
    return found if isinstance(found, list) else [found]


def answered(head, scores):
    """Answers as a person would read them, one score at a time."""
    if head.kind == "top1":
        return [max(range(len(row)), key=row.__getitem__) for row in scores]
    if head.kind == "binary":
        return [int(row[0] > head.threshold) for row in scores]
    return [sum(2**i for i, score in enumerate(row) if score > head.threshold) for row in scores]


@pytest.mark.parametrize(
    ("model", "options", "head", "names"),
    [
        ("sigmoid", {"dataset": "pair"}, Head("binary", 0.5), ("dark", "red")),
        ("logit", {"dataset": "pair"}, Head("binary", 0.0), ("dark", "red")),
        ("labels", {"dataset": "labels.npz"}, Head("multilabel", 0.5), COLOURS),
        ("softmax", {"dataset": "some", "labels": "order.txt"}, Head("top1"), COLOURS),
        (
            "softmax",
            {"dataset": "some", "labels": "order.txt", "calibrate_on": "flat"},
            Head("top1"),
            COLOURS,
        ),
    ],
    ids=["sigmoid", "logit", "labels", "some classes", "calibrated on other images"],
)
def test_accuracy_and_agreement_are_what_a_plain_loop_finds(made, converted, model, options, head, names):
    artefacts, _ = converted(model, **options)
    manifest = artefacts.manifest
    assert (manifest.head, manifest.labels) == (head, names)
    assert [file.name for file in manifest.files] == [
        "float32.tflite",
        "int8.tflite",
        "float32.onnx",
        "int8.onnx",
    ]
    stored = np.load(artefacts.folder / "evaluation.npz")
    (keras,) = run_keras(made / f"{model}.keras", artefacts)
    before, truth = answered(head, keras), stored["labels"].tolist()
    assert stored["keras"].tolist() == before
    assert manifest.keras_accuracy == np.mean([a == b for a, b in zip(before, truth, strict=True)]) == 1.0
    for file in manifest.files:
        here = answered(head, run_file(artefacts, file)[0])
        assert file.quality.accuracy == np.mean([a == b for a, b in zip(here, truth, strict=True)])
        assert file.quality.agreement == np.mean([a == b for a, b in zip(here, before, strict=True)]) >= 0.95


def test_of_several_labels_each_ones_accuracy_is_in_the_manifest(converted):
    artefacts, _ = converted("labels", dataset="labels.npz")
    truth = np.load(artefacts.folder / "evaluation.npz")["labels"]
    for file in artefacts.manifest.files:
        above = run_file(artefacts, file)[0] > 0.5
        right = [
            np.mean([(t >> i & 1) == a for t, a in zip(truth, above[:, i], strict=True)]) for i in range(3)
        ]
        assert file.quality.label_accuracy == tuple(right)


@pytest.mark.parametrize("model", ["softmax", "sigmoid", "labels"])
def test_images_without_classes_show_agreement_in_place_of_accuracy(made, converted, model):
    artefacts, recorder = converted(model, calibrate_on="flat")
    manifest = artefacts.manifest
    assert manifest.keras_accuracy is None
    assert set(np.load(artefacts.folder / "evaluation.npz")["labels"]) == {-1}
    assert (manifest.dataset.calibration.n, manifest.dataset.evaluation.n) == (36, 12)
    assert any("no known classes" in note for note in recorder.notes)
    (keras,) = run_keras(made / f"{model}.keras", artefacts)
    before = answered(manifest.head, keras)
    for file in manifest.files:
        here = answered(manifest.head, run_file(artefacts, file)[0])
        assert file.quality.accuracy is file.quality.drop is None
        assert file.quality.agreement == np.mean([a == b for a, b in zip(here, before, strict=True)])


def test_several_outputs_are_all_kept_and_each_is_compared(made, converted):
    artefacts, recorder = converted("two", dataset="pair")
    manifest = artefacts.manifest
    assert manifest.head == Head("none")
    assert any("several outputs" in note for note in recorder.notes)
    keras = run_keras(made / "two.keras", artefacts)
    for file in manifest.files:
        assert [output.name for output in file.outputs] == ["colour", "light"]
        assert file.quality.accuracy is file.quality.agreement is None
        found = run_file(artefacts, file)
        for error, real, here in zip(file.quality.outputs, keras, found, strict=True):
            largest = float(np.abs(real - here).max())
            assert error.max_abs_error == pytest.approx(largest, abs=1e-5)
            assert file.precision == "int8" or largest < 1e-4
            assert error.sqnr_db > 20


def test_the_guest_reads_the_same_answers_off_a_file(converted):
    from support.asking import ask, real

    for model, dataset in (("sigmoid", "pair"), ("labels", "labels.npz")):
        artefacts, _ = converted(model, dataset=dataset)
        manifest, file = artefacts.manifest, artefacts.manifest.files[1]
        request = real(
            "litert",
            str(artefacts.path(file)),
            evaluation=str(artefacts.folder / "evaluation.npz"),
            head=manifest.head.kind,
            threshold=manifest.head.threshold,
            mean=manifest.preprocessing.mean,
            std=manifest.preprocessing.std,
            output_shape=[],
        )
        answer = ask({**request, "pass": "accuracy"})
        assert answer["predictions"] == answered(manifest.head, run_file(artefacts, file)[0])
        assert answer["correct"] / answer["n"] == file.quality.accuracy


def test_a_limit_on_the_drop_needs_classes(made, tmp_path):
    request = ConvertRequest(
        model=made / "softmax.keras", calibrate_on=str(made / "flat"), max_drop=0.01, output=tmp_path / "set"
    )
    with pytest.raises(UsageError, match="no accuracy to lose"):
        convert(request)


def test_classes_of_some_images_only_are_named_with_a_file(made, tmp_path):
    request = ConvertRequest(
        model=made / "softmax.keras", dataset=str(made / "some"), output=tmp_path / "set"
    )
    with pytest.raises(UsageError, match="has 3 classes, the dataset some has 2") as raised:
        convert(request)
    assert "--labels FILE" in raised.value.hint


@pytest.mark.parametrize(
    ("units", "activation", "known", "head"),
    [
        (1, "sigmoid", "classes", Head("binary", 0.5)),
        (1, "hard_sigmoid", "classes", Head("binary", 0.5)),
        (1, None, "classes", Head("binary", 0.0)),
        (1, "tanh", "nothing", Head("binary", 0.0)),
        (3, "softmax", "classes", Head("top1")),
        (3, "sigmoid", "classes", Head("top1")),
        (3, "sigmoid", "labels", Head("multilabel", 0.5)),
        (3, None, "labels", Head("multilabel", 0.0)),
        (3, "sigmoid", "nothing", Head("multilabel", 0.5)),
        (3, None, "nothing", Head("top1")),
        (63, "sigmoid", "nothing", Head("none")),
    ],
)
def test_the_head_is_read_from_the_last_operation_and_what_is_known_of_the_images(
    units, activation, known, head
):
    graph = frozen_model(units, activation)
    known_of = SimpleNamespace(multilabel=known == "labels", labelled=known != "nothing")
    assert head_of(graph, known_of) == head


def frozen_model(units, activation):
    import_tensorflow()
    import keras

    model = keras.Sequential(
        [keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(units, activation)]
    )
    return freeze(LoadedModel(model, Preprocessing(height=2, width=2), units))


def dataset_of(*masks):
    part = Split(np.zeros((len(masks), 2, 2, 3), np.uint8), np.array(masks), [""] * len(masks))
    contract = Preprocessing(height=2, width=2)
    return Dataset("pets", ("a", "b", "c"), contract, part, part, part, multilabel=True)


def test_one_label_each_is_a_class_for_a_model_that_chooses_one():
    single = with_single_labels(frozen_model(3, "softmax"), dataset_of(1, 4, 2), "pets.keras")
    assert (single.multilabel, single.evaluation.labels.tolist()) == (False, [0, 2, 1])
    for labels in ((1, 3, 2), (1, 0, 2)):
        with pytest.raises(UsageError, match="several labels or none"):
            with_single_labels(frozen_model(3, "softmax"), dataset_of(*labels), "pets.keras")
    for activation in ("sigmoid", None):
        assert with_single_labels(frozen_model(3, activation), dataset_of(1, 3, 2), "pets.keras").multilabel


def test_the_order_of_the_classes_is_taken_from_a_file_next_to_the_model(made, tmp_path):
    request = ConvertRequest(model=made / "softmax.keras", dataset=str(made / "some"))
    source = replace(request.source(SILENT), file=tmp_path / "softmax.keras")
    loaded = LoadedModel(None, Preprocessing(height=SIZE, width=SIZE), 3)
    (tmp_path / "class_names.txt").write_text("0 red\n1 green\n2 blue\n")
    dataset = load_images_for(request, source, loaded, recorder := Recorder())
    assert (dataset.labels, set(dataset.evaluation.labels.tolist())) == (COLOURS, {1, 2})
    assert "class_names.txt, next to the model" in recorder.notes[-1]
    (tmp_path / "labels.txt").write_text("one\ntwo\nthree\n")
    with pytest.raises(UsageError, match="has 3 classes"):
        load_images_for(request, source, loaded, recorder)
    assert "are not those of" in recorder.notes[-1]


def test_images_of_some_of_imagenets_classes_need_no_file(made, tmp_path):
    shutil.copytree(made / "some" / "Blue", tmp_path / "n01440764")
    shutil.copytree(made / "some" / "green", tmp_path / "Tabby cat")
    request = ConvertRequest(model=made / "softmax.keras", dataset=str(tmp_path))
    loaded = LoadedModel(None, Preprocessing(height=SIZE, width=SIZE), 1000)
    dataset = load_images_for(request, request.source(SILENT), loaded, recorder := Recorder())
    assert (len(dataset.labels), set(dataset.evaluation.labels.tolist())) == (1000, {0, 281})
    assert "2 of ImageNet's classes" in recorder.notes[-1]


def test_images_that_are_evaluated_with_do_not_calibrate(made):
    request = ConvertRequest(
        model=made / "sigmoid.keras", dataset=str(made / "pair"), calibrate_on=str(made / "pair")
    )
    loaded = LoadedModel(None, Preprocessing(height=SIZE, width=SIZE), 2)
    dataset = load_images_for(request, request.source(SILENT), loaded, SILENT)
    assert (len(dataset.calibration), len(dataset.evaluation)) == (24, 8)
    assert not set(dataset.calibration.hashes) & set(dataset.evaluation.hashes)
    read = dataset.calibration.images.read(range(24))
    assert len({image.tobytes() for image in read}) == 24


def test_answers_are_read_by_the_head():
    scores = np.array([[0.2, 0.9, 0.6], [0.5, 0.1, 0.51]], np.float32)
    assert answers(scores, Head()).tolist() == [1, 2]
    assert answers(scores[:, :1], Head("binary", 0.5)).tolist() == [0, 0]
    assert answers(scores[:, :1], Head("binary", 0.0)).tolist() == [1, 1]
    assert answers(scores, Head("multilabel", 0.5)).tolist() == [0b110, 0b100]
    assert answers(scores, Head("none")) is None
    many = np.ones((1, 62), np.float32)
    assert answers(many, Head("multilabel", 0.5)).tolist() == [2**62 - 1]
    assert label_bits(np.array([2**62 - 1]), 62).sum() == 62
