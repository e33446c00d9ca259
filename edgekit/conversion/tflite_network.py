"""A float32 TFLite file whose weights are replaced by those of a network that was read from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from edgekit.conversion.tflite_files import packed
from edgekit.quantization.network import Float, Layer

_ALIKE = 1e-4  # of a layer's largest weight; the converters fold batch norms in different order


@dataclass(frozen=True)
class _Stored:
    """A layer of the file."""

    operator: Any
    kind: str
    weights: Float  # as a network has them


def with_layers(data: bytes, before: Sequence[Layer], after: Sequence[Layer]) -> bytes | None:
    """Return the file with other weights and biases.

    Layers are recognised by their weights, which both converters computed from the same model.

    Args:
        data: The file.
        before: The network's layers as they were read.
        after: The same with the weights to store.

    Returns:
        The file; None: a layer is not in it, or is in it twice.
    """
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    left = list(_layers(model, graph, schema))
    for old, new in zip(before, after, strict=True):
        found = next((stored for stored in left if _same(stored.weights, old.weights)), None)
        if found is None:
            return None
        left.remove(found)
        if new is old:
            continue
        _store(model, graph, found.operator, 1, _shaped(new.weights, found.kind))
        if new.bias is not None:
            _store(model, graph, found.operator, 2, new.bias)
    return packed(model, len(data))


def without_last(data: bytes, kinds: Mapping[str, str]) -> tuple[bytes, str]:
    """Return a file without its last operator, if that is of one of these kinds and writes the only output.

    Returns:
        The file, and what the kind stands for; or the file as it was, and nothing.
    """
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    last = graph.operators[-1]
    kind = _kind(model, last)
    if kind not in kinds or list(graph.outputs) != list(last.outputs):
        return data, ""
    graph.operators.pop()
    graph.outputs = [last.inputs[0]]
    model.signatureDefs = None
    return packed(model, len(data)), kinds[kind]


def _layers(model: Any, graph: Any, schema: Any) -> Iterator[_Stored]:
    """The operators with constant weights, in the order in which they are computed."""
    for operator in graph.operators:
        kind = _kind(model, operator)
        if kind not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            continue
        tensor = graph.tensors[operator.inputs[1]]
        stored = model.buffers[tensor.buffer].data
        if stored is None or len(stored) == 0 or tensor.type != schema.TensorType.FLOAT32:
            continue
        values = np.frombuffer(bytes(stored), dtype=np.float32).reshape(tensor.shape)
        if kind == "DEPTHWISE_CONV_2D":
            values = values.transpose(3, 0, 1, 2)
        elif kind == "CONV_2D":
            values = values.transpose(0, 3, 1, 2)
        yield _Stored(operator, kind, values)


def _kind(model: Any, operator: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    return _names().get(max(code.builtinCode, code.deprecatedBuiltinCode), "")


@cache
def _names() -> dict[int, str]:
    """The names of TFLite's operators by their number."""
    from ai_edge_litert import schema_py_generated as schema

    return {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}


def _same(stored: Float, weights: Float) -> bool:
    """Whether two layers' weights are the same but for rounding; a 1×1 kernel may be a matrix."""
    if stored.shape != weights.shape and (
        stored.shape[:2] != weights.shape[:2] or stored.size != weights.size
    ):
        return False
    difference = np.abs(stored.reshape(weights.shape) - weights).max(initial=0.0)
    return bool(difference <= _ALIKE * max(float(np.abs(weights).max(initial=0.0)), 1e-30))


def _shaped(weights: Float, kind: str) -> Float:
    """A network's weights as an operator stores them."""
    if kind == "FULLY_CONNECTED":
        return weights.reshape(len(weights), -1)
    if weights.ndim == 2:
        weights = weights[:, :, None, None]
    return weights.transpose((1, 2, 3, 0) if kind == "DEPTHWISE_CONV_2D" else (0, 2, 3, 1))


def _store(model: Any, graph: Any, operator: Any, place: int, values: Float) -> None:
    """Store an operator's constant in a buffer of its own."""
    import copy

    from ai_edge_litert import schema_py_generated as schema

    inputs = list(operator.inputs)
    while len(inputs) <= place:
        inputs.append(-1)
    array = np.ascontiguousarray(values, dtype=np.float32)
    if inputs[place] >= 0:
        tensor = copy.copy(graph.tensors[inputs[place]])
    else:
        tensor = schema.TensorT()
        tensor.name = b"%s/bias" % bytes(graph.tensors[operator.outputs[0]].name)
        tensor.type = schema.TensorType.FLOAT32
    tensor.shape = list(array.shape)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(array.tobytes(), dtype=np.uint8)
    tensor.buffer = len(model.buffers)
    model.buffers.append(buffer)
    if inputs[place] >= 0 and _readers(graph, inputs[place]) == 1:
        graph.tensors[inputs[place]] = tensor
    else:
        inputs[place] = len(graph.tensors)
        graph.tensors.append(tensor)
        operator.inputs = inputs


def _readers(graph: Any, tensor: int) -> int:
    return sum(list(operator.inputs).count(tensor) for operator in graph.operators)
