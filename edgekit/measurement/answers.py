"""What the guest answers to each pass of a bench, as records."""

from __future__ import annotations

from typing import Annotated

import msgspec

from edgekit import results
from edgekit.results import Positive
from edgekit.visit.answers import Runtime


class Latency(msgspec.Struct, frozen=True):
    """One repeat. Times in nanoseconds."""

    runtime: Runtime
    input_sha256: str
    import_ns: int
    load_ns: int
    first_ns: int
    warmup_runs: int
    samples_ns: tuple[int, ...]
    every: int
    loop_ns: int
    other_cpus: float | None
    frequency_khz: tuple[int, int] | None
    celsius: float | None = None
    waited_seconds: float = 0.0

    def repeat(self, position: int) -> results.Repeat:
        """What a result keeps of it."""
        return results.Repeat(
            position=position,
            import_ns=self.import_ns,
            load_ns=self.load_ns,
            first_ns=self.first_ns,
            warmup_runs=self.warmup_runs,
            samples_ns=self.samples_ns,
            every=self.every,
            loop_ns=self.loop_ns,
            other_cpus=self.other_cpus,
            frequency_khz=self.frequency_khz,
            celsius=self.celsius,
            waited_seconds=self.waited_seconds,
        )


class Memory(msgspec.Struct, frozen=True):
    """Bytes."""

    baseline: int
    loaded: int
    peak: int
    pss: int | None


class Accuracy(msgspec.Struct, frozen=True):
    """Top-1 over the evaluation images."""

    n: int
    correct: int
    predictions: tuple[int, ...]


class Instructions(msgspec.Struct, frozen=True):
    """Instructions per inference."""

    runtime: Runtime
    input_sha256: str
    per_inference: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1)]
    source: str
    loads: Positive
