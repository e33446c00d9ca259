"""`shapes`: procedural images of twelve shapes, at any resolution, each fixed by (seed, split, index).

An image is a shape (colour, texture, place, scale, rotation of up to 45° either way, stretch, wobbling edge,
focus) before a darker, textured and cluttered background, often partly covered, in uneven light, with noise.
Random bits come from Philox 4×64, whose stream
NumPy guarantees; everything after that is single IEEE 754 operations (see `outlines`), so the
same image has the same bytes on every machine and with every NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import empty, fitted
from edgekit.data.dataset import Dataset, LazyHashes, Split, UInt8
from edgekit.data.outlines import OUTLINES
from edgekit.data.scene import WORDS, draw
from edgekit.progress import Progress

SIZES = {"train": 10_080, "calibration": 504, "evaluation": 2_004}  # multiples of the twelve classes
_CHUNK = 1 << 16  # pixels drawn at a time: planes of 256 kB stay in a core's cache


def load(preprocessing: Preprocessing, seed: int, progress: Progress) -> Dataset:
    """Describe the dataset; nothing is drawn before it is read."""
    names = tuple(OUTLINES)
    splits = []
    for stream, size in enumerate(SIZES.values()):
        images = ShapeImages(size, preprocessing, seed, stream)
        splits.append(Split(images, np.arange(size, dtype=np.int64) % len(names), LazyHashes(images)))
    return Dataset("shapes", names, preprocessing, *splits)


@dataclass(frozen=True)
class ShapeImages:
    """Images drawn when they are read. Image i shows shape i modulo the number of shapes."""

    size: int
    preprocessing: Preprocessing
    seed: int
    stream: int  # a split's own, so that no two splits share an image

    def __len__(self) -> int:
        return self.size

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels]."""
        from PIL import Image

        height, width = self.preprocessing.height, self.preprocessing.width
        out = np.empty((len(indices), height, width, 3), dtype=np.uint8)

        def fill(part: slice) -> None:
            chosen = np.asarray(indices[part], dtype=np.int64)
            out[part] = draw(chosen % len(OUTLINES), self._words(chosen), height, width)

        parts = list(_parts(len(indices), max(1, _CHUNK // (height * width))))
        if len(parts) > 1:
            with ThreadPoolExecutor() as pool:
                list(pool.map(fill, parts))
        elif parts:
            fill(parts[0])
        if self.preprocessing.channels == "rgb":
            return out
        other = empty(len(indices), self.preprocessing)
        for row, image in enumerate(out):
            other[row] = fitted(Image.fromarray(image), self.preprocessing)
        return other

    def _words(self, indices: np.ndarray) -> np.ndarray:
        """Random 64-bit words, a row for each image: the scene's, then 3 bytes of noise per pixel."""
        noise = -(-3 * self.preprocessing.height * self.preprocessing.width // 8)
        key = (self.stream << 64) | self.seed
        return np.stack(
            [np.random.Philox(key=key, counter=int(i) << 64).random_raw(WORDS + noise) for i in indices]
        )


def _parts(total: int, size: int) -> Iterator[slice]:
    for start in range(0, total, size):
        yield slice(start, min(start + size, total))
