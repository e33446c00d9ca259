"""What every dataset looks like to the rest of edgekit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, overload

import numpy as np
import numpy.typing as npt

from edgekit import artefact
from edgekit.artefact import PerChannel, Preprocessing
from edgekit.files import sha256_bytes

UInt8 = npt.NDArray[np.uint8]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]


class Images(Protocol):
    """Images in memory, or decoded when they are read."""

    def __len__(self) -> int:
        """How many there are."""

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels], decoded and resized by the contract."""


class LazyHashes(Sequence[str]):
    """SHA-256 of the pixels of images that are made when read, computed when first asked for."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._hashes: tuple[str, ...] | None = None

    def _all(self) -> tuple[str, ...]:
        if self._hashes is None:
            total, batch = len(self._images), 256
            parts = (range(i, min(i + batch, total)) for i in range(0, total, batch))
            self._hashes = tuple(
                sha256_bytes(image.tobytes()) for part in parts for image in self._images.read(part)
            )
        return self._hashes

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return self._all()[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())


@dataclass(frozen=True)
class Split:
    """Part of a dataset: images, their classes, and the hash of each image's content."""

    images: Images
    labels: Int64  # [n]; −1: of no known class
    hashes: Sequence[str]  # SHA-256 of each image's content, in order

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, size: int) -> Iterator[tuple[UInt8, Int64]]:
        """Yield the split in order, `size` images at a time, so that memory stays flat."""
        for start in range(0, len(self), size):
            indices = range(start, min(start + size, len(self)))
            yield self.images.read(indices), self.labels[start : start + size]

    def record(self) -> artefact.Split:
        """The split's identity for a manifest or a card."""
        return artefact.Split(len(self), sha256_bytes("\n".join(self.hashes).encode()))


def plain_name(text: str) -> str:
    """A name that can be printed and written as JSON; unprintable characters become `?`."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


@dataclass(frozen=True)
class Dataset:
    """Train, calibration and evaluation images, disjoint by hash."""

    name: str
    labels: tuple[str, ...]  # class names, by class index; empty: not known
    preprocessing: Preprocessing
    train: Split
    calibration: Split  # stratified
    evaluation: Split
    multilabel: bool = field(default=False, kw_only=True)  # an image's label has a bit for each of `labels`

    @property
    def labelled(self) -> bool:
        """Whether the images' classes are known."""
        return bool((self.evaluation.labels >= 0).all())


def normalise(images: UInt8, preprocessing: Preprocessing) -> Float32:
    """Turn uint8 [n, H, W, channels] into the model's float32 input: (x − mean) / std, in its layout."""
    values = images.astype(np.float32)
    values -= _one_or_each(preprocessing.mean)
    values /= _one_or_each(preprocessing.std)
    return np.ascontiguousarray(np.moveaxis(values, 3, 1)) if preprocessing.layout == "NCHW" else values


def _one_or_each(values: PerChannel) -> Any:
    """Numbers for each channel; one where all are alike, which is several times as fast."""
    numbers = np.asarray(values, dtype=np.float32)
    return numbers[0] if len(set(values)) == 1 else numbers
