"""The names in .onnx files: short ones for tensors, telling ones for nodes, the same at every conversion."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import Any

ROLES = {1: "weights", 2: "bias"}  # of the inputs of the operators below
_WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_CONVERSIONS = ("QuantizeLinear", "DequantizeLinear")


def rename(model: Any, kept: dict[str, str]) -> None:
    """Give tensors short names, and nodes telling ones, that do not depend on chance.

    The converter numbers activations (`…/depthwise__146:0`) by a counter that runs on, and keeps an
    arbitrary one of the names of equal constants; the same model would give another file every time.
    Here a node has the name that its output had, without the number, and tensors are `t1`, `t2`, …,
    constants `c1`, `c2`, … in the order of the nodes: a name occurs wherever a tensor is written or read.

    Args:
        model: Changed in place.
        kept: New names of inputs and outputs, by their old ones.
    """
    graph = model.graph
    written = {name for node in graph.node for name in node.output}
    for value in [value for value in graph.value_info if value.name not in written]:
        graph.value_info.remove(value)  # of a tensor that was left out: its name would depend on chance
    constants = {tensor.name for tensor in graph.initializer}
    readers = {name: node.output[0] for node in reversed(graph.node) for name in node.input}
    telling, taken = dict(kept), set(kept.values())
    outputs = [name for node in graph.node for name in node.output if name not in kept]
    for name in sorted(outputs, key=lambda name: "__" in name):  # numbered ones must not take another's name
        base = re.sub(r"__\d+|:0$|_output_0$", "", name)
        reader = telling.get(readers.get(name, ""))
        # `Conv__167` alone says nothing: name it after the operator that reads it
        telling[name] = _unique(f"{reader}/{base}" if reader and "/" not in base else base, taken)
    short, numbers = dict(kept), {"t": count(1), "c": count(1)}
    for node in graph.node:
        node.name, node.doc_string = telling[node.output[0]], ""
        for name in (*node.input, *node.output):
            if name and name not in short:
                kind = "c" if name in constants else "t"
                short[name] = f"{kind}{next(numbers[kind])}"
        node.input[:] = [short.get(name, name) for name in node.input]
        node.output[:] = [short.get(name, name) for name in node.output]
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = short.get(value.name, value.name)
    for entries in (graph.initializer, graph.value_info):
        ordered = sorted(entries, key=lambda entry: (len(entry.name), str(entry.name)))
        del entries[:]
        entries.extend(ordered)


def onnx_names(data: bytes) -> dict[str, str]:
    """What a float32 file's short names stand for: the layer that writes a tensor or reads a constant."""
    import onnx

    graph = onnx.load_model_from_string(data).graph
    names: dict[str, str] = {}
    for node in graph.node:
        for index, name in enumerate(node.output):
            names[name] = f"{node.name}:{index}" if index else node.name
    for node in graph.node:
        for index, name in enumerate(node.input):
            role = ROLES.get(index, str(index)) if node.op_type in _WEIGHTED else str(index)
            names.setdefault(name, f"{node.name}/{role}")
    for value in (*graph.input, *graph.output):
        names.pop(value.name, None)
    names.pop("", None)
    return names


def shorten(model: Any, real: Any) -> None:
    """Shorten what the quantizer named, and keep equal constants once.

    Tensors of the float32 model keep their names; the quantizer's own, of which there are several for each,
    become `q1`, `q2`, … Conversions have no names of their own: each stands next to a layer, which has one.

    Args:
        model: What the quantizer made; changed in place.
        real: The float32 model it was made from.
    """
    graph = model.graph
    written = {name for node in real.graph.node for name in node.output}
    known = {*written, *(tensor.name for tensor in (*real.graph.initializer, *real.graph.input))}
    same: dict[tuple[int, bytes, bytes], str] = {}
    names: dict[str, str] = {}
    constants = list(graph.initializer)
    del graph.initializer[:], graph.value_info[:]
    for tensor in constants:
        first = same.setdefault(_identity(tensor), tensor.name)
        if first == tensor.name:
            graph.initializer.append(tensor)
        else:
            names[tensor.name] = first
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    names.clear()
    for node in graph.node:
        if node.op_type in _CONVERSIONS:
            node.name = ""
        for name in (*node.input, *node.output):
            if name and name not in known:
                names.setdefault(name, f"q{len(names) + 1}")
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)


def _identity(tensor: Any) -> tuple[int, bytes, bytes]:
    from onnx import numpy_helper

    return tensor.data_type, bytes(str(list(tensor.dims)), "ascii"), numpy_helper.to_array(tensor).tobytes()


def _unique(name: str, taken: set[str]) -> str:
    candidates = chain((name,), (f"{name}_{i}" for i in count(2)))
    found = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(found)
    return found
