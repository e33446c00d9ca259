"""Quantized files, executed."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgekit.artefact import Preprocessing
from edgekit.conversion.checks import check_int8
from edgekit.conversion.graph import freeze
from edgekit.conversion.onnx_files import float32_onnx, int8_onnx
from edgekit.conversion.probe import load_probe, watch
from edgekit.conversion.ranges import minmax_ranges
from edgekit.conversion.run import load_runner
from edgekit.conversion.tflite_files import float32_tflite, int8_tflite
from edgekit.inspection import inspect_bytes
from edgekit.zoo import ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.source import LoadedModel


@pytest.fixture(scope="module")
def material(converted, calibration):
    """The float files, their ranges, and what the float files answer to the calibration pictures."""
    found = {}
    for kind in ("tflite", "onnx"):
        data = (converted.folder / f"float32.{kind}").read_bytes()
        ranges = minmax_ranges(watch(load_probe(data, kind), calibration))
        runner = load_runner(data, kind)
        found[kind] = data, ranges, [int(runner.scores(x).argmax()) for x in calibration]
    return found


@pytest.mark.parametrize("io", ["int8", "uint8", "float32"])
def test_input_and_output_have_the_type_asked_for_and_the_answers_stay(material, calibration, io):
    float_file, ranges, answers = material["tflite"]
    data = int8_tflite(float_file, ranges, io)
    found = inspect_bytes(data, "int8.tflite")
    assert (found.inputs[0].dtype, found.outputs[0].dtype) == (io, io)
    runner = load_runner(data, "tflite")
    agree = np.mean([runner.scores(x).argmax() == y for x, y in zip(calibration, answers, strict=True)])
    assert agree >= 0.95


@pytest.mark.parametrize(
    ("target", "largest"), [("portable", 64), ("x86-avx2", 64), ("x86-vnni", 128), ("arm64", 128)]
)
def test_weights_use_the_bits_that_the_target_can_sum(material, calibration, target, largest):
    float_file, ranges, answers = material["onnx"]
    data = int8_onnx(float_file, ranges, target)
    model = onnx.load_model_from_string(data)
    weights = [
        numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 4
    ]
    assert len(weights) == 28
    extremes = [int(np.abs(tensor.astype(int)).max()) for tensor in weights]
    assert largest * 0.98 <= max(extremes) <= largest
    runner = load_runner(data, "onnx", optimise=False)
    agree = np.mean([runner.scores(x).argmax() == y for x, y in zip(calibration, answers, strict=True)])
    assert agree >= 0.95


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_layer_can_be_left_in_float(material, kind):
    float_file, ranges, _ = material[kind]
    layers = [x for x in inspect_bytes(float_file, f"a.{kind}").layers if x.multiply_adds]
    kept = frozenset({layers[5].tensor})
    data = (
        int8_tflite(float_file, ranges, "int8", kept)
        if kind == "tflite"
        else int8_onnx(float_file, ranges, "portable", kept)
    )
    found = [x for x in inspect_bytes(data, f"a.{kind}").layers if x.multiply_adds]
    assert [index for index, layer in enumerate(found) if layer.weights is None] == [5]


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_quantizing_twice_gives_the_same_bytes(material, kind):
    float_file, ranges, _ = material[kind]
    files = [
        int8_tflite(float_file, ranges, "int8")
        if kind == "tflite"
        else int8_onnx(float_file, ranges, "portable")
        for _ in range(2)
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_mobilenet_with_an_odd_input_before_a_stride_of_two_is_no_fault(kind):
    """36 pixels shrink to 18, 9, 5: there Keras' padding is not the SAME of TFLite."""
    model = build(ModelSpec("mobilenet_v1", 0.25, 36, 10))
    graph = freeze(LoadedModel(model, Preprocessing(height=36, width=36), 10))
    float_file = float32_tflite(graph) if kind == "tflite" else float32_onnx(graph)
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 36, 36, 3)).astype(np.float32)
    ranges = minmax_ranges(watch(load_probe(float_file, kind), [picture]))
    data = (
        int8_tflite(float_file, ranges, "int8")
        if kind == "tflite"
        else int8_onnx(float_file, ranges, "portable")
    )
    found = inspect_bytes(data, f"int8.{kind}")
    assert check_int8(found, "mobilenet_v1") == ()
    assert (found.ops.get("PAD"), found.ops.get("Pad")) == (1 if kind == "tflite" else None, None)
