"""An int8 ONNX file holds and does no more than its answers need."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgekit.conversion.onnx_files import int8_onnx
from edgekit.conversion.onnx_trimming import leave_out_idle_work
from edgekit.conversion.probe import OnnxProbe, watch
from edgekit.conversion.ranges import minmax_ranges
from edgekit.inspection import inspect_bytes

LEVELS = ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_ALL")


def _model(nodes, constants, shape):
    graph = helper.make_graph(
        [helper.make_node(*each[:3], name=f"layer{at}", **each[3]) for at, each in enumerate(nodes)],
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnx.shape_inference.infer_shapes(made)


def _run(data, image, level="ORT_ENABLE_ALL"):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    return onnxruntime.InferenceSession(data, options).run(None, {"image": image})[0]


def _image(shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _weights(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def _trimmed(model, shape):
    """The model without idle work, which must not change what it computes."""
    before = _run(model.SerializeToString(), _image(shape))
    leave_out_idle_work(model)
    onnx.checker.check_model(model, full_check=True)
    after = _run(model.SerializeToString(), _image(shape))
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)
    return model.graph


@pytest.mark.parametrize(
    ("size", "attributes", "kernel", "pads"),
    [
        ((1, 1), {"pads": [1, 1, 1, 1]}, [1, 1], [0, 0, 0, 0]),
        ((2, 2), {"pads": [0, 0, 1, 1], "strides": [2, 2]}, [2, 2], [0, 0, 0, 0]),
        ((2, 2), {"pads": [1, 1, 1, 1]}, [3, 3], [1, 1, 1, 1]),
        ((1, 5), {"pads": [1, 1, 1, 1]}, [1, 3], [0, 1, 0, 1]),
        ((2, 1), {"pads": [2, 2, 2, 2], "dilations": [2, 2]}, [1, 1], [0, 0, 0, 0]),
        ((4, 4), {"pads": [1, 1, 1, 1], "strides": [3, 3]}, [3, 3], [1, 1, 1, 1]),
        ((1, 1), {"auto_pad": "SAME_UPPER"}, [3, 3], []),
    ],
)
def test_a_kernel_keeps_the_taps_that_meet_the_image(size, attributes, kernel, pads):
    shape = (1, 4, *size)
    nodes = [("Conv", ["image", "w"], ["out"], {"group": 4, **attributes})]
    graph = _trimmed(_model(nodes, {"w": _weights(4, 1, 3, 3)}, shape), shape)
    given = {
        each.name: list(helper.get_attribute_value(each))
        for each in graph.node[0].attribute
        if each.name == "pads"
    }
    assert list(graph.initializer[0].dims[2:]) == kernel
    assert given.get("pads", []) == pads


def test_weights_that_several_convolutions_share_are_not_cut():
    shape = (1, 4, 1, 1)
    conv = {"group": 4, "pads": [1, 1, 1, 1]}
    nodes = [("Conv", ["image", "w"], ["a"], conv), ("Conv", ["a", "w"], ["out"], conv)]
    graph = _trimmed(_model(nodes, {"w": _weights(4, 1, 3, 3)}, shape), shape)
    assert [list(tensor.dims) for tensor in graph.initializer] == [[4, 1, 3, 3]]


@pytest.mark.parametrize(("size", "left"), [(1, {"Relu": 1}), (2, {"Relu": 1, "GlobalAveragePool": 1})])
def test_the_mean_of_one_pixel_is_that_pixel(size, left):
    shape = (1, 4, size, size)
    nodes = [
        ("Relu", ["image"], ["a"], {}),
        ("GlobalAveragePool", ["a"], ["b"], {}),
        ("Relu", ["b"], ["out"], {}),
    ]
    found = Counter(node.op_type for node in _trimmed(_model(nodes, {}, shape), shape).node)
    assert found == {**left, "Relu": 2}


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"),
    [
        ("Reshape", {"to": np.array([1, -1])}, {}),
        ("Flatten", {}, {}),
        ("Squeeze", {"axes": np.array([2, 3])}, {}),
    ],
)
def test_one_pixel_becomes_a_row_from_channels_last(op, inputs, attributes):
    shape = (1, 4, 1, 1)
    nodes = [("Relu", ["image"], ["a"], {}), (op, ["a", *inputs], ["out"], attributes)]
    graph = _trimmed(_model(nodes, inputs, shape), shape)
    assert [node.op_type for node in graph.node] == ["Relu", "Transpose", "Reshape"]


def test_a_row_of_several_pixels_is_left_as_it_is():
    shape = (1, 4, 2, 1)
    graph = _trimmed(_model([("Flatten", ["image"], ["out"], {})], {}, shape), shape)
    assert [node.op_type for node in graph.node] == ["Flatten"]


@pytest.fixture(scope="module")
def quantized():
    """A small classifier with a convolution whose kernel is larger than its image, in float32 and int8."""
    shape = (1, 3, 8, 8)
    nodes = [
        ("Conv", ["image", "w1", "b1"], ["a"], {"strides": [4, 4]}),
        ("Relu", ["a"], ["b"], {}),
        ("Conv", ["b", "w2", "b2"], ["c"], {"strides": [2, 2], "pads": [0, 0, 1, 1], "group": 16}),
        ("GlobalAveragePool", ["c"], ["d"], {}),
        ("Flatten", ["d"], ["e"], {}),
        ("Gemm", ["e", "w3", "b3"], ["out"], {"transB": 1}),
    ]
    constants = {"w1": _weights(16, 3, 4, 4), "w2": _weights(16, 1, 3, 3), "w3": _weights(5, 16)}
    constants |= {"b1": _weights(16), "b2": _weights(16), "b3": _weights(5)}
    data = _model(nodes, constants, shape).SerializeToString()
    ranges = minmax_ranges(watch(OnnxProbe(data), [_image(shape)]))
    return data, int8_onnx(data, ranges, "portable"), _image(shape)


def test_an_int8_file_stores_no_step_or_zero_points_of_biases(quantized):
    graph = onnx.load_model_from_string(quantized[1]).graph
    assert [tensor.name for tensor in graph.initializer if tensor.data_type == TensorProto.INT32] != []
    stored = {tensor.name: tensor for tensor in graph.initializer}
    written = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):
            bias = written[node.input[2]]
            assert len(bias.input) == 2
            assert written[bias.input[1]].op_type == "Mul"
            assert stored[bias.input[0]].data_type == TensorProto.INT32


def test_an_int8_file_says_nothing_that_is_so_by_default(quantized):
    graph = onnx.load_model_from_string(quantized[1]).graph
    said = [
        sorted(each.name for each in node.attribute)
        for node in graph.node
        if node.op_type in ("Conv", "Gemm")
    ]
    assert said == [["strides"], ["group", "kernel_shape", "strides"], ["transB"]]


@pytest.mark.parametrize("level", LEVELS)
def test_an_int8_file_answers_the_same_however_a_runtime_optimises_it(quantized, level):
    real, data, image = quantized
    expected = _run(real, image)
    found = _run(data, image, level)
    assert np.abs(found - expected).max() <= 0.05 * np.abs(expected).max()
    np.testing.assert_array_equal(found, _run(data, image))


def test_what_a_runtime_computes_once_when_it_loads_a_file_is_no_layer(quantized):
    found = inspect_bytes(quantized[1], "int8.onnx")
    assert "Mul" not in found.ops
    assert found.ops["Conv"] == 2
    assert found.precision == "int8"
