"""A float32 ONNX file as a network to quantize: run over many images, and written with other weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from edgekit.conversion.batches import Batches, room_for_several, takes_several
from edgekit.conversion.onnx_naming import ROLES
from edgekit.conversion.onnx_reading import Reader
from edgekit.conversion.probe import image_tensors
from edgekit.quantization.network import Float, Layer


class OnnxNetwork:
    """A float32 file for one image, as `float32_onnx` and `fit_onnx` make them."""

    def __init__(self, data: bytes) -> None:
        import onnx

        self._model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(data))
        reader = Reader(self._model)
        network = reader.network()
        self.stored = network.layers  # as the file has them
        self.sizes = {each.name: reader.shapes[each.input][2:] for each in self.stored}  # of what they read
        self.network = network.with_layers(
            {each.name: each.without_idle_taps(self.sizes[each.name]) for each in self.stored}
        )
        self.input, self.outputs, self.nodes = reader.input, reader.outputs, reader.nodes
        self._shapes, self._transposed = reader.shapes, reader.transposed

    @property
    def shape(self) -> tuple[int, ...]:
        """The input's, the batch's size first."""
        return self._shapes[self.input]

    @cached_property
    def constants(self) -> dict[str, Float]:
        """What does not depend on the image, by tensor."""
        from onnx import numpy_helper

        return {tensor.name: numpy_helper.to_array(tensor) for tensor in self._model.graph.initializer}

    @cached_property
    def tensors(self) -> tuple[str, ...]:
        """Every tensor of real values that depends on the image."""
        import onnx

        graph = self._model.graph
        written = {name for node in graph.node for name in node.output}
        kinds = {v.name: v.type.tensor_type.elem_type for v in (*graph.value_info, *graph.output)}
        found = (name for name, kind in kinds.items() if kind == onnx.TensorProto.FLOAT and name in written)
        return (self.input, *sorted(found))

    @cached_property
    def images(self) -> tuple[str, ...]:
        """The input and what is only a rearrangement of it."""
        return image_tensors(self._model, self.input)

    def runner(self, layers: Iterable[Layer], names: Iterable[str]) -> Batches:
        """Return what computes some tensors, with other layers in place of the file's own."""
        return Batches(self.with_layers(layers), names, self._numbers, several=self._several)

    @cached_property
    def _numbers(self) -> int:
        """How many its tensors hold for one image."""
        return sum(int(np.prod(self._shapes[name])) for name in self.tensors)

    @cached_property
    def _several(self) -> bool:
        if not room_for_several(self._numbers):
            return False
        images = np.random.default_rng(0).uniform(-1, 1, (2, *self._shapes[self.input][1:]))
        data = self._model.SerializeToString()
        return takes_several(data, self.tensors, self._numbers, images.astype(np.float32))

    def with_layers(self, layers: Iterable[Layer]) -> bytes:
        """Return the file with other weights and biases; constants that several nodes read are parted."""
        import onnx

        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        graph = model.graph
        stored = {tensor.name: tensor for tensor in graph.initializer}
        readers = Counter(name for node in graph.node for name in node.input)
        nodes = {node.output[0]: node for node in graph.node}
        for layer in layers:
            node = nodes[layer.name]
            values = [layer.weights.T if layer.name in self._transposed else layer.weights]
            if layer.bias is not None and (len(node.input) > len(ROLES) or np.any(layer.bias)):
                values.append(layer.bias)
            for place, value in enumerate(values, 1):
                name = node.input[place] if len(node.input) > place else ""
                if readers[name] != 1 or name not in stored:
                    name = f"{layer.name}_{ROLES[place]}"
                    stored[name] = graph.initializer.add()
                    node.input[place:] = [name]
                _fill(stored[name], name, value)
        return bytes(model.SerializeToString(deterministic=True))


def _fill(tensor: Any, name: str, value: Float) -> None:
    from onnx import numpy_helper

    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))


def without_last(data: bytes, kinds: Mapping[str, str]) -> tuple[bytes, str]:
    """Return a file without its last node, if that is of one of these kinds and writes the only output.

    Returns:
        The file, and what the kind stands for; or the file as it was, and nothing.
    """
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(data))
    graph = model.graph
    last = graph.node[-1]
    known = {value.name: value for value in graph.value_info}
    ends = [output.name for output in graph.output] == list(last.output)
    if last.op_type not in kinds or not ends or last.input[0] not in known:
        return data, ""
    del graph.node[-1], graph.output[:]
    graph.output.append(known[last.input[0]])
    return bytes(model.SerializeToString(deterministic=True)), kinds[last.op_type]
