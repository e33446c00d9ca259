"""Images held in memory as an array, brought to the contract's channels and size when read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgekit.artefact import Channels, Preprocessing
from edgekit.data.dataset import UInt8
from edgekit.data.decode import in_mode
from edgekit.files import sha256_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

MODES: dict[Channels, str] = {"rgb": "RGB", "bgr": "RGB", "grey": "L", "rgba": "RGBA"}  # Pillow's names


@dataclass(frozen=True)
class ArrayImages:
    """Grey [n, h, w], RGB [n, h, w, 3] or RGBA [n, h, w, 4] images of any size, uint8."""

    images: UInt8
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels]."""
        from PIL import Image

        out = empty(len(indices), self.preprocessing)
        for row, i in enumerate(indices):
            out[row] = fitted(Image.fromarray(self.images[i]), self.preprocessing)
        return out

    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each image's own pixels; the resolution it is read at does not matter."""
        return tuple(sha256_bytes(image.tobytes()) for image in self.images)


def empty(count: int, preprocessing: Preprocessing) -> UInt8:
    """Return room for images as the contract makes them: uint8 [count, height, width, channels]."""
    shape = (count, preprocessing.height, preprocessing.width, preprocessing.depth)
    return np.empty(shape, dtype=np.uint8)


def fitted(image: Image, preprocessing: Preprocessing) -> UInt8:
    """Bring an upright 8-bit image to the contract's channels and size; uint8 [height, width, channels]."""
    from PIL.Image import Resampling

    image = in_mode(image, MODES[preprocessing.channels])
    size = (preprocessing.width, preprocessing.height)
    pixels = np.asarray(image if image.size == size else image.resize(size, Resampling.BILINEAR))
    if preprocessing.channels == "bgr":
        return pixels[..., ::-1]
    return pixels.reshape(*pixels.shape[:2], -1)
