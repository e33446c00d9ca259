import random
import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgekit.errors import ModelError
from edgekit.inspection import inspect_bytes, inspect_file

SCALES = (0.5, 0.25, 0.125, 0.0625)  # as the fixtures' weights have them


def test_a_tflite_convolution_is_counted_and_its_quantization_read(tflite):
    found = inspect_bytes(tflite, "int8.tflite")
    (layer,) = found.layers
    assert (found.format, found.bytes, found.opset) == ("tflite", len(tflite), None)
    assert (layer.op, layer.name, layer.tensor) == ("CONV_2D", "relu", "relu;conv;bias")
    assert layer.multiply_adds == 4 * 4 * 4 * (3 * 3 * 3)
    assert layer.parameters == 4 * 27 + 4
    assert (layer.weights.dtype, layer.weights.scales, layer.weights.axis) == ("int8", SCALES, 0)
    assert (layer.output.zero_points, layer.output.axis) == ((-5,), None)
    assert (found.inputs[0].dtype, found.inputs[0].shape) == ("int8", (1, 8, 8, 3))
    assert found.inputs[0].quantization.zero_points == (-128,)


def test_onnx_weights_are_found_behind_their_dequantization(onnx_file):
    found = inspect_bytes(onnx_file, "int8.onnx")
    layers = {layer.name: layer for layer in found.layers}
    assert found.opset == 17
    assert found.ops["DequantizeLinear"] == 2
    convolution = layers["convolution"]
    assert convolution.multiply_adds == (4 * 6 * 6) * (2 * 3 * 3)
    assert convolution.parameters == 4 * 2 * 3 * 3
    assert (convolution.weights.scales, convolution.weights.axis) == (SCALES, 0)
    assert layers["classifier"].multiply_adds == 144 * 10
    assert layers["classifier"].parameters == 1440 + 10
    assert found.parameters == 72 + 1450
    assert layers["relu"].output.zero_points == (-128,)


def _one_node(op, inputs, shape, output, stored=()):
    """An ONNX file of one operator: its variable input's shape, its output's, its constants."""
    integer = op.endswith("Integer")
    kind = TensorProto.UINT8 if op.startswith("QLinear") or integer else TensorProto.FLOAT
    result = TensorProto.INT32 if integer else kind
    graph = helper.make_graph(
        [helper.make_node(op, inputs, ["output"], name="node")],
        "graph",
        [helper.make_tensor_value_info("input", kind, shape)],
        [helper.make_tensor_value_info("output", result, output)],
        [numpy_helper.from_array(array, name) for name, array in stored],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return bytes(model.SerializeToString())


def test_a_batch_that_is_known_only_when_the_file_runs_counts_as_one():
    weights = [("weights", np.ones((4, 2, 3, 3), np.float32))]
    data = _one_node("Conv", ["input", "weights"], ["n", 2, 8, 8], ["n", 4, 6, 6], weights)
    assert inspect_bytes(data, "a.onnx").multiply_adds == (4 * 6 * 6) * (2 * 3 * 3)


def test_a_product_of_unknown_rank_is_no_damage():
    nodes = [
        helper.make_node("Reshape", ["input", "sizes"], ["shaped"]),
        helper.make_node("MatMul", ["shaped", "weights"], ["output"]),
    ]
    inputs = [("input", TensorProto.FLOAT, [1, 8]), ("sizes", TensorProto.INT64, ["rank"])]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [2, 2])],
        [numpy_helper.from_array(np.ones((4, 2), np.float32), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    assert inspect_bytes(model.SerializeToString(), "a.onnx").layers[1].multiply_adds == 0


@pytest.mark.parametrize(
    ("op", "weights", "shape", "output", "expected"),
    [
        ("ConvInteger", (4, 2, 3, 3), (1, 2, 8, 8), (1, 4, 6, 6), 4 * 6 * 6 * 2 * 3 * 3),
        ("QLinearConv", (4, 2, 3, 3), (1, 2, 8, 8), (1, 4, 6, 6), 4 * 6 * 6 * 2 * 3 * 3),
        ("MatMulInteger", (7, 5), (3, 7), (3, 5), 3 * 5 * 7),
        ("QLinearMatMul", (7, 5), (3, 7), (3, 5), 3 * 5 * 7),
    ],
)
def test_operators_of_integers_are_counted(op, weights, shape, output, expected):
    stored, inputs = [("weights", np.ones(weights, np.uint8))], ["input", "weights"]
    if op.startswith("QLinear"):
        inputs = ["input", "scale", "zero", "weights", "scale", "zero", "scale", "zero"]
        stored += [("scale", np.array(1, np.float32)), ("zero", np.array(0, np.uint8))]
    found = inspect_bytes(_one_node(op, inputs, shape, output, stored), "a.onnx")
    assert found.multiply_adds == expected


def test_a_tflite_file_is_known_by_its_content_and_not_by_its_name(tflite, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(tflite)
    assert inspect_file(path).format == "tflite"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.tflite", b"", "received 0 bytes"),
        ("a.tflite", b"hello, this is text", "is not a TFLite file"),
        ("a.txt", b"hello, this is text", "is not a TFLite or ONNX file"),
        ("a.onnx", b"", "damaged ONNX file"),
        ("a.onnx", b"hello, this is text", "damaged ONNX file"),
        ("a.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(20), "damaged TFLite file"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError, match=words):
        inspect_file(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"absent\.tflite cannot be read"):
        inspect_file(tmp_path / "absent.tflite")


def test_an_onnx_file_named_tflite_is_refused(tmp_path, onnx_file):
    path = tmp_path / "a.tflite"
    path.write_bytes(onnx_file)
    with pytest.raises(ModelError, match="is not a TFLite file"):
        inspect_file(path)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_truncated_file_is_refused(tflite, onnx_file, kind, share):
    data = tflite if kind == "tflite" else onnx_file
    with pytest.raises(ModelError):
        inspect_bytes(data[: int(len(data) * share)], f"a.{kind}")


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_damaged_file_is_read_or_refused_and_never_more(tflite, onnx_file, kind):
    data = tflite if kind == "tflite" else onnx_file
    chance = random.Random(0)
    refused = 0
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 4, 16])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            inspect_bytes(bytes(damaged), f"a.{kind}")
        except ModelError:
            refused += 1
    assert refused > 50


def test_inspecting_imports_neither_tensorflow_nor_a_runtime(tflite, onnx_file, tmp_path):
    (tmp_path / "a.tflite").write_bytes(tflite)
    (tmp_path / "a.onnx").write_bytes(onnx_file)
    code = (
        "import sys; from pathlib import Path; from edgekit.inspection import inspect_file\n"
        "for name in ('a.tflite', 'a.onnx'): inspect_file(Path(name))\n"
        "heavy = {'tensorflow', 'keras', 'onnxruntime', 'ai_edge_litert.interpreter'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
