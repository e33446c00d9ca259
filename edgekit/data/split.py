"""Deterministic, stratified, disjoint splits, decided by what the images show and not by their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgekit.artefact import Preprocessing
from edgekit.data.dataset import Dataset, Images, Int64, Split, UInt8
from edgekit.errors import DataError
from edgekit.files import sha256_bytes
from edgekit.progress import SILENT, Progress
from edgekit.words import plural

EVALUATION_SHARE = 0.25
CALIBRATION_SHARE = 0.15
CALIBRATION_MAXIMUM = 500  # images; ranges settle well before that
_DRAW = 0  # changing it divides every dataset anew, and makes trained models' evaluations worthless


@dataclass(frozen=True)
class Sizes:
    """Images of each class for calibration and evaluation; None: the shares above."""

    calibration: int | None = None
    evaluation: int | None = None


@dataclass(frozen=True)
class Subset:
    """Some of the images of a source, in an order of their own."""

    source: Images
    indices: Int64

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels]."""
        return self.source.read([int(self.indices[i]) for i in indices])


def split_images(
    images: Images,
    labels: Int64,
    hashes: Sequence[str],
    names: Sequence[str],
    *,
    held_out: npt.NDArray[np.bool_] | None = None,
    aside: npt.NDArray[np.bool_] | None = None,
    sizes: Sizes | None = None,
    progress: Progress = SILENT,
) -> tuple[Split, Split, Split]:
    """Divide images into train, calibration and evaluation.

    Copies of an image (equal hashes) are used once; an image in two classes is not used.
    Within a class the order is drawn from the hashes alone: neither file names, nor the order of reading,
    nor a seed can move an image that one model was trained on into the evaluation of another. Every split
    goes round the classes, so that its beginning is stratified too.

    Args:
        labels: Class index of each image, [n].
        hashes: SHA-256 of each image's content.
        names: Class names, by class index.
        held_out: [n], true for the images the source itself sets aside for evaluation.
        aside: [n], true for those it sets aside for calibration; of a class without any, some are drawn.

    Raises:
        DataError: A class has too few different images, or none are left for evaluation.
    """
    sizes, own = sizes or Sizes(), _Own(held_out, aside)
    chosen = _distinct(labels, hashes, own, progress)
    order = sorted(chosen, key=lambda i: _draw(hashes[i]))
    parts: tuple[list[tuple[int, int, int]], ...] = ([], [], [])
    for label, name in enumerate(names):
        members = [i for i in order if labels[i] == label]
        found = _divide(members, name, len(names), own, sizes)
        for part, indices in zip(parts, found, strict=True):
            part.extend((rank, label, i) for rank, i in enumerate(indices))
    train, calibration, evaluation = (
        _subset(images, labels, hashes, [i for _, _, i in sorted(part)]) for part in parts
    )
    if not len(evaluation):
        raise DataError(
            "The part of the dataset set aside for evaluation has no usable images.",
            "Add some, or remove that part to have one drawn from the rest.",
        )
    return train, calibration, evaluation


def split_together(
    images: Images,
    labels: Int64,
    hashes: Sequence[str],
    *,
    held_out: npt.NDArray[np.bool_] | None = None,
    progress: Progress = SILENT,
) -> tuple[Split, Split, Split]:
    """Divide images that are in no classes into train, calibration and evaluation, as `split_images` does.

    Args:
        images: All of them.
        labels: What is known of each image, [n]; copies that contradict each other are not used.
        hashes: SHA-256 of each image's content.
        held_out: [n], true for the images the source itself sets aside for evaluation.
        progress: Told of images that are not used.

    Raises:
        DataError: There are not two different images.
    """
    own = _Own(held_out)
    chosen = _distinct(labels, hashes, own, progress)
    order = sorted(chosen, key=lambda i: _draw(hashes[i]))
    pool = [i for i in order if not own.evaluates(i)]
    evaluation = [i for i in order if own.evaluates(i)]
    drawn = max(1, round(len(pool) * EVALUATION_SHARE)) if held_out is None else 0
    evaluation, pool = evaluation + pool[:drawn], pool[drawn:]
    if not pool or not evaluation:
        raise DataError(
            f"There is {plural(len(order), 'usable image')}.",
            "Give at least two different ones: calibration and evaluation share none.",
        )
    ends = pool[CALIBRATION_MAXIMUM:], pool[:CALIBRATION_MAXIMUM], evaluation
    train, calibration, evaluated = (_subset(images, labels, hashes, part) for part in ends)
    return train, calibration, evaluated


def calibrating(
    images: Images, hashes: Sequence[str], others: Sequence[str], progress: Progress = SILENT
) -> Split:
    """Return as many different images as calibration takes at most, except those with the hashes `others`.

    Raises:
        DataError: There are no others.
    """
    labels, evaluated = np.full(len(hashes), -1, dtype=np.int64), set(others)
    chosen = _distinct(labels, hashes, _Own(), progress)
    left = sorted((i for i in chosen if hashes[i] not in evaluated), key=lambda i: _draw(hashes[i]))
    if not left:
        raise DataError(
            "Every calibration image is also an evaluation image.",
            "Calibrate on other images: evaluating a file on its calibration images proves nothing.",
        )
    return _subset(images, labels, hashes, left[:CALIBRATION_MAXIMUM])


def unlabelled(
    name: str, images: Images, hashes: Sequence[str], preprocessing: Preprocessing, progress: Progress
) -> Dataset:
    """Return images without classes as a dataset; each one's label is −1."""
    labels = np.full(len(images), -1, dtype=np.int64)
    return Dataset(name, (), preprocessing, *split_together(images, labels, hashes, progress=progress))


@dataclass(frozen=True)
class _Own:
    """What a source sets aside itself."""

    held_out: npt.NDArray[np.bool_] | None = None  # for evaluation
    aside: npt.NDArray[np.bool_] | None = None  # for calibration

    def evaluates(self, i: int) -> bool:
        """Whether it is an image to evaluate with."""
        return self.held_out is not None and bool(self.held_out[i])

    def calibrates(self, i: int) -> bool:
        """Whether it is an image to calibrate with, and never to train on."""
        return self.aside is not None and bool(self.aside[i]) and not self.evaluates(i)

    def strength(self, i: int) -> int:
        """Of copies of an image in several parts, the one with the lowest number is used."""
        return 0 if self.evaluates(i) else 1 if self.calibrates(i) else 2


def _draw(digest: str) -> str:
    """What an image's place in the order follows from."""
    return sha256_bytes(f"{_DRAW}:{digest}".encode())


def _distinct(labels: Int64, hashes: Sequence[str], own: _Own, progress: Progress) -> list[int]:
    """One index for each image; evaluation images win over their copies elsewhere."""
    first: dict[str, int] = {}
    classes: dict[str, set[int]] = {}
    order = sorted(range(len(hashes)), key=own.strength)
    for i in order:
        first.setdefault(hashes[i], i)
        classes.setdefault(hashes[i], set()).add(int(labels[i]))
    conflicts = {digest for digest, found in classes.items() if len(found) > 1}
    chosen = [i for digest, i in first.items() if digest not in conflicts]
    if copies := len(hashes) - len(first):
        are = "is a copy of another" if copies == 1 else "are copies of others"
        progress.note(f"{plural(copies, 'image')} {are}; each image is used once.")
    if conflicts:
        are = "is" if len(conflicts) == 1 else "are"
        what = plural(len(conflicts), "image")
        progress.note(f"{what} {are} in more than one class and {are} not used.")
    return chosen


def _divide(
    members: list[int], name: str, classes: int, own: _Own, sizes: Sizes
) -> tuple[list[int], list[int], list[int]]:
    """Divide one class into train, calibration and evaluation."""
    evaluation = [i for i in members if own.evaluates(i)]
    calibration = [i for i in members if own.calibrates(i)]
    pool = [i for i in members if own.strength(i) == 2]
    wanted = drawn = 0
    if own.held_out is None:
        wanted = sizes.evaluation or max(1, round(len(members) * EVALUATION_SHARE))
    if not calibration:
        share = min(round(len(pool) * CALIBRATION_SHARE), CALIBRATION_MAXIMUM // classes)
        drawn = sizes.calibration or max(1, share)
    if len(pool) < wanted + drawn + 1:
        raise DataError(
            f"Class {name!r} has {plural(len(pool), 'different usable image')}"
            + ("." if own.held_out is None else " outside the evaluation part."),
            f"It needs at least {wanted + drawn + 1}: training, calibration and evaluation share none.",
        )
    calibration = calibration[: max(1, CALIBRATION_MAXIMUM // classes)] or pool[wanted : wanted + drawn]
    return pool[wanted + drawn :], calibration, evaluation + pool[:wanted]


def _subset(images: Images, labels: Int64, hashes: Sequence[str], indices: list[int]) -> Split:
    where = np.asarray(indices, dtype=np.int64)
    return Split(Subset(images, where), labels[where], tuple(hashes[i] for i in indices))
