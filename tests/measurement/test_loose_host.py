"""Files of no artefact set on this computer: outputs are those of a loop over the runtimes themselves."""

import hashlib
import shutil

import numpy as np
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from support.artefact_sets import MODELS
from support.loose_models import NAMES, SHAPES, save, write_all
from support.once import once

import edgekit
from edgekit.data import load_dataset
from edgekit.measurement import Schedule

SHORT = Schedule(repeats=1, min_runs=3, min_seconds=0, warmup_runs=1, warmup_seconds=0)
IDS = np.array([[3, 1, 4, 1, 5]])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return once(tmp_path_factory, "loose", write_all)


@pytest.fixture(scope="module")
def measured(files, tmp_path_factory):
    result = edgekit.bench(
        [files / name for name in NAMES],
        runtimes=["litert", "onnxruntime"],
        threads=1,
        mode=SHORT,
        memory=False,
        shapes=SHAPES,
        inputs={"ids": IDS},
        output=tmp_path_factory.mktemp("loose") / "result.json",
    )
    assert result.partial is None
    return {found.artefact.file: found for found in result.measurements}


def seeded(shape, place=0):
    """The documented noise: bytes of SHAKE-256, from −1 to 1."""
    seed = b"edgekit timed input 0" + (b", input %d" % place if place else b"")
    data = hashlib.shake_256(seed).digest(int(np.prod(shape)))
    return np.frombuffer(data, np.uint8).reshape(shape)


def floats(shape, dtype=np.float32):
    return ((seeded(shape).astype(np.float32) - np.float32(127.5)) / np.float32(127.5)).astype(dtype)


def onnx_outputs(path, feed):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, feed)


def tflite_outputs(path, value):
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value)
    interpreter.invoke()
    return [
        (interpreter.get_tensor(each["index"]), *each["quantization"])
        for each in interpreter.get_output_details()
    ]


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("two_inputs.onnx", lambda: {"image": floats(SHAPES["image"]), "ids": IDS}),
        ("free.onnx", lambda: {"x": floats(SHAPES["x"])}),
        ("float16.onnx", lambda: {"x16": floats((1, 3, 8, 8), np.float16)}),
        ("detector.onnx", lambda: {"images": floats(SHAPES["images"])}),
    ],
)
def test_an_onnx_file_gives_what_its_runtime_gives(measured, files, name, feed):
    wanted = onnx_outputs(files / name, feed())
    found = measured[name].outputs
    assert [output.shape for output in found] == [each.shape for each in wanted]
    for output, values in zip(found, wanted, strict=True):
        assert output.values == pytest.approx(values.ravel().astype(float).tolist(), rel=1e-5, abs=1e-5)


def test_a_tflite_file_gives_what_its_runtime_gives(measured, files):
    wanted = tflite_outputs(files / "three_outputs.tflite", floats((1, 8, 8, 3)))
    found = measured["three_outputs.tflite"].outputs
    for output, (values, *_) in zip(found, wanted, strict=True):
        assert output.values == pytest.approx(values.ravel().astype(float).tolist(), abs=1e-6)
    ((levels, scale, zero),) = tflite_outputs(
        files / "int8.tflite", (seeded((1, 8, 8, 3)).astype(int) - 128).astype(np.int8)
    )
    (output,) = measured["int8.tflite"].outputs
    assert output.values == pytest.approx(((levels.astype(float) - zero) * scale).ravel().tolist())
    assert (output.step, output.top) == (pytest.approx(scale), int(levels.argmax()))


def test_the_timed_inputs_are_hashed_alike_in_every_format(measured):
    one = hashlib.sha256(seeded((1, 3, 8, 8)).tobytes()).hexdigest()
    assert measured["float16.onnx"].input_sha256 == one
    ids = hashlib.sha256(IDS.tobytes()).hexdigest()
    both = hashlib.sha256((one + ids).encode()).hexdigest()
    assert measured["two_inputs.onnx"].input_sha256 == both


def colours(path, classes):
    values = np.random.default_rng(5).integers(0, 256, (120, 1, 1, 3))
    images = np.broadcast_to(values, (120, 8, 8, 3)).astype(np.uint8)
    np.savez(path, images=images, labels=np.arange(120) % classes)


@pytest.mark.parametrize(("last", "threshold"), [((), 0.0), (("Sigmoid",), 0.5)], ids=["logit", "sigmoid"])
def test_one_score_is_read_by_what_the_file_ends_with(tmp_path, last, threshold):
    """The logit is the red of an image less 60 of 255: between 0 and 0.5 for many of them."""
    from onnx import TensorProto, helper

    colours(tmp_path / "colours.npz", 2)
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Gemm", ["flat", "red", "least"], ["logit"]),
        *(helper.make_node(operator, ["logit"], ["score"]) for operator in last),
    ]
    file = save(
        tmp_path / "one.onnx",
        nodes,
        [("image", TensorProto.FLOAT, [1, 3, 8, 8])],
        [("score" if last else "logit", TensorProto.FLOAT, [1, 1])],
        {"red": np.float32([[1], [0], [0]]), "least": np.float32([-60 / 255])},
    )
    result = edgekit.bench(
        file,
        threads=1,
        mode=SHORT,
        memory=False,
        dataset=tmp_path / "colours.npz",
        mean=0,
        std=255,
        output=tmp_path / "result.json",
    )
    evaluated = load_dataset(str(tmp_path / "colours.npz"), resolution=8).evaluation
    reds = evaluated.images.read(range(len(evaluated)))[:, 0, 0, 0]
    assert list(result.measurements[0].accuracy.predictions) == (reds > 60).astype(int).tolist()
    assert result.evaluations[0].head.threshold == threshold


def test_a_dataset_gives_a_classifier_its_accuracy(tmp_path):
    colours(tmp_path / "colours.npz", 3)
    file = tmp_path / "classifier.tflite"
    shutil.copy(MODELS / "float32.tflite", file)
    result = edgekit.bench(
        file,
        runtimes="litert",
        threads=1,
        mode=SHORT,
        memory=False,
        dataset=tmp_path / "colours.npz",
        mean=127.5,
        std=127.5,
        output=tmp_path / "result.json",
    )
    evaluated = load_dataset(str(tmp_path / "colours.npz"), resolution=8).evaluation
    wanted = [
        int(tflite_outputs(file, ((image[None] - 127.5) / 127.5).astype(np.float32))[0][0].argmax())
        for image in evaluated.images.read(range(len(evaluated)))
    ]
    found = result.measurements[0].accuracy
    assert list(found.predictions) == wanted
    assert found.correct == int((evaluated.labels == wanted).sum())
    assert result.evaluations[0].labels == tuple(evaluated.labels.tolist())
    assert edgekit.statistics(result)[0].accuracy.value == found.correct / len(wanted)
