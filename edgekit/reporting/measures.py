"""The figures of a report for programs that track them: one name per cell, one value per measure.

What is invalid is left out: a figure that cannot be trusted is not a point of a curve. Where only the pace of
the device is to blame, that is its times alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edgekit.reporting.report import Report
from edgekit.reporting.rows import Row
from edgekit.reporting.session import Session
from edgekit.results import flaw, without


@dataclass(frozen=True)
class Figure:
    """A value with the range that it is known to; in the measure's unit."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Measure:
    """What can be tracked."""

    name: str  # words, separated by a -
    unit: str
    base_unit: str  # as OpenMetrics has it; empty: a count
    scale: float  # from the unit to the base unit
    read: Callable[[Row], Figure | None]
    bigger_is_better: bool = False
    any_pace: bool = True  # the same however fast the device was


@dataclass(frozen=True)
class Subject:
    """One cell: what was measured, and its figures by measure."""

    labels: dict[str, str]  # device, model, artefact, runtime, threads, …
    figures: dict[str, Figure] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """All of it in one line: `rpi4/digits/int8.tflite litert threads=1`."""
        first = "/".join(self.labels[key] for key in ("device", "model", "artefact"))
        rest = (f"{key}={self.labels[key]}" for key in self.labels if key not in _FIRST)
        return " ".join((first, self.labels["runtime"], *rest))


_FIRST = ("device", "model", "artefact", "runtime")


def _p50(row: Row) -> Figure | None:
    return Figure(row.latency.p50.value, row.latency.p50.low, row.latency.p50.high) if row.latency else None


def _p90(row: Row) -> Figure | None:
    seen = row.latency
    if seen is None or seen.p90 is None:
        return None
    return Figure(seen.p90, *(seen.p90_range or (None, None)))


def _instructions(row: Row) -> Figure | None:
    seen = row.instructions
    return Figure(seen.median.value, seen.median.low, seen.median.high) if seen else None


def _accuracy(row: Row) -> Figure | None:
    seen = row.accuracy
    if seen is None or seen.value is None:
        return None
    low, high = seen.interval or (None, None)
    return Figure(seen.value, low, high)


def _agreement(row: Row) -> Figure | None:
    seen = row.accuracy
    return Figure(seen.agreement) if seen and seen.agreement is not None else None


MEASURES = (
    # `latency`, `file-size` and `instructions` are Bencher's own names for these, in these units
    Measure("latency", "ns", "seconds", 1e-9, _p50, any_pace=False),
    Measure("latency-p90", "ns", "seconds", 1e-9, _p90, any_pace=False),
    Measure("instructions", "instructions", "", 1, _instructions),
    Measure("file-size", "bytes", "bytes", 1, lambda row: Figure(row.bytes)),
    Measure("peak-memory", "bytes", "bytes", 1, lambda row: Figure(row.memory.peak) if row.memory else None),
    Measure("accuracy", "fraction", "ratio", 1, _accuracy, bigger_is_better=True),
    Measure("agreement", "fraction", "ratio", 1, _agreement, bigger_is_better=True),
)


def subjects(report: Report) -> tuple[Subject, ...]:
    """Return every cell with its valid figures; of sessions that measured the same, the newest one counts."""
    newest: dict[str, Subject] = {}
    for session in sorted(report.sessions, key=lambda each: each.result.created):
        for subject in _of(session):
            newest[subject.name] = subject
    return tuple(newest.values())


def _of(session: Session) -> Iterator[Subject]:
    result = session.result
    names = [_runtime(session, row) for row in session.rows]
    for row, runtime in zip(session.rows, names, strict=True):
        findings = result.measurements[row.index].findings
        figures = {
            measure.name: seen
            for measure in MEASURES
            if not flaw(findings, any_pace=measure.any_pace) and (seen := measure.read(row))
        }
        if not figures:
            continue
        labels = {
            "device": result.device.profile,
            "model": row.set,
            "artefact": row.artefact,
            # two versions in one session are told apart, one is not named: it changes, and the curve goes on
            "runtime": row.runtime if _twice(session, row) else runtime,
            "threads": str(row.threads),
        }
        if row.affinity:
            labels["cpus"] = ",".join(map(str, row.affinity))
        if result.fps:
            labels["fps"] = f"{result.fps:g}"
        yield Subject(labels, figures)


def _runtime(session: Session, row: Row) -> str:
    runtime = session.result.measurements[row.index].runtime
    return runtime.name + without(runtime.xnnpack)


def _twice(session: Session, row: Row) -> bool:
    """Whether another version of its runtime measured the same."""
    return any(
        other.runtime != row.runtime
        and _runtime(session, other) == _runtime(session, row)
        and (other.set, other.artefact, other.threads) == (row.set, row.artefact, row.threads)
        for other in session.rows
    )
