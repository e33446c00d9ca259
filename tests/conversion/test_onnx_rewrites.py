"""Parts of an ONNX graph are written as others that compute the same."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgekit.conversion.onnx_rewrites import usual_operators


def _model(nodes, constants, opset):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 4, 6])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(made)


def _rewritten(nodes, constants, opset=17):
    """The operators after rewriting, which must not change what the model computes."""
    model = _model(nodes, constants, opset)
    image = np.random.default_rng(0).uniform(0, 255, (1, 3, 4, 6)).astype(np.float32)
    before = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"image": image})[0]
    usual_operators(model)
    onnx.checker.check_model(model)
    after = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"image": image})[0]
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)
    assert {tensor.name for tensor in model.graph.initializer} <= {
        name for node in model.graph.node for name in node.input
    }
    return Counter(node.op_type for node in model.graph.node)


def test_the_scaling_of_pixels_becomes_a_product_and_a_sum():
    node = helper.make_node
    nodes = [
        node("Div", ["image", "std"], ["a"]),
        node("Sub", ["a", "one"], ["b"]),
        node("Relu", ["b"], ["c"]),
        node("Sub", ["c", "one"], ["out"]),
    ]
    found = _rewritten(nodes, {"std": np.float32(127.5), "one": np.float32(1)})
    assert found == {"Mul": 1, "Add": 1, "Relu": 1, "Sub": 1}, "only before the first layer"


def test_what_8_bits_would_round_or_is_not_a_constant_stays():
    node = helper.make_node
    means = np.array([103.9, 116.8, 123.7], np.float32).reshape(3, 1, 1)
    assert _rewritten([node("Sub", ["image", "means"], ["out"])], {"means": means}) == {"Sub": 1}
    assert _rewritten([node("Sub", ["one", "image"], ["out"])], {"one": np.float32(1)}) == {"Sub": 1}


@pytest.mark.parametrize(
    ("axes", "keepdims", "becomes"),
    [
        ([2, 3], 1, "GlobalAveragePool"),
        ([-1, -2], 1, "GlobalAveragePool"),
        ([2, 3], 0, "ReduceMean"),
        ([1, 2], 1, "ReduceMean"),
    ],
)
@pytest.mark.parametrize("opset", [17, 18])
def test_a_mean_over_height_and_width_becomes_a_pooling(axes, keepdims, becomes, opset):
    if opset < 18:
        mean = helper.make_node("ReduceMean", ["image"], ["out"], axes=axes, keepdims=keepdims)
        constants = {}
    else:
        mean = helper.make_node("ReduceMean", ["image", "axes"], ["out"], keepdims=keepdims)
        constants = {"axes": np.array(axes, np.int64)}
    assert _rewritten([mean], constants, opset) == {becomes: 1}
