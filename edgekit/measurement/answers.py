"""What the guest answers, as records."""

from __future__ import annotations

from typing import Annotated

import msgspec

from edgekit import results
from edgekit.results import Positive

SCHEMA = "edgekit.guest/1"


class Failure(msgspec.Struct, frozen=True):
    """Why the guest could not do what was asked."""

    code: str
    message: str


class Runtime(msgspec.Struct, frozen=True):
    """What executed the model, in the guest's own words."""

    name: str
    version: str
    delegate: str | None
    options: dict[str, str]
    xnnpack: bool = True


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
    """Top-1 over the evaluation pictures."""

    n: int
    correct: int
    predictions: tuple[int, ...]


class Instructions(msgspec.Struct, frozen=True):
    """Instructions, one an inference."""

    runtime: Runtime
    input_sha256: str
    per_inference: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1)]
    source: str
    loads: Positive


class DeviceFields(msgspec.Struct, frozen=True):
    """What a probe can read about the device."""

    machine: str
    system: str
    cpu: str | None
    cpus: int
    features: tuple[str, ...]
    memory_bytes: int | None
    board: str | None
    distribution: str | None
    python: str
    libc: str | None
    bits: int | None = None
    soc: str | None = None
    cores: tuple[tuple[str, int], ...] = ()
    free_bytes: int | None = None


class Python(msgspec.Struct, frozen=True):
    """The interpreter that ran the guest."""

    executable: str
    version: str  # 3.11
    tag: str  # what its compiled extensions are named after
    machine: str = ""
    bits: int = 64
    glibc: str = ""  # 2.36; empty: another C library
    numpy: str = ""  # folder that holds the device's own numpy; empty: it has none
    numpy_version: str = ""


class Probe(msgspec.Struct, frozen=True):
    """What a device is and how it is doing."""

    device: DeviceFields
    environment: results.Environment
    python: Python
