"""An ONNX graph, to be changed: who writes and reads a tensor, which constants are one number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from edgekit.quantization.network import Float


class Editor:
    """A graph whose nodes are changed in place."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._shapes = {
            value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
            for value in (*graph.value_info, *graph.input, *graph.output)
            if value.type.tensor_type.HasField("shape")
        }
        self.outputs = frozenset(output.name for output in graph.output)

    @property
    def nodes(self) -> tuple[Any, ...]:
        """All of them, as they are now."""
        return tuple(self.graph.node)

    def constant(self, name: str) -> Float | None:
        """The values of a constant; None: the tensor depends on the image."""
        from onnx import numpy_helper

        found = self._stored.get(name)
        return None if found is None else numpy_helper.to_array(found)

    def number(self, name: str) -> float | None:
        """What every value of a float32 constant is; None: they differ, or it is not such a constant."""
        values = self.constant(name)
        if values is None or values.dtype != np.float32 or np.unique(values).size != 1:
            return None
        return float(values.flat[0])

    def add_constant(self, name: str, values: Float) -> str:
        """Store a constant; return its name."""
        from onnx import numpy_helper

        self._stored[name] = numpy_helper.from_array(values, name)
        self.graph.initializer.append(self._stored[name])
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's, with 0 for a size that is not known; (): it is not known at all, or a single number."""
        return self._shapes.get(name, ())

    def writer(self, name: str) -> Any:
        """The node that computes a tensor; None: none does."""
        return next((node for node in self.graph.node if name in node.output), None)

    def readers(self, name: str) -> list[Any]:
        """The nodes that read a tensor."""
        return [node for node in self.graph.node if name in node.input]

    def only_reader(self, name: str) -> Any:
        """The node that alone reads a tensor; None: there are others, or it is an output of the model."""
        readers = self.readers(name)
        return readers[0] if len(readers) == 1 and name not in self.outputs else None

    def become(self, node: Any, op: str, inputs: Iterable[str], **attributes: Any) -> None:
        """Have another operator compute what a node does."""
        from onnx import helper

        node.CopyFrom(helper.make_node(op, list(inputs), list(node.output), node.name, **attributes))

    def insert_before(
        self, node: Any, op: str, inputs: Iterable[str], output: str, name: str = "", **attributes: Any
    ) -> str:
        """Add a node in front of another; return its output."""
        from onnx import helper

        made = helper.make_node(op, list(inputs), [output], name, **attributes)
        self.graph.node.insert(self.nodes.index(node), made)
        return output

    def remove(self, node: Any, instead: str = "") -> None:
        """Remove a node; what read its output reads another tensor."""
        for reader in self.readers(node.output[0]) if instead else ():
            reader.input[:] = [instead if name == node.output[0] else name for name in reader.input]
        self.graph.node.remove(node)

    def drop_unread(self) -> None:
        """Remove constants that nothing reads."""
        read = {name for node in self.graph.node for name in node.input}
        kept = [tensor for tensor in self.graph.initializer if tensor.name in read]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)
