"""What the guest answers to each pass of a bench, as records."""

from __future__ import annotations

from typing import Annotated

import msgspec

from edgekit import results
from edgekit.results import Positive
from edgekit.visit.answers import Runtime


class Latency(results.Repeat, frozen=True, kw_only=True):
    """One repeat, and what executed what."""

    position: int = 0  # not the guest's to know
    runtime: Runtime
    input_sha256: str

    def repeat(self, position: int) -> results.Repeat:
        """What a result keeps of it."""
        return msgspec.convert({**msgspec.structs.asdict(self), "position": position}, results.Repeat)


class Sustained(msgspec.Struct, frozen=True):
    """Nothing: the windows were said before."""


class Accuracy(msgspec.Struct, frozen=True):
    """Top-1 over the evaluation images."""

    n: int
    correct: int
    predictions: tuple[int, ...]


class Outputs(msgspec.Struct, frozen=True):
    """What a model made of the timed input."""

    runtime: Runtime
    input_sha256: str
    outputs: tuple[results.Output, ...]


class Instructions(msgspec.Struct, frozen=True):
    """Instructions per inference."""

    runtime: Runtime
    input_sha256: str
    per_inference: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1)]
    source: str
    loads: Positive
