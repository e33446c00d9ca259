"""Reading a float32 ONNX graph as a network of layers and what is between them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from edgekit.quantization.network import Float, Layer, Network, Passage

_CHANNELWISE = ("Relu", "Identity", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")
_RESHAPING = ("Reshape", "Squeeze", "Flatten", "Unsqueeze")


class Reader:
    """A graph, node by node."""

    def __init__(self, model: Any) -> None:
        graph = model.graph
        self.nodes = list(graph.node)
        self.input: str = graph.input[0].name
        self.outputs: tuple[str, ...] = tuple(output.name for output in graph.output)
        values = (*graph.value_info, *graph.input, *graph.output)
        self.shapes: dict[str, tuple[int, ...]] = {
            value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim) for value in values
        }
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._readers = Counter(name for node in self.nodes for name in node.input)
        self.transposed: set[str] = set()  # layers whose matrix is stored as [inputs, outputs]

    def network(self) -> Network:
        """Return the layers and passages; what else there is allows no factors."""
        layers: list[Layer] = []
        passages: list[Passage] = []
        fixed = {self.input, *self.outputs}
        for node in self.nodes:
            layer = self._layer(node)
            passage = None if layer else self._passage(node)
            if layer is not None:
                layers.append(layer)
            elif passage is not None:
                passages.append(passage)
            else:
                fixed.update(name for name in (*node.input, *node.output) if name in self.shapes)
        matrices = [layer for layer in layers if layer.weights.ndim == 2]
        axes = {name: len(self.shapes[name]) - 1 for each in matrices for name in (each.input, each.output)}
        named = {name for layer in layers for name in (layer.input, layer.output)}
        named.update(name for passage in passages for name in passage.tensors)
        channels = {name: self.shapes[name][axes.get(name, 1)] for name in sorted(named)}
        return Network(tuple(layers), tuple(passages), frozenset(fixed), channels, axes, self._scores())

    def _scores(self) -> str:
        """What a softmax at the end reads, and nothing else does; empty: there is none."""
        last = self.nodes[-1]
        if last.op_type != "Softmax" or self.outputs != tuple(last.output):
            return ""
        name, axis = last.input[0], attributes(last).get("axis", -1)
        rank = len(self.shapes.get(name, ()))
        return name if rank == 2 and axis in (-1, 1) and self._readers[name] == 1 else ""

    def _constant(self, name: str) -> Float | None:
        """The numbers of a constant; None: it depends on the image."""
        from onnx import numpy_helper

        found = self._constants.get(name)
        return None if found is None else np.asarray(numpy_helper.to_array(found))

    def _given(self, node: Any, place: int) -> Float | None:
        """The numbers of a node's constant input; None: it has none there."""
        return self._constant(node.input[place]) if len(node.input) > place and node.input[place] else None

    def _layer(self, node: Any) -> Layer | None:
        """The node as a layer; None: it is not one, or shares its weights with another."""
        weights = self._given(node, 1) if node.op_type in ("Conv", "Gemm", "MatMul") else None
        if weights is None or self._readers[node.input[1]] > 1 or node.input[0] not in self.shapes:
            return None
        layer = convolution(node, weights) if node.op_type == "Conv" else self._matrix(node, weights)
        if layer is None or node.op_type == "MatMul":
            return layer
        bias = self._given(node, 2)
        if len(node.input) > 2 and node.input[2] and (bias is None or bias.shape != (len(layer.weights),)):
            return None
        return layer.with_bias(np.zeros(len(layer.weights), np.float32) if bias is None else bias)

    def _matrix(self, node: Any, weights: Float) -> Layer | None:
        given = attributes(node)
        plain = given.get("alpha", 1.0) == 1.0 == given.get("beta", 1.0) and not given.get("transA", 0)
        if weights.ndim != 2 or not plain:
            return None
        if not given.get("transB", 0):
            self.transposed.add(node.output[0])
            weights = weights.T
        return Layer(node.output[0], node.input[0], node.output[0], weights, None)

    def _passage(self, node: Any) -> Passage | None:
        """The node as an operation that passes channels on; None: it does more."""
        read = tuple(name for name in node.input if name and name not in self._constants)
        tensors = (*read, node.output[0])
        if any(len(self.shapes.get(name, ())) not in (2, 4) for name in tensors):
            return None
        if node.op_type == "Clip" and len(read) == 1:
            low, high = self._given(node, 1), self._given(node, 2)
            cap = np.inf if high is None else float(high)
            return Passage(tensors, cap, read[0]) if low is not None and float(low) == 0.0 else None
        passes = {
            **dict.fromkeys(_CHANNELWISE, self._has_one_output),
            **dict.fromkeys(_RESHAPING, self._keeps_channels),
            "Add": self._adds_alike,
            "Pad": self._pads_with_zeros,
        }.get(node.op_type)
        moves = node.op_type in (*_RESHAPING, "Add", "Identity", "GlobalAveragePool")
        return Passage(tensors, moves=moves) if passes is not None and passes(node, tensors) else None

    def _has_one_output(self, node: Any, _: tuple[str, ...]) -> bool:
        return len(node.output) == 1

    def _keeps_channels(self, _: Any, tensors: tuple[str, ...]) -> bool:
        before, after = self.shapes[tensors[0]], self.shapes[tensors[-1]]
        same = before[:2] == after[:2] and int(np.prod(before)) == before[0] * before[1]
        return len(tensors) == 2 and same

    def _adds_alike(self, _: Any, tensors: tuple[str, ...]) -> bool:
        return len(set(tensors)) == 3 and len({self.shapes[name] for name in tensors}) == 1

    def _pads_with_zeros(self, node: Any, _: tuple[str, ...]) -> bool:
        pads, value = self._given(node, 1), self._given(node, 2)
        if pads is None or len(node.input) > 3 or attributes(node).get("mode", b"constant") != b"constant":
            return False
        rank = len(pads) // 2
        return not (
            np.any(pads[:2]) or np.any(pads[rank : rank + 2]) or np.any(0 if value is None else value)
        )


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes by name."""
    from onnx import helper

    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def convolution(node: Any, weights: Float) -> Layer | None:
    """A Conv node as a layer; None: its padding depends on its input's size."""
    given, rank = attributes(node), weights.ndim - 2
    if given.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        return None
    return Layer(
        node.output[0],
        node.input[0],
        node.output[0],
        weights,
        None,
        groups=int(given.get("group", 1)),
        strides=tuple(given.get("strides", (1,) * rank)),
        pads=tuple(given.get("pads", (0,) * 2 * rank)),
        dilations=tuple(given.get("dilations", (1,) * rank)),
    )
