"""Pictures on their way into a model, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgekit import artefact
from edgekit.artefact import Preprocessing
from edgekit.data import Split, normalise
from edgekit.data.dataset import Float32, UInt8
from edgekit.files import sha256_bytes
from edgekit.progress import Progress

_BATCH = 64  # pictures decoded at a time
HELD_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Held:
    """Pictures that were decoded once and stay in memory."""

    images: UInt8  # [n, H, W, 3]

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those pictures as uint8 [n, height, width, 3]."""
        return self.images[list(indices)]


def hold(split: Split, contract: Preprocessing, progress: Progress, limit: int | None = None) -> Split:
    """Decode the first `limit` pictures once, if they fit into memory: every file is asked about them."""
    n = len(split) if limit is None else min(limit, len(split))
    if n * contract.height * contract.width * 3 > HELD_BYTES:
        return split
    images = np.empty((n, contract.height, contract.width, 3), dtype=np.uint8)
    for start in range(0, n, _BATCH):
        end = min(start + _BATCH, n)
        images[start:end] = split.pictures.read(range(start, end))
        progress.advance(end)
    hashes = split.hashes if n == len(split) else split.hashes[:n]  # a slice computes lazy ones
    return Split(Held(images), split.labels[:n], hashes)


@dataclass(frozen=True)
class Feed:
    """The first `limit` pictures of a split as the model's input. May be gone through repeatedly."""

    split: Split
    preprocessing: Preprocessing
    limit: int | None = None

    @property
    def hashes(self) -> Sequence[str]:
        """The hash of each picture, in order."""
        return self.split.hashes[: len(self)]

    def record(self) -> artefact.Split:
        """The pictures' identity for the manifest."""
        return artefact.Split(len(self), sha256_bytes("\n".join(self.hashes).encode()))

    def __len__(self) -> int:
        return len(self.split) if self.limit is None else min(self.limit, len(self.split))

    def __iter__(self) -> Iterator[Float32]:
        """Yield float32 [1, H, W, 3]; no more than a batch is held in memory."""
        for batch in self.batches():
            for picture in batch:
                yield picture[None]

    def batches(self) -> Iterator[Float32]:
        """Yield float32 [n, H, W, 3]."""
        for start in range(0, len(self), _BATCH):
            indices = range(start, min(start + _BATCH, len(self)))
            yield normalise(self.split.pictures.read(indices), self.preprocessing)
