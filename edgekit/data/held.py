"""Images that were read once and stay in memory, or in a temporary file."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import empty
from edgekit.data.dataset import Dataset, LazyHashes, Split, UInt8
from edgekit.parallel import in_threads
from edgekit.progress import Progress

_IN_MEMORY = 1 << 30  # bytes; more than this is read again each time
_FEW = 1 << 24  # bytes; no more than this needs no file
_FREE = 2  # times what a file takes must be free where it is written
_READ_AT_ONCE = 64  # images


@dataclass(frozen=True)
class HeldImages:
    """Images as the contract makes them, uint8 [n, height, width, channels]."""

    pixels: UInt8

    def __len__(self) -> int:
        return len(self.pixels)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels]."""
        return self.pixels[np.asarray(indices, dtype=np.int64)]


class FiledImages:
    """The like in a file that has no name, so that nothing is left of it however the program ends.

    It is read, not mapped: pages of a mapped file count as the memory of the program.

    Args:
        file: Its descriptor; closed with the last reference to the images.
        shape: [n, height, width, channels].
    """

    def __init__(self, file: int, shape: tuple[int, ...]) -> None:
        self._file, self._shape = file, shape
        weakref.finalize(self, os.close, file)

    def __len__(self) -> int:
        return self._shape[0]

    def append(self, images: UInt8) -> None:
        """Write images [n, height, width, channels] behind those that are there."""
        with open(self._file, "ab", closefd=False) as file:
            file.write(images.tobytes())

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels]."""
        out = np.empty((len(indices), *self._shape[1:]), dtype=np.uint8)
        size = math.prod(self._shape[1:])
        for row, index in enumerate(indices):
            place = (int(index) % len(self)) * size
            out[row] = np.frombuffer(os.pread(self._file, size, place), np.uint8).reshape(out.shape[1:])
        return out


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
    if too_much or isinstance(split.images, HeldImages | FiledImages):
        return split
    pixels = empty(count, contract)
    start = 0
    for part in _read(split, count, what, progress):
        pixels[start : start + len(part)] = part
        start += len(part)
    return _held(split, HeldImages(pixels))


def hold_in_file(
    split: Split, what: str, contract: Preprocessing, progress: Progress, limit: int | None = None
) -> Split:
    """Do as `hold` does, but keep more than a few images in a temporary file: memory does not grow with them.

    Where there is no room for it they are read again each time, and a note says so.
    """
    count = len(split) if limit is None else min(limit, len(split))
    size = count * math.prod(contract.input_shape)
    if size <= _FEW or isinstance(split.images, HeldImages | FiledImages):
        return hold(split, what, contract, progress, limit)
    images = None
    with suppress(OSError):
        images = _file_for(size, (count, contract.height, contract.width, contract.depth))
    if images is not None and _filled(images, _read(split, count, what, progress)):
        return _held(split, images)
    progress.note(
        f"The {what} images are decoded again for each file, which takes longer: there is no room for "
        f"{size / 1e6:.0f} MB of temporary files. Set TMPDIR to a folder with room."
    )
    return split


def _file_for(size: int, shape: tuple[int, ...]) -> FiledImages | None:
    """Return an empty file; None: it would take more than half of the room that is left."""
    if shutil.disk_usage(tempfile.gettempdir()).free < _FREE * size:
        return None
    file, path = tempfile.mkstemp(prefix="edgekit-")
    Path(path).unlink()
    return FiledImages(file, shape)


def _filled(images: FiledImages, parts: Iterator[UInt8]) -> bool:
    """Write images to their file; False: the disk is full."""
    for part in parts:
        try:
            images.append(part)
        except OSError:  # noqa: PERF203 - what reading raises passes
            return False
    return True


def _read(split: Split, count: int, what: str, progress: Progress) -> Iterator[UInt8]:
    progress.step(f"Reading {what} images", total=count)
    parts = (range(start, min(start + _READ_AT_ONCE, count)) for start in range(0, count, _READ_AT_ONCE))
    done = 0
    for images in in_threads(split.images.read, parts, threads=1):  # while those before are stored
        yield images
        progress.advance(done := done + len(images))


def _held(split: Split, images: HeldImages | FiledImages) -> Split:
    count, lazy = len(images), isinstance(split.hashes, LazyHashes)
    return Split(images, split.labels[:count], LazyHashes(images) if lazy else split.hashes[:count])


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
