"""Quantized files, executed."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from edgekit.artefact import Preprocessing
from edgekit.conversion import onnx_files
from edgekit.conversion.checks import check_int8
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.graph import freeze
from edgekit.conversion.onnx_files import int8_onnx
from edgekit.conversion.probe import watch
from edgekit.conversion.ranges import minmax_ranges
from edgekit.conversion.tflite_files import int8_tflite
from edgekit.inspection import inspect_bytes
from edgekit.zoo import ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.source import LoadedModel


@pytest.fixture(scope="module")
def inputs(converted, calibration):
    """The float files, their ranges, and what the float files answer to the calibration images."""
    found = {}
    for kind in ("tflite", "onnx"):
        data = (converted.folder / f"float32.{kind}").read_bytes()
        ranges = minmax_ranges(watch(FORMATS[kind].look_inside(data), calibration))
        runner = FORMATS[kind].load(data)
        found[kind] = data, ranges, [int(runner.outputs(x)[0].argmax()) for x in calibration]
    return found


def loaded_operators(data, folder):
    """What ONNX Runtime makes of a file when it loads it on x86: operators and how many of each."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "loaded.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(data, options)
    return Counter(node.op_type for node in onnx.load(folder / "loaded.onnx").graph.node)


def untrained(kind, family, alpha, size):
    """The float file of a family's model with random weights, and its ranges."""
    model = build(ModelSpec(family, alpha, size, 10))
    graph = freeze(LoadedModel(model, Preprocessing(height=size, width=size), 10))
    float_file = FORMATS[kind].float32(graph)
    image = np.random.default_rng(0).uniform(-1, 1, (1, size, size, 3)).astype(np.float32)
    return float_file, minmax_ranges(watch(FORMATS[kind].look_inside(float_file), [image]))


@pytest.mark.parametrize("io", ["int8", "uint8", "float32"])
def test_input_and_output_have_the_type_asked_for_and_the_answers_stay(inputs, calibration, io):
    float_file, ranges, answers = inputs["tflite"]
    data = int8_tflite(float_file, ranges, io)
    found = inspect_bytes(data, "int8.tflite")
    assert (found.inputs[0].dtype, found.outputs[0].dtype) == (io, io)
    runner = FORMATS["tflite"].load(data)
    agree = np.mean([runner.outputs(x)[0].argmax() == y for x, y in zip(calibration, answers, strict=True)])
    assert agree >= 0.95


@pytest.mark.parametrize(
    ("target", "largest"), [("portable", 64), ("x86-avx2", 64), ("x86-vnni", 128), ("arm64", 128)]
)
def test_weights_use_the_bits_that_the_target_can_sum(inputs, calibration, target, largest):
    float_file, ranges, answers = inputs["onnx"]
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
    runner = FORMATS["onnx"].load(data, optimise=False)
    agree = np.mean([runner.outputs(x)[0].argmax() == y for x, y in zip(calibration, answers, strict=True)])
    assert agree >= 0.95


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_layer_can_be_left_in_float(inputs, kind):
    float_file, ranges, _ = inputs[kind]
    layers = [x for x in inspect_bytes(float_file, f"a.{kind}").layers if x.multiply_adds]
    kept = frozenset({layers[5].tensor})
    data = FORMATS[kind].int8(float_file, ranges, kept, io="int8", target="portable")
    found = [x for x in inspect_bytes(data, f"a.{kind}").layers if x.multiply_adds]
    assert [index for index, layer in enumerate(found) if layer.weights is None] == [5]


def test_a_layer_left_in_float_is_in_float_when_the_runtime_has_loaded_the_file(inputs, tmp_path):
    float_file, ranges, _ = inputs["onnx"]
    layers = [x for x in inspect_bytes(float_file, "a.onnx").layers if x.multiply_adds]
    whole, mixed = (
        loaded_operators(int8_onnx(float_file, ranges, "portable", kept), tmp_path)
        for kept in (frozenset(), frozenset({layers[5].tensor, layers[-1].tensor}))
    )
    assert mixed["QLinearConv"] == whole["QLinearConv"] - 2
    assert mixed["Conv"] + mixed["FusedConv"] == 2


def test_every_convolution_and_residual_sum_of_a_mobilenet_v2_runs_in_8_bits(tmp_path):
    float_file, ranges = untrained("onnx", "mobilenet_v2", 0.05, 64)
    assert loaded_operators(int8_onnx(float_file, ranges, "portable"), tmp_path) == {
        "QuantizeLinear": 1,  # of the image
        "QLinearConv": 52,
        "QLinearAdd": 12,  # at this width, where all are 8 channels
        "QLinearGlobalAveragePool": 1,
        "Reshape": 1,
        "QLinearMatMul": 1,
        "DequantizeLinear": 1,  # of the scores
        "Softmax": 1,
    }


def test_a_mobilenet_v3_has_no_operator_in_8_bits_that_a_step_or_a_shape_spares(tmp_path):
    float_file, ranges = untrained("onnx", "mobilenet_v3_small", 0.35, 64)
    assert loaded_operators(int8_onnx(float_file, ranges, "portable"), tmp_path) == {
        "QuantizeLinear": 1,  # of the image
        "QLinearConv": 54,
        "QLinearAdd": 35,  # 7 residual sums; and in each of 19 hard-swishes and 9 gates, a number
        "QLinearMul": 28,
        "QLinearGlobalAveragePool": 10,
        "Reshape": 1,
        "DequantizeLinear": 1,  # of the scores
        "Softmax": 1,
    }
    fast = loaded_operators(FORMATS["onnx"].fastest(float_file), tmp_path)
    assert (fast["Clip"], fast["Add"], fast["HardSigmoid"]) == (0, 0, 0)  # all within convolutions


@pytest.mark.parametrize("target", ["portable", "arm64"])
def test_steps_found_all_at_once_are_those_that_the_quantizer_finds_one_by_one(inputs, monkeypatch, target):
    float_file, ranges, _ = inputs["onnx"]
    at_once = int8_onnx(float_file, ranges, target)
    monkeypatch.setattr(onnx_files, "_weight_steps", lambda graph, levels: {})
    assert int8_onnx(float_file, ranges, target) == at_once


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_quantizing_twice_gives_the_same_bytes(inputs, kind):
    float_file, ranges, _ = inputs[kind]
    files = [
        FORMATS[kind].int8(float_file, ranges, frozenset(), io="int8", target="portable") for _ in range(2)
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_mobilenet_with_an_odd_input_before_a_stride_of_two_is_no_fault(kind):
    """36 pixels shrink to 18, 9, 5: there Keras' padding is not the SAME of TFLite."""
    float_file, ranges = untrained(kind, "mobilenet_v1", 0.25, 36)
    data = FORMATS[kind].int8(float_file, ranges, frozenset(), io="int8", target="portable")
    found = inspect_bytes(data, f"int8.{kind}")
    assert check_int8(found, "mobilenet_v1") == ()
    assert (found.ops.get("PAD"), found.ops.get("Pad")) == (1 if kind == "tflite" else None, None)
