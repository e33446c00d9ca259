"""Reading a metric off a cell: its value, and the bounds between which the truth is.

Latency is the median of the repeats' own percentiles, bounded by Student's t on them, and by the device's
noise where that is known (`stats.repeat_bounds`).
So are instructions that a CPU's own counter gave, by the medians of the model's loads. Those of an emulated
CPU, sizes, memory, and accuracy on its images are taken as they are.

Each function takes a cell and raises RecordError where its result file is damaged.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from operator import eq

from edgekit import stats
from edgekit.budget.cells import Cell
from edgekit.results import Accuracy, Evaluation

CONFIDENCE = 0.99  # of each bound alone
_NO_KERAS = "what the float model says on the same images is not in the result"
_UNLABELLED = "the images' classes are not known; a limit on `agreement` applies to them"


@dataclass(frozen=True)
class Figure:
    """What was measured, in the metric's unit. Equal bounds: the same on every run."""

    value: float | None
    low: float = 0.0
    high: float = inf
    repeats: tuple[float, ...] = ()  # one per process, where there are several
    doubt: str = ""  # why the bounds say nothing
    note: str = ""
    noise: float | None = None  # how far repeats are known to differ, relative


@dataclass(frozen=True)
class Images:
    """Which images of an evaluation set count for a share."""

    evaluation: str  # hash of the evaluation set
    counted: tuple[bool, ...]


@dataclass(frozen=True)
class Absent:
    """Why there is no figure."""

    reason: str
    applies: bool = True  # False: this device cannot have the metric


def exact(value: float, note: str = "") -> Figure:
    """Return a figure that is the same on every run."""
    return Figure(value, value, value, note=note)


def latency(cell: Cell, percentile: float) -> Figure | Absent:
    """Return a percentile of the latency, in ns."""
    if cell.result.device.emulated:
        return Absent(f"{cell.device} is emulated: it has no times of the board", applies=False)
    times = cell.times(percentile)
    if not times:
        return Absent("latency was not measured")
    known = tuple(each.value for each in times if each.value is not None)
    if len(known) < len(times):
        fewest = min(each.samples for each in times)
        doubt = (
            f"a repeat has {fewest} samples, and p{percentile:.0f} needs {stats.percentile_floor(percentile)}"
        )
        return Figure(statistics.median(known) if known else None, doubt=doubt)
    noise = cell.result.noise(cell.threads)
    bounds = stats.repeat_bounds(known, CONFIDENCE, noise)
    if bounds is None:
        return Figure(known[0], doubt="a single repeat shows no spread")
    return Figure(bounds.value, bounds.low, bounds.high, known, noise=noise)


def size(cell: Cell) -> Figure:
    """Return the file's size, in bytes."""
    return exact(cell.artefact.bytes)


def peak_memory(cell: Cell) -> Figure | Absent:
    """Return the highest resident set of a process that only infers, in bytes."""
    return exact(cell.memory.peak) if cell.memory else Absent("memory was not measured")


def instructions(cell: Cell) -> Figure | Absent:
    """Return the instructions per inference."""
    counted = cell.instructions
    if counted is None or not counted.per_inference:
        return Absent("instructions were not counted")
    if counted.emulated:
        return exact(statistics.median(counted.per_inference), counted.source)
    bounds = stats.repeat_bounds(counted.medians, CONFIDENCE)
    if bounds is None:
        return Figure(counted.medians[0], doubt="a model that was loaded once shows no spread")
    return Figure(bounds.value, bounds.low, bounds.high, note=counted.source)


def accuracy(cell: Cell) -> Figure | Absent:
    """Return the share of right answers on the device, a fraction."""
    seen = cell.accuracy
    if seen is None or seen.n == 0:
        return Absent("accuracy was not measured")
    if seen.correct is None:
        return Absent(_UNLABELLED)
    truth = cell.result.evaluations.get(seen.evaluation_sha256)
    part = f"on {seen.n} of {len(truth.labels)} images" if truth and seen.n < len(truth.labels) else ""
    return exact(seen.correct / seen.n, part)


def accuracy_drop(cell: Cell) -> Figure | Absent:
    """Return the accuracy lost from the float model on the same images, a fraction."""
    seen = cell.accuracy
    if seen is None or seen.n == 0:
        return Absent("accuracy was not measured")
    if seen.correct is None:
        return Absent(_UNLABELLED)
    keras = _keras(cell, seen)
    return Absent(_NO_KERAS) if keras is None else exact((keras - seen.correct) / seen.n)


def agreement(cell: Cell) -> Figure | Absent:
    """Return the share of images with the float model's own answer, a fraction."""
    seen = cell.accuracy
    if seen is None or seen.n == 0:
        return Absent("accuracy was not measured")
    truth = cell.result.evaluations.get(seen.evaluation_sha256)
    if not truth or not seen.n == len(truth.keras) == len(seen.predictions):
        return Absent(_NO_KERAS)
    same = sum(keras == here for keras, here in zip(truth.keras, seen.predictions, strict=True))
    return exact(same / seen.n)


def right_images(cell: Cell) -> Images | None:
    """Return which images were right; None: that is not in the result."""
    truth = _truth(cell)
    found = _equal(cell, truth.labels) if truth else None
    return found if found and cell.accuracy and sum(found.counted) == cell.accuracy.correct else None


def same_images(cell: Cell) -> Images | None:
    """Return which images got the float model's own answer; None: that is not in the result."""
    truth = _truth(cell)
    return _equal(cell, truth.keras) if truth else None


def _truth(cell: Cell) -> Evaluation | None:
    return cell.result.evaluations.get(cell.accuracy.evaluation_sha256) if cell.accuracy else None


def _equal(cell: Cell, answers: Sequence[int]) -> Images | None:
    seen = cell.accuracy
    if seen is None or len(seen.predictions) != len(answers):
        return None
    return Images(seen.evaluation_sha256, tuple(map(eq, seen.predictions, answers)))


def _keras(cell: Cell, seen: Accuracy) -> float | None:
    """Return how many of the same images the float model has right; None: not known."""
    truth = cell.result.evaluations.get(seen.evaluation_sha256)
    if truth and seen.n == len(truth.keras) == len(truth.labels):
        return sum(keras == label for keras, label in zip(truth.keras, truth.labels, strict=True))
    reference = cell.result.references.get(cell.artefact.sha256)
    if reference and (truth is None or seen.n == len(truth.labels)):
        return None if reference.keras_accuracy is None else reference.keras_accuracy * seen.n
    return None
