"""What a model costs: parameters, and multiply-adds of its convolutions and dense layers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from edgekit.errors import ModelError
from edgekit.quiet import import_tensorflow
from edgekit.zoo.float32 import leaves
from edgekit.zoo.frozen import frozen, traced


@dataclass(frozen=True)
class LayerCost:
    """One layer's share. A row without a Keras layer is for operations of the graph itself."""

    name: str
    kind: str  # Keras class, or TensorFlow operation
    output: tuple[int, ...]  # shape of one image's output
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Cost:
    """A model's cost for one image.

    `parameters` counts every stored weight, batch-norm statistics included, as Keras does.
    `multiply_adds` counts one for each product that a convolution or a matrix product sums, as the
    MobileNet paper does (Howard et al. 2017, section 3.1); biases, batch norm and activations are free.
    """

    parameters: int
    multiply_adds: int
    layers: tuple[LayerCost, ...]


def cost(model: Any, function: Any | None = None) -> Cost:
    """Count a Keras model's parameters and multiply-adds.

    The operations are counted in the traced graph, with its shapes, so that nested models, layers
    called twice, groups and SavedModels come out right.

    Args:
        model: Keras model.
        function: The model as `frozen` returns it for one image, if that was done already.

    Raises:
        ModelError: An input has no fixed size, or the graph has parts that TensorFlow does not open.
    """
    operations = [
        (op.name, op.type, _output(op), _multiply_adds(op)) for op in _operations(function or _trace(model))
    ]
    parts = list(leaves(model))
    # a SavedModel is one opaque layer; its operations are known by their own names
    known = {layer.name for layer in parts if type(layer).__name__ != "TFSMLayer"}
    shares: dict[str, int] = {}
    extra = []
    for name, kind, output, count in operations:
        if not count:
            continue
        layer_name = _layer_of(name, known)
        if layer_name is None:
            extra.append(LayerCost(_short(name), kind, output, 0, count))
        else:
            shares[layer_name] = shares.get(layer_name, 0) + count
    rows = [
        LayerCost(x.name, type(x).__name__, _shape(x), x.count_params(), shares.get(x.name, 0)) for x in parts
    ]
    return Cost(model.count_params(), sum(op[3] for op in operations), (*rows, *extra))


def _trace(model: Any) -> Any:
    """Return the model for one image as a concrete function."""
    tf = import_tensorflow()
    specs = []
    for tensor in model.inputs:
        if None in tensor.shape[1:]:
            raise ModelError(
                f"The model's input has no fixed size: {tuple(tensor.shape)}.", "Name one with --resolution."
            )
        specs.append(tf.TensorSpec((1, *tensor.shape[1:]), tf.float32))

    function = traced(model, *specs)
    # copying the weights into the graph takes most of the time, and is needed only to open a SavedModel
    return frozen(model, *specs) if _calls(function) else function


def _operations(function: Any) -> list[Any]:
    """Return the operations of a concrete function, functions inlined."""
    if opaque := _calls(function):
        raise ModelError(
            f"The model's cost cannot be counted: TensorFlow does not look into {opaque[0]}.",
            "Name the .keras file that the SavedModel was exported from.",
        )
    return list(function.graph.get_operations())


def _calls(function: Any) -> list[str]:
    """Name the operations that are functions of their own."""
    return [op.name for op in function.graph.get_operations() if op.type.endswith("PartitionedCall")]


def _multiply_adds(op: Any) -> int:
    """Multiply-adds of one TensorFlow operation; 0 for all but convolutions and matrix products."""
    if op.type in ("Conv2D", "Conv3D"):  # filter: [*window, channels in / groups, channels out]
        return _size(op.outputs[0].shape) * _size(op.inputs[1].shape[:-1])
    if op.type == "DepthwiseConv2dNative":  # filter: [height, width, channels, multiplier]
        return _size(op.outputs[0].shape) * _size(op.inputs[1].shape[:2])
    if op.type in ("Conv2DBackpropInput", "Conv3DBackpropInputV2"):  # transposed; filter: [*window, out, in]
        return _size(op.inputs[2].shape) * _size(op.inputs[1].shape[:-1])
    if op.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
        transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return _size(op.outputs[0].shape) * int(op.inputs[0].shape[-2 if transposed else -1])
    return _einsum(op) if op.type == "Einsum" else 0


def _einsum(op: Any) -> int:
    """The product of the sizes of all indices: one multiply-add for each combination."""
    terms = op.get_attr("equation").decode().split("->")[0].split(",")
    sizes = {
        index: int(size)
        for term, tensor in zip(terms, op.inputs, strict=True)
        for index, size in zip(term, tensor.shape, strict=False)
    }
    return math.prod(sizes.values()) if len(terms) > 1 else 0


def _size(shape: Any) -> int:
    return math.prod(int(d) for d in shape)


def _output(op: Any) -> tuple[int, ...]:
    return tuple(op.outputs[0].shape[1:]) if op.outputs and op.outputs[0].shape.rank else ()


def _shape(layer: Any) -> tuple[int, ...]:
    try:
        return tuple(d or 0 for d in layer.output.shape[1:])
    except (AttributeError, ValueError):  # never called, called twice, or several outputs
        return ()


def _layer_of(operation: str, layers: set[str]) -> str | None:
    """Find the layer in an operation's path, whose parts TensorFlow may have numbered: `conv1_1`."""
    for part in reversed(operation.split("/")):
        numbered = re.sub(r"_\d+$", "", part)
        for name in (numbered, part):
            if name in layers:
                return name
    return None


def _short(operation: str) -> str:
    """The last two parts of an operation's path: the layer it once was, and what it does."""
    return "/".join(operation.split("/")[-2:])
