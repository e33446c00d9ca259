"""Images held in memory as an array, resized by the contract when read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.dataset import UInt8
from edgekit.files import sha256_bytes

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class ArrayImages:
    """Grey [n, h, w] or RGB [n, h, w, 3] images of any size, uint8."""

    images: UInt8
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, 3]."""
        from PIL import Image

        out = np.empty((len(indices), self.preprocessing.height, self.preprocessing.width, 3), dtype=np.uint8)
        for row, i in enumerate(indices):
            out[row] = resized(Image.fromarray(self.images[i]).convert("RGB"), self.preprocessing)
        return out

    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each image's own pixels; the resolution it is read at does not matter."""
        return tuple(sha256_bytes(image.tobytes()) for image in self.images)


def resized(image: Image, preprocessing: Preprocessing) -> UInt8:
    """Resize an RGB image by the contract; uint8 [height, width, 3]."""
    from PIL.Image import Resampling

    size = (preprocessing.width, preprocessing.height)
    return np.asarray(image if image.size == size else image.resize(size, Resampling.BILINEAR))
