"""Pictures that lie in memory as an array, resized by the contract when read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.dataset import UInt8
from edgekit.files import sha256_bytes


@dataclass(frozen=True)
class ArrayPictures:
    """Grey [n, h, w] or RGB [n, h, w, 3] pictures of any size, uint8."""

    images: UInt8
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those pictures as uint8 [n, height, width, 3]."""
        from PIL import Image

        size = (self.preprocessing.width, self.preprocessing.height)
        out = np.empty((len(indices), size[1], size[0], 3), dtype=np.uint8)
        for row, i in enumerate(indices):
            picture = Image.fromarray(self.images[i]).convert("RGB")
            out[row] = picture if picture.size == size else picture.resize(size, Image.Resampling.BILINEAR)
        return out

    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each picture's own pixels; the resolution it is read at does not matter."""
        return tuple(sha256_bytes(image.tobytes()) for image in self.images)
