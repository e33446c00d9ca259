"""From what the guest counted to instructions by operator."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from edgekit.errors import InvalidError
from edgekit.explanation.answers import Node, Operators
from edgekit.explanation.calibration import PER_MICROSECOND, ProfileCost, profile_cost
from edgekit.explanation.record import Operator, kind_of
from edgekit.inspection import Inspection, Layer

_FUSION = re.compile(r"(_token_\d+)+$")  # what ONNX Runtime appends to the names of nodes that it fused


def from_parts(answer: Operators, inspection: Inspection) -> tuple[int, tuple[Operator, ...]]:
    """Return what a call takes, and the operators of a TFLite file.

    The first part that was counted is the model without operators; each other one holds one operator.
    An interruption of the machine only adds instructions, so the least of a part's counts is taken. A part
    without counts could not be executed alone, such as one that takes its shapes from another operator.

    Raises:
        InvalidError: The guest counted another number of parts.
    """
    parts = answer.cuts
    if len(parts) != len(inspection.layers) + 1 or not parts[0]:
        raise InvalidError(
            f"{len(parts)} parts of {inspection.name} were counted; it has {len(inspection.layers)} layers.",
            "Run the command again.",
        )
    call = min(parts[0])
    operators = tuple(
        Operator(
            op=layer.op,
            name=layer.name,
            kind=kind_of(layer.op),
            shape=layer.shape,
            dtype=layer.dtype,
            multiply_adds=layer.multiply_adds,
            instructions=min(counts) - call if counts else 0,
            counted=bool(counts),
        )
        for layer, counts in zip(inspection.layers, parts[1:], strict=True)
    )
    return call, operators


def from_profile(
    answer: Operators, inspection: Inspection, grouped: Collection[str]
) -> tuple[int, tuple[Operator, ...]]:
    """Return what a call takes, and the operators of an ONNX file as ONNX Runtime executes them, fused.

    Args:
        answer: The guest's.
        inspection: Of the file.
        grouped: The names of its convolutions with groups.

    Raises:
        InvalidError: The profile names no operator.
    """
    if not answer.nodes or not answer.calibration:
        raise InvalidError(
            f"ONNX Runtime's profile of {inspection.name} names no operator.",
            "Name another version of the runtime.",
        )
    cost = profile_cost(answer.calibration)
    layers = {layer.name: layer for layer in inspection.layers}
    return round(cost.call), tuple(_operator(node, layers, grouped, cost) for node in answer.nodes)


def grouped_convolutions(path: Path) -> frozenset[str]:
    """Return the names of an ONNX file's convolutions with groups: depthwise, in the models of this field."""
    import onnx

    graph = onnx.load_model(path, load_external_data=False).graph
    return frozenset(
        node.name or node.output[0]
        for node in graph.node
        if any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)
    )


def _operator(
    node: Node, layers: Mapping[str, Layer], grouped: Collection[str], cost: ProfileCost
) -> Operator:
    dtype, shape = next(_typed(node.outputs), ("unknown", ()))
    name = _FUSION.sub("", node.name)
    kind = kind_of(node.op, depthwise=name in grouped)
    # a fused node keeps the name of the layer whose work it does
    layer = layers.get(name) if kind in ("convolution", "depthwise convolution", "dense") else None
    work = layer.multiply_adds if layer else 0
    return Operator(
        op=node.op,
        name=name,
        kind=kind,
        shape=shape,
        dtype={"float": "float32", "double": "float64"}.get(dtype, dtype),
        multiply_adds=work,
        instructions=round(median(node.microseconds) * PER_MICROSECOND - cost.of(len(node.inputs))),
    )


def _typed(tensors: Sequence[Mapping[str, tuple[int, ...]]]) -> Iterator[tuple[str, tuple[int, ...]]]:
    return (next(iter(tensor.items())) for tensor in tensors if tensor)
