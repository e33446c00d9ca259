"""Answers on the device read: how many are right, and how that compares with the float model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgekit import stats
from edgekit.results import Evaluation, Measurement, Reference

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class Accuracy:
    """Answers on the device; fractions. Intervals at 95 %.

    `drop` is the float model's accuracy minus this one's over the same images; its interval is
    the paired one, None where the float model's predictions are not in the result. Where the images have no
    known classes, the agreement takes the place of all three.
    """

    n: int
    correct: int | None
    value: float | None
    interval: tuple[float, float] | None
    drop: float | None
    drop_interval: tuple[float, float] | None
    agreement: float | None  # share of images with the float model's answer
    on_host: float | None  # the same file's accuracy on the computer that converted it
    by_label: float | None = None  # of a multi-label model: share of labels that are right, over all images


def accuracy_of(
    measurement: Measurement, reference: Reference | None, evaluations: dict[str, Evaluation]
) -> Accuracy | None:
    """Read a measurement's answers, going by those that the evaluation files hold; None: there are none."""
    import numpy as np

    seen = measurement.accuracy
    if seen is None or seen.n == 0:
        return None
    value = None if seen.correct is None else seen.correct / seen.n
    before = reference.keras_accuracy if reference else None
    drop = None if before is None or value is None else before - value
    interval, agreement, by_label = None, None, None
    truth = evaluations.get(seen.evaluation_sha256)
    if truth and seen.n == len(truth.keras) == len(truth.labels) == len(seen.predictions):
        labels, keras, here = (np.asarray(x) for x in (truth.labels, truth.keras, seen.predictions))
        if truth.labelled:
            drop, *ends = stats.paired_drop(keras == labels, here == labels)
            interval = (ends[0], ends[1])
            by_label = _by_label(truth, labels ^ here)
        agreement = float(np.mean(keras == here))
    return Accuracy(
        n=seen.n,
        correct=seen.correct,
        value=value,
        interval=None if seen.correct is None else stats.wilson(seen.correct, seen.n),
        drop=drop,
        drop_interval=interval,
        agreement=agreement,
        on_host=reference.accuracy if reference else None,
        by_label=by_label,
    )


def _by_label(truth: Evaluation, wrong: npt.NDArray[np.int64]) -> float | None:
    """Return the share of right labels, over all images; `wrong` has a bit for each wrong one."""
    if truth.head.kind != "multilabel" or not truth.classes:
        return None
    bits = [int(image).bit_count() for image in wrong.tolist()]
    return 1 - sum(bits) / (len(bits) * truth.classes)
