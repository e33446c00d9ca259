"""Which cells of two sides belong together, and whether they are alike enough to be compared.

What must be equal is checked, and unlike things are named rather than compared silently: the device, the
runtime with its version and options, the pinning, the pace and the timed input. The artefact's content may
differ: that is what changes with a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from msgspec.structs import replace

from edgekit.errors import UsageError
from edgekit.results import Device, Environment, Measurement, Result, Runtime, Together
from edgekit.words import plural

Across = Literal["device", "model", "artefact", "runtime", "threads"]
ACROSS: tuple[Across, ...] = get_args(Across)
_DEVICE = ("profile", "machine", "cpu", "cpus", "board", "emulated", "transport")


class Session(Protocol):
    """What is looked at of a session before its cells are compared, as `results.Result` has it."""

    @property
    def device(self) -> Device:
        """What it was measured on."""

    @property
    def before(self) -> Environment:
        """The device's state before measuring."""

    @property
    def fps(self) -> float | None:
        """Spaced inferences per second."""


class Measured(Protocol):
    """What is looked at of a cell, as `results.Measurement` has it."""

    @property
    def runtime(self) -> Runtime:
        """What executed it."""

    @property
    def affinity(self) -> tuple[int, ...]:
        """The CPUs that it was pinned to."""

    @property
    def input_sha256(self) -> str | None:
        """The hash of the timed input."""


@dataclass(frozen=True)
class Side:
    """One measurement and the session it is from."""

    result: Result
    measurement: Measurement

    def variant(self, across: Across | None) -> str:
        """What this side is called in the dimension that may differ; empty: none may."""
        return _NAMES[across](self) if across else ""

    @property
    def label(self) -> str:
        """What was measured, in words."""
        threads = self.measurement.threads
        return (
            f"{self.measurement.artefact.set}/{self.measurement.artefact.file} · {_runtime(self)} · "
            f"{plural(threads, 'thread')}"
        )


@dataclass(frozen=True)
class Pair:
    """Two cells that are alike in everything but what may differ."""

    baseline: Side
    candidate: Side
    together: Together | None = None  # how they were measured, if that was in one interleaved session


@dataclass(frozen=True)
class Unlike:
    """Two cells that belong together and differ in what must be the same."""

    label: str
    seen: str  # what differs, and how
    hint: str

    def __str__(self) -> str:
        return f"{self.label}: not comparable ({self.seen})."


@dataclass(frozen=True)
class Pairs:
    """What belongs together, and what is left over on either side."""

    pairs: tuple[Pair, ...]
    missing: tuple[Side, ...]  # only in the baseline
    new: tuple[Side, ...]  # only in the candidate
    unlike: tuple[Unlike, ...] = ()


@dataclass(frozen=True)
class Only:
    """Which cells are compared; empty: all."""

    runtimes: tuple[str, ...] = ()  # NAME or NAME==VERSION
    threads: tuple[int | Literal["all"], ...] = ()
    artefacts: tuple[str, ...] = ()  # names of files

    def of(self, result: Result) -> Result:
        """Return the result with those cells alone.

        Raises:
            UsageError: Nothing has one of the names.
        """
        if self == Only():
            return result
        cpus, left = result.device.cpus, list(result.measurements)
        named: tuple[tuple[str, Sequence[object], Callable[[Measurement], Sequence[object]]], ...] = (
            ("artefact", self.artefacts, lambda m: (m.artefact.file,)),
            ("runtime", self.runtimes, lambda m: (m.runtime.name, f"{m.runtime.name}=={m.runtime.version}")),
            (
                "threads",
                [cpus if count == "all" else count for count in self.threads],
                lambda m: (m.threads,),
            ),
        )
        for what, wanted, names in named:
            there = dict.fromkeys(name for measurement in left for name in names(measurement))
            if absent := [name for name in wanted if name not in there]:
                raise UsageError(
                    f"A result has no {what} {absent[0]}{' among the rest' if left else ''}.",
                    f"It has {', '.join(map(str, there)) or 'nothing'}.",
                )
            left = [each for each in left if not wanted or {*wanted} & {*names(each)}]
        return replace(result, measurements=tuple(left))


def pair_results(baseline: Result, candidate: Result, across: Across | None = None) -> Pairs:
    """Pair the cells of two results.

    Args:
        baseline: What is compared with.
        candidate: What is judged.
        across: The dimension that may differ; it is then neither matched nor checked.

    """
    before, after = _grouped(baseline, across), _grouped(candidate, across)
    pairs: list[Pair] = []
    for key, group in before.items():
        others = after.get(key, [])
        if len(group) == len(others) == 1:
            pairs.append(Pair(group[0], others[0]))
            continue
        for side in group:
            same = [other for other in others if _exactly(other) == _exactly(side)]
            pairs += [Pair(side, other) for other in same[:1]]
    alike, unlike = _sorted(pairs, across)
    return Pairs(
        alike,
        _left(before, [pair.baseline for pair in pairs]),
        _left(after, [pair.candidate for pair in pairs]),
        unlike,
    )


def measured_together(baseline: Result, candidate: Result) -> bool:
    """Whether two results are the sides of one interleaved session."""
    sides = (baseline.together, candidate.together)
    return all(sides) and len({side.session for side in sides if side}) == 1 and sides[0] != sides[1]


def pair_together(baseline: Result, candidate: Result) -> Pairs:
    """Pair the cells of the two sides of one session: by file, or the only files that they have.

    Whatever must be equal was the same for both; what a runtime made of a file, such as another delegate, is
    part of what is compared.
    """
    results = (baseline, candidate)
    single = all(len({m.artefact.sha256 for m in result.measurements}) == 1 for result in results)
    before, after = (
        {
            ("" if single else m.artefact.file, m.runtime.label, m.threads): Side(result, m)
            for m in result.measurements
        }
        for result in results
    )
    return Pairs(
        tuple(Pair(side, after[key], baseline.together) for key, side in before.items() if key in after),
        tuple(side for key, side in before.items() if key not in after),
        tuple(side for key, side in after.items() if key not in before),
    )


def pair_within(result: Result, across: Across, baseline: str | None = None) -> Pairs:
    """Pair the cells of one result that differ in one dimension, each with the baseline's.

    Args:
        result: One session.
        across: The dimension: not the device, since a session has one.
        baseline: The baseline's name in it; None: the first that was measured, among those that are alike in
            all else.

    Raises:
        UsageError: There is no such baseline, or nothing to compare with it.
    """
    sides = [Side(result, measurement) for measurement in result.measurements]
    names = list(dict.fromkeys(side.variant(across) for side in sides))
    chosen = names[0] if baseline is None and names else baseline
    if chosen not in names or len(names) < 2:
        raise UsageError(
            f"The result has no {across} {chosen!r} to compare others with."
            if len(names) > 1
            else f"The result has only one {across}: {', '.join(names) or 'none'}.",
            f"It has {', '.join(names) or 'no measurements'}.",
        )
    pairs: list[Pair] = []
    missing: list[Side] = []
    new: list[Side] = []
    for group in _grouped(result, across).values():
        there = {side.variant(across) for side in group}
        # a runtime that executes other formats has a first file of its own
        name = chosen if chosen in there or baseline is not None else group[0].variant(across)
        first = [side for side in group if side.variant(across) == name]
        others = [side for side in group if side.variant(across) != name]
        pairs += [Pair(_alike(first, other), other) for other in others if first]
        missing += first if not others else []
        new += others if not first else []
    alike, unlike = _sorted(pairs, across)
    return Pairs(alike, tuple(missing), tuple(new), unlike)


def _alike(first: Sequence[Side], other: Side) -> Side:
    """Return the one of the same runtime, where several versions of one were measured."""
    same = (side for side in first if side.measurement.runtime.label == other.measurement.runtime.label)
    return next(same, first[0])


def _runtime(side: Side) -> str:
    return side.measurement.runtime.label


_NAMES: dict[Across, Callable[[Side], str]] = {
    "device": lambda side: side.result.device.profile,
    "model": lambda side: side.measurement.artefact.set,
    "artefact": lambda side: side.measurement.artefact.file,
    "runtime": _runtime,
    "threads": lambda side: str(side.measurement.threads),
}


def _grouped(result: Result, across: Across | None) -> dict[tuple[str, ...], list[Side]]:
    """Group a result's cells by what must match: name by name, without versions and contents."""
    groups: dict[tuple[str, ...], list[Side]] = {}
    for measurement in result.measurements:
        artefact, runtime = measurement.artefact, measurement.runtime
        names = {
            "model": artefact.set,
            "artefact": artefact.file,
            "runtime": runtime.name,
            "threads": str(measurement.threads),
        }
        key = tuple(name for dimension, name in names.items() if dimension != across)
        groups.setdefault(key, []).append(Side(result, measurement))
    return groups


def _exactly(side: Side) -> tuple[str, ...]:
    """Every name of a cell, its runtime's version included."""
    return tuple(_NAMES[dimension](side) for dimension in ACROSS if dimension != "device")


def _left(groups: dict[tuple[str, ...], list[Side]], used: Sequence[Side]) -> tuple[Side, ...]:
    taken = {id(side) for side in used}
    return tuple(side for group in groups.values() for side in group if id(side) not in taken)


def _sorted(pairs: Iterable[Pair], across: Across | None) -> tuple[tuple[Pair, ...], tuple[Unlike, ...]]:
    """Tell pairs that may be compared from those that differ in what is checked."""
    alike, unlike = [], []
    for pair in pairs:
        before, after = (
            checked(side.result, side.measurement, across) for side in (pair.baseline, pair.candidate)
        )
        differing = [key for key in before if before[key] != after[key]]
        if not differing:
            alike.append(pair)
            continue
        seen = "; ".join(f"{key}: {before[key]!r} and {after[key]!r}" for key in differing)
        label = _arrow(pair.baseline.label, pair.candidate.label, across)
        unlike.append(Unlike(label, seen, _hint(differing[0], across)))
    return tuple(alike), tuple(unlike)


def _arrow(before: str, after: str, across: Across | None) -> str:
    return before if before == after or not across else f"{before} → {after}"


def _hint(differing: str, across: Across | None) -> str:
    """Say how two sides may be compared in spite of what differs; one dimension at a time may."""
    dimension = _DIMENSIONS.get(differing.partition(" ")[0])
    if dimension and across is None:
        return f"If that is what you want to compare: --across {dimension}."
    return "Measure both sides alike."


_DIMENSIONS = {"device": "device", "governor": "device", "runtime": "runtime"}


def checked(result: Session, measurement: Measured, across: Across | None) -> dict[str, object]:
    """What both sides of a pair must have in common."""
    found: dict[str, object] = {}
    if across != "device":
        found |= {f"device {key}": getattr(result.device, key) for key in _DEVICE}
        found |= {"governor": result.before.governor, "affinity": measurement.affinity}
        if not result.device.timed:  # how the C library finds memory is in the counts
            found["device libc"] = result.device.libc
    if across != "runtime":
        runtime = measurement.runtime
        found |= {
            "runtime version": runtime.version,
            "runtime delegate": runtime.delegate,
            "runtime options": runtime.options,
        }
    if across not in ("model", "artefact"):
        found["timed input"] = measurement.input_sha256
    return found | {"inferences per second (--fps)": result.fps}
