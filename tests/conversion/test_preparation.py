"""One calibration reaches both formats exactly: what was intended is what their int8 files hold."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgekit.conversion.calibration import Calibration
from edgekit.conversion.feed import Feed
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.preparation import _TOGETHER, Earlier, Preparation
from edgekit.conversion.steps import EVERYTHING, PLAIN
from edgekit.data import load_dataset
from edgekit.progress import SILENT
from edgekit.quantization.rounding import scales_of

EQUALIZED = replace(PLAIN, equalized=True)


@pytest.fixture(scope="module")
def images(calibration):
    return Feed(calibration.split, calibration.preprocessing, 40)


@pytest.fixture(scope="module")
def once(converted, images):
    return Calibration((converted.folder / "float32.onnx").read_bytes(), images, SILENT)


def _preparation(once, converted, kind, target="portable"):
    format = FORMATS[kind]

    def quantize(file, ranges, kept):
        return format.int8(file, ranges, kept, io="int8", target=target)

    data = (converted.folder / f"float32.{kind}").read_bytes()
    return Preparation(once, format, data, format.levels(target), quantize)


def _integers(kind, data):
    """The weights of an int8 file, layer by layer, as rows for each output."""
    if kind == "onnx":
        model = onnx.load_model_from_string(data)
        stored = {tensor.name: tensor for tensor in model.graph.initializer}
        made = {node.output[0]: node.input[0] for node in model.graph.node}
        layers = [node for node in model.graph.node if node.op_type == "Conv"]
        found = [numpy_helper.to_array(stored[made[node.input[1]]]) for node in layers]
    else:
        from ai_edge_litert import schema_py_generated as schema

        model = schema.ModelT.InitFromPackedBuf(data, 0)
        graph, found = model.subgraphs[0], []
        for operator in graph.operators:
            if operator.inputs is None or len(operator.inputs) != 3:
                continue
            tensor = graph.tensors[operator.inputs[1]]
            values = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.int8).reshape(tensor.shape)
            depthwise = tensor.shape[0] == 1
            found.append(values.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2)))
    return [values.reshape(len(values), -1).astype(int) for values in found]


@pytest.mark.parametrize(
    ("kind", "target"), [("tflite", "portable"), ("onnx", "portable"), ("onnx", "arm64")]
)
def test_int8_files_hold_the_integers_that_were_meant(once, converted, kind, target):
    preparation = _preparation(once, converted, kind, target)
    made = preparation.prepared(EVERYTHING)
    network = once.network(EVERYTHING, preparation.levels)
    meant = [np.rint(x.rows / scales_of(x, preparation.levels)[:, None]).astype(int) for x in network.layers]
    if kind == "onnx":  # which leaves out what is 0 since it meets padding alone
        sizes = once.source.sizes
        meant = [
            x.reshape(layer.weights.shape)[layer.taps_read(sizes[layer.name])].reshape(len(x), -1)
            for x, layer in zip(meant, network.layers, strict=True)
        ]
    found = _integers(kind, preparation.quantize(made.float_file, made.ranges, frozenset()))
    assert len(found) == len(meant) == 28
    for here, there in zip(found, meant, strict=True):
        assert np.array_equal(here, there)


def test_equalized_float_files_compute_what_the_model_computes(once, converted, images):
    for kind in ("tflite", "onnx"):
        preparation = _preparation(once, converted, kind)
        made = FORMATS[kind].load(preparation.prepared(EQUALIZED).float_file)
        plain = FORMATS[kind].load(preparation.float_file)
        changed = [np.abs(made.outputs(x)[0] - plain.outputs(x)[0]).max() for x in once.images()]
        assert max(changed) <= 1e-4


def test_equalization_keeps_the_answers_to_images_unlike_those_calibrated_with(once, calibration):
    split = load_dataset("digits", resolution=32).evaluation
    images = np.concatenate(list(Feed(split, calibration.preprocessing, 200)))
    chance = np.random.default_rng(0)
    noisy = images + chance.normal(0, 0.1, images.shape).astype(np.float32)
    unlike = np.concatenate([images * 1.5 + 0.5, images * 0.5 - 0.5, noisy]).clip(-1, 1)
    name = once.source.outputs[0]
    plain, equalized = (once.run(once.network(steps, 127), (name,)) for steps in (PLAIN, EQUALIZED))
    real, here = plain(unlike)[name], equalized(unlike)[name]
    assert np.abs(real - here).max() < 0.01
    assert np.mean(real.argmax(axis=1) == here.argmax(axis=1)) >= 0.999


def test_both_formats_are_given_the_same_ranges(once, converted, images):
    seen = {}
    for kind in ("tflite", "onnx"):
        preparation = _preparation(once, converted, kind, "arm64")
        made = preparation.prepared(EVERYTHING)
        probe = FORMATS[kind].look_inside(preparation.quantize(made.float_file, made.ranges, frozenset()))
        seen[kind] = [probe.activations(image) for image in list(images)[:2]]
        ends = made.ranges["input"]
        assert ends[0] <= -1 < 1 <= ends[1]
    for here, there in zip(seen["tflite"], seen["onnx"], strict=True):
        assert np.abs(here["output"] - there["output"]).max() < 0.02


@pytest.fixture(scope="module")
def found(once, converted):
    """By format: its preparation, and the choice that it found."""
    preparations = {kind: _preparation(once, converted, kind) for kind in ("tflite", "onnx")}
    return {kind: (preparation, preparation.best()) for kind, preparation in preparations.items()}


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_only_steps_that_surely_help_are_kept_and_twice_gives_the_same(converted, images, found, kind):
    _, first = found[kind]
    file = (converted.folder / "float32.onnx").read_bytes()
    second = _preparation(Calibration(file, images, SILENT), converted, kind).best()
    assert first.plain_db is not None
    assert first.chosen_db >= first.plain_db
    assert first.prepared.float_file == second.prepared.float_file
    assert first.prepared.ranges == second.prepared.ranges
    assert first.images == 10
    if first.chosen_db == first.plain_db:
        assert first.prepared.what == "min/max ranges of 30 images"


def test_what_was_significantly_worse_in_one_format_is_not_tried_in_another(once, converted, found):
    first, _ = found["tflite"]
    assert PLAIN not in first.earlier.worse
    tried = []
    second = _preparation(once, converted, "onnx")
    second = replace(
        second,
        quantize=lambda *given: (tried.append(given), _preparation(once, converted, "onnx").quantize(*given))[
            1
        ],
        earlier=Earlier({*_TOGETHER} - {PLAIN}),
    )
    assert second.best().prepared.what == "min/max ranges of 30 images"
    assert len(tried) == 1


def test_a_file_with_other_layers_is_not_prepared(once, converted, small_model):
    from edgekit.conversion.graph import freeze
    from edgekit.zoo.source import resolve

    other = FORMATS["tflite"].float32(freeze(resolve(str(small_model)).load()))
    preparation = replace(_preparation(once, converted, "tflite"), float_file=other)
    assert preparation.best() is None
