"""Images that were read once and stay in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import empty
from edgekit.data.dataset import Dataset, LazyHashes, Split, UInt8
from edgekit.progress import Progress

_IN_MEMORY = 1 << 30  # bytes; more than this is read again each time
_READ_AT_ONCE = 256  # images


@dataclass(frozen=True)
class HeldImages:
    """Images as the contract makes them, uint8 [n, height, width, channels]."""

    pixels: UInt8

    def __len__(self) -> int:
        return len(self.pixels)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels]."""
        return self.pixels[np.asarray(indices, dtype=np.int64)]


def hold(
    split: Split, what: str, contract: Preprocessing, progress: Progress, limit: int | None = None
) -> Split:
    """Return the first `limit` images of a split, read once, with the hashes still to be computed.

    A split that is held already, or would take too much memory, is returned as it is.

    Args:
        split: What to read.
        what: What its images are for, in the progress display: `training`.
        contract: How they are read.
        progress: Receives the number of images read.
        limit: How many are needed; None: all.

    Raises:
        DataError: An image can no longer be read.
    """
    count = len(split) if limit is None else min(limit, len(split))
    too_much = count * math.prod(contract.input_shape) > _IN_MEMORY
    if too_much or isinstance(split.images, HeldImages):
        return split
    pixels = empty(count, contract)
    progress.step(f"Reading {what} images", total=count)
    for start in range(0, count, _READ_AT_ONCE):
        end = min(start + _READ_AT_ONCE, count)
        pixels[start:end] = split.images.read(range(start, end))
        progress.advance(end)
    held = HeldImages(pixels)
    lazy = isinstance(split.hashes, LazyHashes)
    return Split(held, split.labels[:count], LazyHashes(held) if lazy else split.hashes[:count])


def hold_unhashed(dataset: Dataset, progress: Progress) -> Dataset:
    """Hold the splits whose hashes are still to be computed: hashing reads every image."""

    def held(split: Split, what: str) -> Split:
        lazy = isinstance(split.hashes, LazyHashes)
        return hold(split, what, dataset.preprocessing, progress) if lazy else split

    return replace(
        dataset,
        train=held(dataset.train, "training"),
        calibration=held(dataset.calibration, "calibration"),
        evaluation=held(dataset.evaluation, "evaluation"),
    )
