"""Pictures that were read once and stay in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data import Dataset, Split
from edgekit.data.dataset import LazyHashes, UInt8
from edgekit.progress import Progress

_IN_MEMORY = 1 << 30  # bytes; more than this is read again each time
_READ_AT_ONCE = 256  # pictures


@dataclass(frozen=True)
class HeldPictures:
    """Pictures as the contract makes them, uint8 [n, height, width, 3]."""

    images: UInt8

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those pictures as uint8 [n, height, width, 3]."""
        return self.images[np.asarray(indices, dtype=np.int64)]


def hold(split: Split, what: str, contract: Preprocessing, progress: Progress) -> Split:
    """Return a split whose pictures, and hashes still to be computed, come from memory.

    One that is held already, or would take too much memory, is returned as it is.

    Args:
        split: To read.
        what: Its pictures are, for the progress display: `training`.
        contract: That they are read by.
        progress: Counts pictures.

    Raises:
        DataError: A picture can no longer be read.
    """
    count = len(split)
    too_much = count * contract.height * contract.width * 3 > _IN_MEMORY
    if too_much or isinstance(split.pictures, HeldPictures):
        return split
    held = np.empty((count, contract.height, contract.width, 3), dtype=np.uint8)
    progress.step(f"Reading {what} pictures", total=count)
    done = 0
    for images, _ in split.batches(_READ_AT_ONCE):
        held[done : done + len(images)] = images
        done += len(images)
        progress.advance(done)
    pictures = HeldPictures(held)
    lazy = isinstance(split.hashes, LazyHashes)
    return Split(pictures, split.labels, LazyHashes(pictures) if lazy else split.hashes)


def hold_unhashed(dataset: Dataset, progress: Progress) -> Dataset:
    """Hold the splits whose hashes are still to be computed: hashing reads every picture."""

    def held(split: Split, what: str) -> Split:
        lazy = isinstance(split.hashes, LazyHashes)
        return hold(split, what, dataset.preprocessing, progress) if lazy else split

    return replace(
        dataset,
        train=held(dataset.train, "training"),
        calibration=held(dataset.calibration, "calibration"),
        evaluation=held(dataset.evaluation, "evaluation"),
    )
