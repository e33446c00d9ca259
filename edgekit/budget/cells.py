"""What was measured, cell by cell: device × model × artefact × runtime × threads × pace × CPUs.

Results are many, and mostly raw samples. A file is read once; its samples are skipped, and decoded only for
the cells that some budget is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from edgekit.results import (
    SCHEMA,
    UPGRADES,
    Accuracy,
    Artefact,
    Device,
    Environment,
    Evaluation,
    Finding,
    Instructions,
    Memory,
    Mode,
    Natural,
    Noise,
    Positive,
    Reference,
    Repository,
    Result,
    Runtime,
    flaw,
)
from edgekit.schema import UNREADABLE, damaged, decode_record
from edgekit.stats import ordered_percentile, tick

_PERCENTILES = (50.0, 90.0)  # read together; any other costs one more pass over the samples

_T = TypeVar("_T")
_NONE = msgspec.Raw(b"null")


class _Measurement(msgspec.Struct, frozen=True):
    """`results.Measurement`; what is large stays as it is in the file."""

    artefact: Artefact
    runtime: Runtime
    threads: Positive
    repeats: msgspec.Raw
    memory: Memory | None = None
    accuracy: msgspec.Raw = _NONE
    instructions: msgspec.Raw = _NONE
    input_sha256: str | None = None
    affinity: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()


class _Repeat(msgspec.Struct, frozen=True):
    """`results.Repeat`, its samples alone."""

    samples_ns: Annotated[list[Natural], msgspec.Meta(min_length=1)]


class _Session(msgspec.Struct, frozen=True):
    """`results.Result`, likewise."""

    schema: str
    created: str
    edgekit: str
    mode: Mode
    device: Device
    before: Environment
    measurements: tuple[_Measurement, ...]
    references: tuple[Reference, ...] = ()
    evaluations: msgspec.Raw = msgspec.Raw(b"[]")
    partial: str | None = None
    fps: float | None = None
    noise: Noise | None = None
    repository: Repository | None = None


_SESSION = msgspec.json.Decoder(_Session)
_REPEATS = msgspec.json.Decoder(tuple[_Repeat, ...])
_ACCURACY: msgspec.json.Decoder[Accuracy | None] = msgspec.json.Decoder(Accuracy | None)
_INSTRUCTIONS: msgspec.json.Decoder[Instructions | None] = msgspec.json.Decoder(Instructions | None)
_EVALUATIONS = msgspec.json.Decoder(tuple[Evaluation, ...])


class ResultFile:
    """One result: a file, or one that is in none."""

    def __init__(self, path: Path | None, record: _Session, order: int) -> None:
        self.path, self._record, self.order = path, record, order

    @property
    def device(self) -> Device:
        """What it was measured on."""
        return self._record.device

    @property
    def before(self) -> Environment:
        """The device's state before measuring."""
        return self._record.before

    @property
    def created(self) -> str:
        """When it was begun: ISO 8601, UTC."""
        return self._record.created

    @property
    def edgekit(self) -> str:
        """The version that made it."""
        return self._record.edgekit

    @property
    def mode(self) -> Mode:
        """How long it measured."""
        return self._record.mode

    @property
    def repository(self) -> Repository | None:
        """What was checked out; None: that is not known."""
        return self._record.repository

    @property
    def age(self) -> tuple[str, int]:
        """The greater, the newer; of sessions of the same second, the one named last."""
        return self._record.created, self.order

    @property
    def fps(self) -> float | None:
        """Spaced inferences per second; None: back to back, or emulated, which has no pace."""
        return None if self.device.emulated else self._record.fps

    @property
    def doubt(self) -> str:
        """Why the device's stored noise may not hold; empty: it does, or there is none."""
        noise = None if self.device.emulated else self._record.noise
        found = noise.doubt(self.device.system, self._record.created) if noise else ""
        return (
            found
            and f"The noise of {self.device.profile} {found}: edgekit devices noise {self.device.profile}"
        )

    def noise(self, threads: int) -> float | None:
        """How far repeats are known to differ on the device with so many threads; None: that is not known."""
        return self._record.noise.spread(threads) if self._record.noise else None

    @property
    def partial(self) -> str | None:
        """Why the session is not whole; None: it is."""
        return self._record.partial

    @cached_property
    def references(self) -> dict[str, Reference]:
        """What the converting host said, by artefact's hash."""
        return {reference.sha256: reference for reference in self._record.references}

    @cached_property
    def evaluations(self) -> dict[str, Evaluation]:
        """Labels and the float model's predictions, by evaluation file's hash."""
        return {each.sha256: each for each in self.decode(_EVALUATIONS, self._record.evaluations)}

    def cells(self) -> Iterable[Cell]:
        """Everything that it measured."""
        return (Cell(self, measurement) for measurement in self._record.measurements)

    def decode(self, decoder: msgspec.json.Decoder[_T], raw: msgspec.Raw) -> _T:
        """Decode what was left.

        Raises:
            RecordError: The file is damaged there.
        """
        try:
            return decoder.decode(raw)
        except UNREADABLE as error:
            raise damaged(self.path or Path("a result"), SCHEMA, error) from error


@dataclass(frozen=True)
class Percentile:
    """A percentile of one process's latency, in ns; None where it has too few samples."""

    samples: int
    value: float | None


class Cell:
    """One measurement of one session."""

    def __init__(self, result: ResultFile, record: _Measurement) -> None:
        self.result, self._record = result, record
        self._times: dict[float, tuple[Percentile, ...]] = {}

    @property
    def device(self) -> str:
        """The device's name."""
        return self.result.device.profile

    @property
    def model(self) -> str:
        """The artefact set's name."""
        return self._record.artefact.set

    @property
    def artefact(self) -> Artefact:
        """The file that was measured."""
        return self._record.artefact

    @property
    def runtime(self) -> Runtime:
        """What executed it."""
        return self._record.runtime

    @property
    def runtime_names(self) -> tuple[str, str]:
        """What budgets call its runtime: without the version, and with it."""
        return self.runtime.name, f"{self.runtime.name}=={self.runtime.version}"

    @property
    def threads(self) -> int:
        """How many threads it was given."""
        return self._record.threads

    @property
    def affinity(self) -> tuple[int, ...]:
        """The CPUs that it was pinned to, in order; empty: not pinned."""
        return tuple(sorted({*self._record.affinity}))

    @property
    def input_sha256(self) -> str | None:
        """The hash of the timed input."""
        return self._record.input_sha256

    @property
    def subject(self) -> tuple[object, ...]:
        """What makes it the same cell in another session, whatever the file's content and the version."""
        what = (self.device, self.model, self.artefact.file, self.threads)
        return (*what, self.runtime.name, self.runtime.xnnpack, self.result.fps, self.affinity)

    @cached_property
    def tick(self) -> float:
        """The least step of the device's clock that the samples show, in ns."""
        repeats = self.result.decode(_REPEATS, self._record.repeats)
        return tick(repeats[0].samples_ns) if repeats else 0.0

    @property
    def memory(self) -> Memory | None:
        """Its memory; None: not measured."""
        return self._record.memory

    @property
    def flaw(self) -> Finding | None:
        """The first finding that makes it invalid; None: it is valid."""
        return flaw(self.findings)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What makes it invalid, or its reader should know."""
        return self._record.findings

    def times(self, percentile: float) -> tuple[Percentile, ...]:
        """Return a percentile of each process's latency.

        The samples are not kept: there may be millions in all.
        """
        if percentile not in self._times:
            repeats = self.result.decode(_REPEATS, self._record.repeats)
            ordered = [sorted(repeat.samples_ns) for repeat in repeats]
            for q in {percentile, *_PERCENTILES}:
                self._times[q] = tuple(Percentile(len(each), ordered_percentile(each, q)) for each in ordered)
        return self._times[percentile]

    @cached_property
    def accuracy(self) -> Accuracy | None:
        """Its predictions; None: not measured."""
        return self.result.decode(_ACCURACY, self._record.accuracy)

    @cached_property
    def instructions(self) -> Instructions | None:
        """Its counts; None: not counted."""
        return self.result.decode(_INSTRUCTIONS, self._record.instructions)


def read_session(result: Result | Path, order: int = 0) -> ResultFile:
    """Read one result, from a file or from memory.

    Args:
        result: A record, or a file's path.
        order: Of sessions of the same second, the greater counts as newer.

    Raises:
        RecordError: Not a result, damaged, or written by a newer edgekit.
    """
    if isinstance(result, Result):
        return ResultFile(result.path, _SESSION.decode(msgspec.json.encode(result)), order)
    path = result
    try:
        record = _SESSION.decode(path.read_bytes())
    except (OSError, *UNREADABLE):
        record = None
    if record is None or record.schema != SCHEMA:
        # upgrades what an earlier edgekit wrote, and says what is wrong with anything else
        record = decode_record(path, _Session, SCHEMA, UPGRADES)
    return ResultFile(path, record, order)
