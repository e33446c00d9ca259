"""A result: one bench session on one device, with every raw sample.

Statistics are computed from the samples when they are shown (`edgekit.stats`), never stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

import msgspec

from edgekit.artefact import Format, Head, Model, Precision
from edgekit.schema import decode_record, write_record

SCHEMA = "edgekit.result/2"

LOOSE = "files"  # in place of a set's name: a file that is of none

NOISE_DAYS = 30  # how long a device's noise is taken to stay what it is
NOISE_SCHEMA = "edgekit.noise/1"

Mode = Literal["quick", "standard", "rigorous"]
# whole; interrupted by the user; the device was lost; or some measurement failed while the others went on
Ended = Literal["whole", "interrupted", "lost", "failed"]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


QUOTA_REMEDY = "Raise the quota (docker run --cpus, Kubernetes' CPU limit), or measure outside the container."


class Device(msgspec.Struct, frozen=True):
    """What a device is. Fields that could not be read are None."""

    profile: str  # host, rpi4, …
    machine: str  # x86_64, aarch64, armv7l
    system: str  # Linux 6.1.0
    cpu: str | None = None  # model name
    cpus: int | None = None  # usable logical CPUs
    features: tuple[str, ...] = ()  # CPU features that decide the kernels: avx2, avx512_vnni, asimddp, …
    memory_bytes: int | None = None
    board: str | None = None
    distribution: str | None = None
    python: str | None = None
    libc: str | None = None
    bits: int | None = None  # of the interpreter that measured: 32 or 64
    soc: str | None = None  # system on chip: bcm2711
    cores: tuple[tuple[str, int], ...] = ()  # core name and how many, as /proc/cpuinfo has them
    free_bytes: int | None = None  # on the file system of edgekit's folder
    transport: str = "local"
    emulated: bool = False  # its times, if it has any, are not those of the hardware
    timed: bool = True  # False: an emulated board whose clock counts instructions, so that nothing is a time


class Environment(msgspec.Struct, frozen=True):
    """The device's state at one moment. Fields that could not be read are None."""

    time: str  # ISO 8601, UTC
    load_1min: float | None = None
    governor: str | None = None
    frequency_khz: tuple[int, ...] = ()  # by CPU
    temperature_celsius: dict[str, float] = {}  # by sensor
    throttled: int | None = None  # Raspberry Pi firmware's bits
    memory_available_bytes: int | None = None
    power: str | None = None  # mains, battery
    other_cpus: float | None = None  # CPUs kept busy by other processes, over half a second
    cpu_quota: float | None = None  # CPUs' time that the container may take; None: no limit
    noexec: bool = False  # nothing in edgekit's folder may be executed


class Artefact(msgspec.Struct, frozen=True):
    """The file that was measured."""

    set: str  # the model's name in the manifest; where sets of a session share it, their folders' names
    file: str
    sha256: str
    bytes: int
    format: Format
    precision: Precision

    @property
    def title(self) -> str:
        """What its set is called, or the file itself where it is of none."""
        return self.file.rpartition(".")[0] or self.file if self.set == LOOSE else self.set


class Runtime(msgspec.Struct, frozen=True):
    """What executed it."""

    name: str  # litert, tflite-runtime, onnxruntime
    version: str
    delegate: str | None = None  # XNNPACK, CPUExecutionProvider
    bundle: str | None = None  # content hash of the wheels it came from
    options: dict[str, str] = {}  # settings that bear on speed, by the runtime's own names
    xnnpack: bool = True  # False: switched off, so that TFLite's runtimes use kernels of their own

    @property
    def label(self) -> str:
        """Name and version, and what was switched off."""
        return f"{self.name} {self.version}{without(self.xnnpack)}"


def without(xnnpack: bool | None) -> str:
    """Return what follows a runtime's name where XNNPACK is switched off: ` without XNNPACK`."""
    return " without XNNPACK" if xnnpack is False else ""


class Repeat(msgspec.Struct, frozen=True):
    """One fresh process. All times in nanoseconds of the device's monotonic clock."""

    position: int  # place in the session's interleaved order
    import_ns: Natural  # importing the runtime
    load_ns: Natural  # model file to ready interpreter or session
    first_ns: Natural  # first inference
    warmup_runs: Natural
    samples_ns: Annotated[
        tuple[Natural, ...], msgspec.Meta(min_length=1)
    ]  # each one inference: only the invoke
    every: Positive = 1  # one inference in `every` was timed; the stride is fixed before the loop begins
    other_cpus: float | None = None  # CPUs kept busy by other processes during the timed loop
    frequency_khz: tuple[int, int] | None = None  # of the fastest usable CPU, as the loop began and ended
    loop_ns: Natural | None = None  # the timed loop's wall time, up to the end of its last inference
    celsius: float | None = None  # of the hottest CPU sensor as the process began to measure
    waited_seconds: float = 0.0  # for the CPU to cool down, before that
    # by the container's CPU quota during the timed loop: how often, and ns in all, summed over CPUs
    quota_stops: tuple[Natural, Natural] | None = None


class Window(msgspec.Struct, frozen=True):
    """A part of a sustained load, and how the device was as it ended. Times in ns from the load's start."""

    start_ns: Natural
    end_ns: Natural
    runs: Positive  # inferences, of which some were timed
    samples_ns: Annotated[tuple[Natural, ...], msgspec.Meta(min_length=1)]
    khz: int | None = None  # clock of the fastest usable CPU
    celsius: float | None = None  # of the hottest CPU sensor
    throttled: int | None = None  # Raspberry Pi firmware's bits
    other_cpus: float | None = None  # CPUs kept busy by other processes


class Sustained(msgspec.Struct, frozen=True):
    """Inferences for minutes, in one process that begins once the CPU has cooled down."""

    seconds: float  # asked for; the windows say how far it came
    windows: Annotated[tuple[Window, ...], msgspec.Meta(min_length=1)]


class Memory(msgspec.Struct, frozen=True):
    """Memory of one process that does nothing else, in bytes of resident set.

    `baseline` is after importing the runtime, `loaded` after loading the model, `peak` the highest
    resident set (VmHWM) after inferences.
    """

    baseline: Natural
    loaded: Natural
    peak: Natural
    pss: Natural | None = None  # proportional set size at the end


class Accuracy(msgspec.Struct, frozen=True):
    """Answers to the artefact set's evaluation images, executed on the device."""

    n: Natural
    correct: Natural | None  # None: the images' classes are not known
    evaluation_sha256: str
    predictions: tuple[int, ...]  # answer by image (see `edgekit.artefact.Head`), in the set's order

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: More images are right than there are.
        """
        if self.correct is not None and self.correct > self.n:
            raise ValueError(f"{self.correct} of {self.n} images cannot be right")


class Output(msgspec.Struct, frozen=True):
    """What a model made of the timed input, at one of its outputs.

    Of more than 1,024 values an evenly spaced sample is kept: number i of n is the one at
    ⌊i × size / n⌋, in row-major order.
    """

    name: str
    dtype: str  # as NumPy calls it; another word: neither numbers nor truth values, so that none are kept
    shape: tuple[int, ...]
    size: Natural  # values there are
    values: tuple[float | None, ...]  # real ones where it is quantized, to nine digits; None: not finite
    top: int | None = None  # place of the highest, where it is one vector
    step: float | None = None  # of a quantized output
    not_finite: Natural = 0  # values that are NaN or infinite, of all
    sha256: str = ""  # of all values, as the runtime gave them


class Instructions(msgspec.Struct, frozen=True):
    """Instructions per inference; never a time."""

    per_inference: tuple[Positive, ...]  # raw, one per inference
    source: str  # perf_event_open, or the emulated CPU: qemu cortex-a72
    loads: Positive = 1  # of the model; each did equally many of the inferences

    @property
    def emulated(self) -> bool:
        """Whether an emulated CPU was counted: the same on every run."""
        return self.source.startswith("qemu ")

    @property
    def medians(self) -> tuple[float, ...]:
        """One per load: within a load the counts resemble each other."""
        size = -(-len(self.per_inference) // self.loads)
        starts = range(0, len(self.per_inference), max(1, size))
        return tuple(median(self.per_inference[at : at + size]) for at in starts)


# what says that the device was not at its pace, and nothing of a file's size, its answers or its memory
_ABOUT_PACE = frozenset({"throttled", "cpu-quota", "too-hot", "clock-moved", "noisy", "too-few-samples"})


class Finding(msgspec.Struct, frozen=True):
    """Something that makes a measurement invalid, or that the reader should know."""

    kind: Literal["invalid", "warning"]
    code: str  # short-name-like-this
    message: str  # what was seen, with the figure
    advice: str = ""


def flaw(findings: Iterable[Finding], *, any_pace: bool = False) -> Finding | None:
    """Return the first finding that makes a figure invalid; None: the figure is valid.

    Args:
        findings: About the measurement that it is of.
        any_pace: The figure is the same however fast the device was.
    """
    invalid = (found for found in findings if found.kind == "invalid")
    return next((found for found in invalid if not (any_pace and found.code in _ABOUT_PACE)), None)


class Measurement(msgspec.Struct, frozen=True):
    """One artefact × runtime × thread count."""

    artefact: Artefact
    runtime: Runtime
    threads: Positive
    repeats: tuple[Repeat, ...]  # empty on an emulated board: it has no times
    memory: Memory | None = None
    accuracy: Accuracy | None = None
    instructions: Instructions | None = None
    outputs: tuple[Output, ...] = ()  # of a file without images to judge it by
    sustained: Sustained | None = None
    unspaced: tuple[Repeat, ...] = ()  # back to back, in turns with `repeats`, which the session's fps spaced
    affinity: tuple[int, ...] = ()  # CPUs the process was pinned to; empty: not pinned
    input_sha256: str | None = None  # of the timed input's bytes before preprocessing; the same everywhere
    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the numbers can be trusted."""
        return flaw(self.findings) is None


class Transfer(msgspec.Struct, frozen=True):
    """What was pushed to the device before measuring."""

    bytes: int = 0
    seconds: float = 0.0
    files: int = 0
    reused_files: int = 0


class Reference(msgspec.Struct, frozen=True):
    """What the converting host said about a file, kept so that a result needs no other file."""

    sha256: str
    accuracy: float | None  # None: the images' classes are not known
    keras_accuracy: float | None
    target: str = "portable"
    model: Model | None = None  # what it was made from; None: an earlier edgekit did not say


class Evaluation(msgspec.Struct, frozen=True):
    """What predictions are judged against: the paired drop and the agreement are computed from it."""

    sha256: str  # of the evaluation file
    labels: tuple[int, ...]  # the right answer by image, in the set's order; −1: not known
    keras: tuple[int, ...] = ()  # the float model's answer by image; empty: not known
    head: Head = Head()  # what an answer means
    classes: Natural = 0  # how many classes or labels there are; 0: not known

    @property
    def labelled(self) -> bool:
        """Whether the right answers are known."""
        return min(self.labels, default=-1) >= 0


class Together(msgspec.Struct, frozen=True):
    """What two results share that were measured in one session, interleaved A B B A, to be compared."""

    session: str  # the same on both sides, and on no others
    side: Literal["baseline", "candidate"]
    looks: tuple[Positive, ...]  # after how many A B B A blocks a verdict was looked for
    cells: Positive  # pairs that were judged together


class NoiseOf(msgspec.Struct, frozen=True):
    """How far like repeats of one model differ."""

    model: str
    runtime: str  # name and version
    threads: Positive
    repeats: Positive
    spread: Annotated[float, msgspec.Meta(ge=0)]  # standard deviation, relative to the value
    p50_ns: Annotated[float, msgspec.Meta(ge=0)]


class Noise(msgspec.Struct, frozen=True):
    """A device's own noise: how far repeats of one thing differ there (A against A)."""

    schema: str
    device: str  # profile
    created: str  # ISO 8601, UTC
    system: str  # kernel, as `Device.system` has it
    measured: Annotated[tuple[NoiseOf, ...], msgspec.Meta(min_length=1)]

    def spread(self, threads: int | None = None) -> float:
        """The largest spread with so many threads, or of all where none had so many."""
        alike = [each.spread for each in self.measured if each.threads == threads]
        return max(alike or [each.spread for each in self.measured])

    @property
    def by_threads(self) -> dict[int, float]:
        """The largest spread by number of threads."""
        return {threads: self.spread(threads) for threads in sorted({each.threads for each in self.measured})}

    def doubt(self, system: str, moment: str) -> str:
        """Say why it may not hold for a system at a moment (ISO 8601); empty: it does."""
        if self.system != system:
            return f"was measured with the kernel {self.system}, but this is {system}"
        age = (datetime.fromisoformat(moment[:10]) - datetime.fromisoformat(self.created[:10])).days
        return f"is {age} days old, and valid for {NOISE_DAYS}" if age > NOISE_DAYS else ""


class Repository(msgspec.Struct, frozen=True):
    """What was checked out where edgekit was called. Fields that could not be read are None."""

    commit: str  # its hash, in hex
    committed: str | None = None  # ISO 8601, UTC
    branch: str | None = None  # None: detached
    dirty: bool | None = None  # tracked files differ from the commit


class Result(msgspec.Struct, frozen=True, dict=True):
    """One session. Written as JSON."""

    schema: str
    created: str  # ISO 8601, UTC
    edgekit: str  # version
    command: str  # that made it, as typed
    mode: Mode
    seed: int  # of the timed input
    device: Device
    before: Environment
    after: Environment
    measurements: tuple[Measurement, ...]
    references: tuple[Reference, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()  # one per evaluation file; measurements name it by hash
    transfer: Transfer = Transfer()
    partial: str | None = None  # why the session is not complete; None: it is
    ended: Ended = "whole"
    lacks: tuple[str, ...] = ()  # what the device cannot do, and why: sentences
    fps: float | None = None  # spaced inferences; None: back to back
    noise: Noise | None = None  # of the device, as it was known then; None: it was not
    together: Together | None = None  # one side of two that were measured together
    repository: Repository | None = None  # that it was made in; None: in none, or it could not be read

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: An emulated board, whose clock counts instructions, has times.
        """
        if not self.device.timed and any(m.repeats for m in self.measurements):
            raise ValueError("an emulated board has no times")

    @property
    def path(self) -> Path | None:
        """The file that it was read from or written to; None: it is in no file."""
        return self.__dict__.get("_path")


def _to_2(record: dict[str, Any]) -> None:
    """Upgrade from version 1, which named neither an untimed device nor XNNPACK that is switched off."""
    record["device"]["timed"] = record["device"].get("transport") != "emulator"
    for measurement in record["measurements"]:
        resolver = measurement["runtime"].get("options", {}).get("experimental_op_resolver_type")
        measurement["runtime"]["xnnpack"] = resolver != "BUILTIN_WITHOUT_DEFAULT_DELEGATES"


UPGRADES = (_to_2,)


def read_result(path: Path) -> Result:
    """Read a result file, of this or an earlier version of edgekit.

    Raises:
        RecordError: Not a result, damaged, or written by a newer edgekit.
    """
    result = decode_record(path, Result, SCHEMA, UPGRADES)
    result.__dict__["_path"] = path
    return result


def write_result(path: Path, result: Result) -> None:
    """Write a result whole or not at all; it then knows its `path`."""
    write_record(path, result)
    result.__dict__["_path"] = path
