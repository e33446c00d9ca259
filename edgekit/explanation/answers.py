"""What the guest answers about operators, as records."""

from __future__ import annotations

from typing import Annotated

import msgspec

from edgekit.visit.answers import Runtime

Counts = Annotated[tuple[int, ...], msgspec.Meta(min_length=1)]


class Node(msgspec.Struct, frozen=True):
    """One node in ONNX Runtime's profile. Shapes by the type of their elements."""

    name: str
    op: str
    inputs: tuple[dict[str, tuple[int, ...]], ...]
    outputs: tuple[dict[str, tuple[int, ...]], ...]
    microseconds: Counts  # one per inference


class Calibration(msgspec.Struct, frozen=True):
    """Instructions of a model of one tiny node and of one of many, and the latter's profile."""

    one: Counts
    many: Counts
    nodes: Annotated[tuple[Node, ...], msgspec.Meta(min_length=1)]


class Operators(msgspec.Struct, frozen=True):
    """Instructions of a model, and how they are divided among its operators."""

    runtime: Runtime
    source: str
    whole: Counts
    cuts: tuple[tuple[int, ...], ...] = ()  # TFLite: of each part; none: it cannot be executed alone
    nodes: tuple[Node, ...] = ()  # ONNX: every node that was executed
    calibration: tuple[Calibration, ...] = ()
