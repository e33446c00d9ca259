"""Whether a model's classes are in another order than the images' are numbered in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import numpy as np

from edgekit.conversion.quality import Reference
from edgekit.data.dataset import Int64
from edgekit.stats import wilson
from edgekit.units import percent

DOUBT = 15.0  # McNemar's statistic, (gained − lost)² / (gained + lost); by chance in 1 of 10,000 cases
_LONGEST = 1000  # characters of a command to type


def other_order(reference: Reference, labels: tuple[str, ...]) -> str | None:
    """Say in which other order of the same classes clearly more images are right; None: in none.

    Tried are the names sorted as text and as numbers, and the order that fits best: it is learned from
    half of the images (the assignment that maximises what is right) and judged on the other half.
    """
    given, right = reference.answers, reference.right
    if reference.head.kind not in ("top1", "binary") or given is None or right is None:
        return None
    best, found = DOUBT, None
    for order, judged in _orders(reference.labels, given, labels):
        theirs = given == _moved(reference.labels, labels, order)
        gained, lost = int((theirs & ~right)[judged].sum()), int((right & ~theirs)[judged].sum())
        if gained <= lost or (gained - lost) ** 2 / (gained + lost) <= best:
            continue
        n = int(judged.sum())
        if wilson(int(theirs[judged].sum()), n)[0] > wilson(int(right[judged].sum()), n)[1]:
            best = (gained - lost) ** 2 / (gained + lost)
            found = (order, float(right.mean()), float(theirs.mean()))
    return None if found is None else _sentence(labels, *found, n=len(right))


def _orders(
    truth: Int64, given: Int64, labels: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Yield orders of the classes, each with the images that may judge it."""
    everything = np.ones(len(truth), dtype=np.bool_)
    yield tuple(sorted(labels)), everything
    if all(label.isdecimal() for label in labels):
        yield tuple(sorted(labels, key=int)), everything
    half = np.zeros(len(truth), dtype=np.bool_)
    for label in np.unique(truth):
        half[np.flatnonzero(truth == label)[::2]] = True
    yield _learned(truth[half], given[half], labels), ~half


def _learned(truth: Int64, given: Int64, labels: tuple[str, ...]) -> tuple[str, ...]:
    """The order in which most answers are right; classes that no image is of keep to the places left."""
    from scipy.optimize import linear_sum_assignment

    seen = np.unique(truth)
    counts = np.zeros((len(seen), len(labels)))
    np.add.at(counts, (np.searchsorted(seen, truth), given), 1)
    rows, places = linear_sum_assignment(counts, maximize=True)
    order = [""] * len(labels)
    for row, place in zip(rows, places, strict=True):
        order[place] = labels[seen[row]]
    left = iter([label for label in labels if label not in set(order)])
    return tuple(name or next(left) for name in order)


def _moved(truth: Int64, labels: tuple[str, ...], order: tuple[str, ...]) -> Int64:
    """The place of each image's class in another order."""
    place = {label: i for i, label in enumerate(order)}
    return np.array([place[label] for label in labels], dtype=np.int64)[truth]


def _sentence(labels: tuple[str, ...], order: tuple[str, ...], own: float, other: float, *, n: int) -> str:
    first = next(i for i, pair in enumerate(zip(order, labels, strict=True)) if pair[0] != pair[1])
    start = ", ".join(order[: max(3, first + 1)]) + (", …" if len(order) > max(3, first + 1) else "")
    said = (
        f"With the classes in this order, the Keras model classifies {percent(own)} % of {n} evaluation "
        f"images correctly; in the order {start}, {percent(other)} %."
    )
    command = f"printf '%s\\n' {shlex.join(order)} > labels.txt"
    if len(command) > _LONGEST:
        return f"{said} Write that order to a file, one name on each line, and add --labels FILE."
    return f"{said} If the model was trained in that order: {command} and add --labels labels.txt"
