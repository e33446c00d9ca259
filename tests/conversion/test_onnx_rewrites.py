"""Parts of an ONNX graph are written as others that compute the same."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgekit.conversion.onnx_rewrites import (
    fastest_in_float,
    multiply_steps,
    numbers_of_products,
    usual_operators,
)
from edgekit.conversion.probe import OnnxProbe


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


def test_a_quotient_becomes_a_product_and_a_difference_a_sum():
    node = helper.make_node
    nodes = [
        node("Div", ["image", "std"], ["a"]),
        node("Sub", ["a", "one"], ["b"]),
        node("Relu", ["b"], ["c"]),
        node("Sub", ["c", "one"], ["out"]),
    ]
    found = _rewritten(nodes, {"std": np.float32(127.5), "one": np.float32(1)})
    assert found == {"Mul": 1, "Add": 2, "Relu": 1}


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


def test_a_tensor_that_is_given_the_shape_it_has_is_left_alone():
    node, shapes = helper.make_node, {"same": np.array([1, 3, 4, 6]), "flat": np.array([1, 72])}
    idle = [
        node("Relu", ["image"], ["a"]),
        node("Reshape", ["a", "same"], ["b"]),
        node("Exp", ["b"], ["out"]),
    ]
    assert _rewritten(idle, shapes) == {"Relu": 1, "Exp": 1}
    other = [node("Relu", ["image"], ["a"]), node("Reshape", ["a", "flat"], ["out"])]
    assert _rewritten(other, shapes) == {"Relu": 1, "Reshape": 1}


HARD = [
    (helper.make_node("HardSigmoid", ["x"], ["out"]), {"Add": 1, "Clip": 1, "Mul": 1}),
    (helper.make_node("HardSigmoid", ["x"], ["out"], alpha=1 / 6, beta=0.5), {"Add": 1, "Clip": 1, "Mul": 1}),
    (helper.make_node("HardSwish", ["x"], ["out"]), {"Add": 1, "Clip": 1, "Mul": 2}),
]


@pytest.mark.parametrize(("activation", "becomes"), HARD)
def test_a_hard_activation_is_clips_and_products_for_8_bits_and_one_operator_in_float(activation, becomes):
    near_zero = helper.make_node("Mul", ["image", "small"], ["x"])
    nodes, constants = [near_zero, activation], {"small": np.float32(0.01)}
    assert _rewritten(nodes, constants) == Counter(becomes) + Counter(["Mul"])
    model = _model(nodes, constants, 17)
    image = np.random.default_rng(0).uniform(-900, 900, (1, 3, 4, 6)).astype(np.float32)
    before = _run(model, image)
    assert before.min() <= 0 and len(np.unique(before)) > 9  # every part of the curve
    usual_operators(model)
    model = onnx.shape_inference.infer_shapes(model)
    fast = onnx.load_model_from_string(fastest_in_float(model.SerializeToString()))
    onnx.checker.check_model(fast, full_check=True)
    ops = Counter(node.op_type for node in fast.graph.node)
    assert (ops["HardSigmoid"], ops["Clip"], ops["Add"]) == (1, 0, 0)
    np.testing.assert_allclose(_run(fast, image), before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"high": np.float32(5)},  # no sigmoid: it ends at 5 / 6
        {"low": np.float32(-1)},
        {"shift": np.arange(6, dtype=np.float32)},
    ],
)
def test_what_only_looks_like_a_hard_sigmoid_stays(change):
    node = helper.make_node
    nodes = [
        node("Add", ["image", "shift"], ["a"]),
        node("Clip", ["a", "low", "high"], ["b"]),
        node("Mul", ["b", "slope"], ["out"]),
    ]
    usual = {name: np.float32(x) for name, x in {"shift": 3, "low": 0, "high": 6, "slope": 1 / 6}.items()}
    for constants, found in ((usual, 1), (usual | change, 0)):
        model = onnx.load_model_from_string(
            fastest_in_float(_model(nodes, constants, 17).SerializeToString())
        )
        assert [node.op_type for node in model.graph.node].count("HardSigmoid") == found


def test_a_part_of_a_hard_sigmoid_that_another_node_reads_stays():
    node = helper.make_node
    nodes = [
        node("Add", ["image", "shift"], ["a"]),
        node("Clip", ["a", "low", "high"], ["b"]),
        node("Mul", ["b", "slope"], ["c"]),
        node("Add", ["b", "c"], ["out"]),
    ]
    constants = {name: np.float32(x) for name, x in {"shift": 3, "low": 0, "high": 6, "slope": 1 / 6}.items()}
    model = _model(nodes, constants, 17)
    assert fastest_in_float(model.SerializeToString()) == model.SerializeToString(deterministic=True)


def _quantized(number, *, ends=1):
    """A product with a number between 8-bit tensors, which one or more nodes read; and the float original."""
    node, other = helper.make_node, helper.make_node("Relu", ["image"], ["x"])
    float_nodes = [other, node("Mul", ["x", "number"], ["y"]), node("Neg", ["y"], ["out"])]
    constants = {"number": np.float32(number)}
    steps = {
        "step": np.float32(0.02),
        "zero": np.uint8(10),
        "number_q": np.uint8(255),
        "number_step": np.float32(number / 255),
        "number_zero": np.uint8(0),
        "y_step": np.float32(0.02 * abs(number) * 1.3),
    }
    readers = [node("DequantizeLinear", ["y_q", "y_step", "zero"], [f"y{i}"]) for i in range(ends)]
    nodes = [
        other,
        node("QuantizeLinear", ["x", "step", "zero"], ["x_q"]),
        node("DequantizeLinear", ["x_q", "step", "zero"], ["x_d"]),
        node("DequantizeLinear", ["number_q", "number_step", "number_zero"], ["number_d"]),
        node("Mul", ["x_d", "number_d"], ["y"]),
        node("QuantizeLinear", ["y", "y_step", "zero"], ["y_q"]),
        *readers,
        node("Sum", [f"y{i}" for i in range(ends)], ["out"]),
    ]
    return _model(float_nodes, constants, 17), _model(nodes, steps, 17)


@pytest.mark.parametrize("ends", [1, 2])
def test_a_product_with_a_number_becomes_the_step_of_the_tensor(ends):
    real, quantized = _quantized(1 / 6, ends=ends)
    multiply_steps(quantized, numbers_of_products(real))
    onnx.checker.check_model(quantized, full_check=True)
    ops = Counter(node.op_type for node in quantized.graph.node)
    assert ops == {"Relu": 1, "QuantizeLinear": 1, "DequantizeLinear": 1, "Sum": 1}
    image = np.random.default_rng(0).uniform(0, 4.5, (1, 3, 4, 6)).astype(np.float32)
    exact = np.round(image / np.float32(0.02)) * 0.02 / 6  # rounded once, not twice
    np.testing.assert_allclose(_run(quantized, image), ends * exact, rtol=1e-5, atol=1e-6)
    inside = OnnxProbe(quantized.SerializeToString()).activations(image)
    np.testing.assert_allclose(inside["y"], exact, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(inside["x"], image)


def test_a_product_with_a_negative_number_stays_as_steps_are_positive():
    real, quantized = _quantized(-2.0)
    assert numbers_of_products(real) == {}
    before = quantized.SerializeToString(deterministic=True)
    multiply_steps(quantized, {})
    assert quantized.SerializeToString(deterministic=True) == before


def test_a_product_that_makes_a_tensor_larger_is_none_with_a_number():
    nodes = [helper.make_node("Mul", ["image", "twos"], ["out"])]
    for shape, found in (((1, 1, 1), {"out": 2.0}), ((5, 3, 4, 6), {})):
        model = _model(nodes, {"twos": np.full(shape, 2, np.float32)}, 17)
        assert numbers_of_products(model) == found


def _run(model, image):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"image": image})[0]
