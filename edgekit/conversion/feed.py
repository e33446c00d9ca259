"""Images on their way into a model, one at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgekit import artefact
from edgekit.artefact import Preprocessing
from edgekit.data import Split, normalise
from edgekit.data.dataset import Float32, UInt8
from edgekit.files import sha256_bytes

_MOST = 64  # images decoded at a time
_NUMBERS = 1 << 19  # that they hold then, if that is fewer


@dataclass(frozen=True)
class Feed:
    """The first `limit` images of a split as the model's input. May be gone through repeatedly."""

    split: Split
    preprocessing: Preprocessing
    limit: int | None = None

    @property
    def hashes(self) -> Sequence[str]:
        """The hash of each image, in order."""
        return self.split.hashes[: len(self)]

    def record(self) -> artefact.Split:
        """The images' identity for the manifest."""
        return artefact.Split(len(self), sha256_bytes("\n".join(self.hashes).encode()))

    def __len__(self) -> int:
        return len(self.split) if self.limit is None else min(self.limit, len(self.split))

    def __iter__(self) -> Iterator[Float32]:
        """Yield float32 [1, *input_shape]; no more than a batch is held in memory."""
        return self.of(range(len(self)))

    def of(self, indices: Sequence[int]) -> Iterator[Float32]:
        """Yield some images, float32 [1, *input_shape]."""
        for batch in self.batches(indices):
            for image in batch:
                yield image[None]

    def batches(self, indices: Sequence[int] | None = None) -> Iterator[Float32]:
        """Yield all images or some, float32 [n, *input_shape]."""
        for pixels in self._read(range(len(self)) if indices is None else indices):
            yield normalise(pixels, self.preprocessing)

    def pixels(self) -> Iterator[UInt8]:
        """Yield the images themselves, uint8 [n, height, width, channels]."""
        return self._read(range(len(self)))

    def _read(self, indices: Sequence[int]) -> Iterator[UInt8]:
        size = at_a_time(self.preprocessing)
        for start in range(0, len(indices), size):
            yield self.split.images.read(indices[start : start + size])


def at_a_time(contract: Preprocessing) -> int:
    """How many images a batch has: fewer where they are large."""
    return min(_MOST, max(1, _NUMBERS // math.prod(contract.input_shape)))
