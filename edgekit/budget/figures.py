"""One metric of one cell: its value, and the bounds between which the truth lies."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from math import inf

from edgekit import stats
from edgekit.budget.cells import Cell
from edgekit.budget.metrics import Metric
from edgekit.results import Accuracy

CONFIDENCE = 0.99  # of each bound alone


@dataclass(frozen=True)
class Figure:
    """What was measured, in the metric's unit. Equal bounds: the same on every run."""

    value: float | None
    low: float = 0.0
    high: float = inf
    repeats: tuple[float, ...] = ()  # one a process, where there are several
    doubt: str = ""  # why the bounds say nothing
    note: str = ""


@dataclass(frozen=True)
class Absent:
    """Why there is no figure."""

    reason: str
    applies: bool = True  # False: this device cannot have the metric


def figure(cell: Cell, metric: Metric) -> Figure | Absent:
    """Return a cell's figure of a metric, or why there is none.

    Latency is the median of the repeats' own percentiles, bounded by Student's t on them
    (`stats.repeat_bounds`), and so are instructions read from a CPU's own counter, by the medians of the
    model's loads; those of an emulated CPU, sizes, memory and accuracy on its pictures are taken as they are.

    Raises:
        RecordError: The result file is damaged there.
    """
    if metric.timed:
        return _latency(cell, metric)
    if metric.key == "size":
        return _exact(cell.artefact.bytes)
    if metric.key == "peak_memory":
        return _exact(cell.memory.peak) if cell.memory else Absent("memory was not measured")
    if metric.key == "instructions":
        return _instructions(cell)
    return _accuracy(cell, metric)


def _exact(value: float, note: str = "") -> Figure:
    return Figure(value, value, value, note=note)


def _latency(cell: Cell, metric: Metric) -> Figure | Absent:
    if cell.session.device.emulated:
        return Absent(f"{cell.device} is emulated: it has no times of the board", applies=False)
    if not cell.times:
        return Absent("latency was not measured")
    values = [each.percentiles[metric.percentile] for each in cell.times]
    known = tuple(value for value in values if value is not None)
    if len(known) < len(values):
        fewest = min(each.samples for each in cell.times)
        floor = stats.percentile_floor(metric.percentile)
        doubt = f"a repeat has {fewest} samples, and p{metric.percentile:.0f} needs {floor}"
        return Figure(statistics.median(known) if known else None, doubt=doubt)
    bounds = stats.repeat_bounds(known, CONFIDENCE)
    if bounds is None:
        return Figure(known[0], doubt="a single repeat shows no spread")
    return Figure(bounds.value, bounds.low, bounds.high, known)


def _instructions(cell: Cell) -> Figure | Absent:
    counted = cell.instructions
    if counted is None or not counted.per_inference:
        return Absent("instructions were not counted")
    if counted.source.startswith("qemu "):
        return _exact(statistics.median(counted.per_inference), counted.source)
    bounds = stats.repeat_bounds(counted.medians, CONFIDENCE)
    if bounds is None:
        return Figure(counted.medians[0], doubt="a model that was loaded once shows no spread")
    return Figure(bounds.value, bounds.low, bounds.high, note=counted.source)


def _accuracy(cell: Cell, metric: Metric) -> Figure | Absent:
    seen = cell.accuracy
    if seen is None or seen.n == 0:
        return Absent("accuracy was not measured")
    truth = cell.session.evaluations.get(seen.evaluation_sha256)
    part = f"on {seen.n} of {len(truth.labels)} pictures" if truth and seen.n < len(truth.labels) else ""
    if metric.key == "accuracy":
        return _exact(seen.correct / seen.n, part)
    keras = _keras(cell, seen)
    if keras is None:
        return Absent("what the float Keras model says on the same pictures is not in the result")
    return _exact((keras - seen.correct) / seen.n)


def _keras(cell: Cell, seen: Accuracy) -> float | None:
    """How many of the same pictures the float Keras model has right."""
    truth = cell.session.evaluations.get(seen.evaluation_sha256)
    if truth and seen.n == len(truth.keras) == len(truth.labels):
        return sum(keras == label for keras, label in zip(truth.keras, truth.labels, strict=True))
    reference = cell.session.references.get(cell.artefact.sha256)
    if reference and (truth is None or seen.n == len(truth.labels)):
        return reference.keras_accuracy * seen.n
    return None
