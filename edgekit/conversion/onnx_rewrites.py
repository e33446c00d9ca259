"""Writing parts of an ONNX graph as others that compute the same, and for which there are 8-bit kernels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edgekit.conversion.onnx_reading import attributes

HUGE = 1e30  # beyond every activation: a clip to it changes nothing
_ELEMENTWISE = ("Add", "Sub", "Mul", "Div")


def usual_operators(model: Any) -> None:
    """Write the scaling of pixels and means over the whole image as ONNX Runtime's quantized operators.

    Args:
        model: With the shapes of its tensors; changed in place.
    """
    _scale_by_sums_and_products(model.graph)
    _pool_by_global_average(model.graph)


def stay_in_float(model: Any, nodes: Iterable[Any]) -> None:
    """Put a clip that changes nothing in front of nodes of a quantized model.

    Between int8 tensors ONNX Runtime quantizes float32 weights itself when it loads a file, from its basic
    optimizations on; it does not see through a clip.

    Args:
        model: Changed in place.
        nodes: Of the model, those with float32 weights.
    """
    import numpy as np
    from onnx import helper, numpy_helper

    graph, limits = model.graph, ("float_low", "float_high")
    for node in nodes:
        clipped = f"{node.output[0]}_as_float"
        clip = helper.make_node("Clip", [node.input[0], *limits], [clipped], f"{node.name}/Clip")
        node.input[0] = clipped
        graph.node.insert(list(graph.node).index(node), clip)
        if not any(tensor.name == limits[0] for tensor in graph.initializer):
            for name, end in zip(limits, (-HUGE, HUGE), strict=True):
                graph.initializer.append(numpy_helper.from_array(np.array(end, np.float32), name))


def _scale_by_sums_and_products(graph: Any) -> None:
    """x − c becomes x + (−c), and x / c becomes x · (1 / c), for numbers c before the first layer."""
    import numpy as np
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in graph.initializer}
    at = graph.input[0].name
    while (node := _only_reader(graph, at)) is not None and node.op_type in _ELEMENTWISE:
        constant = stored.get(node.input[1])
        if node.op_type in ("Sub", "Div"):
            if node.input[0] != at or constant is None:
                break
            value = numpy_helper.to_array(constant)
            if np.unique(value).size > 1:  # as 8-bit numbers several would be rounded
                break
            turned = -value if node.op_type == "Sub" else 1 / value
            name = f"{node.output[0]}_constant"
            graph.initializer.append(numpy_helper.from_array(turned.astype(value.dtype), name))
            node.input[1] = name
            node.op_type = {"Sub": "Add", "Div": "Mul"}[node.op_type]
        at = node.output[0]
    _drop_unread(graph)


def _pool_by_global_average(graph: Any) -> None:
    """The mean over height and width becomes GlobalAveragePool."""
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in graph.initializer}
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in (*graph.value_info, *graph.input)}
    for node in list(graph.node):
        if node.op_type != "ReduceMean" or ranks.get(node.input[0]) != 4:
            continue
        given = attributes(node)
        axes = given.get("axes")
        if len(node.input) > 1 and node.input[1] in stored:
            axes = numpy_helper.to_array(stored[node.input[1]])
        if axes is None or sorted(int(axis) % 4 for axis in axes) != [2, 3] or not given.get("keepdims", 1):
            continue
        node.op_type, node.input[1:] = "GlobalAveragePool", []
        del node.attribute[:]
    _drop_unread(graph)


def _only_reader(graph: Any, name: str) -> Any:
    readers = [node for node in graph.node if name in node.input]
    return readers[0] if len(readers) == 1 else None


def _drop_unread(graph: Any) -> None:
    read = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)
