"""One image file in, its pixels out, whatever the file's own form."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from edgekit.parallel import in_threads

if TYPE_CHECKING:
    from PIL.Image import Image

# Formats whose decoders only decode: PostScript and the like, which run programs, are left out.
FORMATS = {
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "JPEG": (".jpg", ".jpeg", ".jfif", ".mpo"),
    "PNG": (".png",),
    "PPM": (".pbm", ".pgm", ".ppm"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
SUFFIXES = frozenset(suffix for suffixes in FORMATS.values() for suffix in suffixes)
LARGEST = 100_000_000  # pixels; a small file can claim to hold any number

T = TypeVar("T")


class BrokenImageError(Exception):
    """A file that holds no usable image; the message says why, without naming the file."""


def read_image(path: Path, mode: str = "RGB") -> Image:
    """Decode a file into an image of one of Pillow's modes RGB, L and RGBA, turned upright.

    Palette images are expanded, transparent ones placed on white (but for RGBA), 16-bit grey is brought to
    8 bits; of an animation the first frame is taken.

    Raises:
        BrokenImageError: Not an image, truncated, too large, or of a kind without a known range.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        if not path.is_file():
            raise BrokenImageError("not a file" if path.exists() else "nothing is there")
        with Image.open(path, formats=tuple(FORMATS)) as file:
            if file.width * file.height > LARGEST:
                raise BrokenImageError(f"{file.width} × {file.height} pixels are too many")
            file.load()
            return in_mode(ImageOps.exif_transpose(file), mode)
    except BrokenImageError:
        raise
    except Image.DecompressionBombError as error:
        raise BrokenImageError(f"more than {LARGEST:,} pixels") from error
    except UnidentifiedImageError as error:
        raise BrokenImageError("not an image in a known format") from error
    except Exception as error:  # damaged files make decoders raise anything: struct.error, IndexError, …
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BrokenImageError(" ".join(reason.split()) or type(error).__name__) from error


def in_mode(image: Image, mode: str) -> Image:
    """Return an image in one of Pillow's modes RGB, L and RGBA.

    Raises:
        BrokenImageError: Its pixels have no known range.
    """
    from PIL import Image

    if image.mode in ("F", "I", "I;16", "I;16B", "I;16L", "I;16N"):
        image = _eight_bits(image)
    if mode == "RGBA":
        return image.convert(mode)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return image.convert(mode)


def _eight_bits(image: Image) -> Image:
    """Bring 16-bit grey, 0–65,535, to 0–255. Pillow's own conversion would clip it."""
    from PIL import Image

    values = np.asarray(image)
    if values.dtype.kind == "f" or values.min() < 0 or values.max() > 65_535:
        raise BrokenImageError(f"{values.dtype} pixels have no known range")
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))


@contextmanager
def decoders_quiet() -> Iterator[None]:
    """Silence what decoders warn about (odd metadata, large images): broken images raise instead."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def map_threads(function: Callable[[Path], T], paths: Sequence[Path]) -> Iterator[T]:
    """Apply a function to paths on all processors, in order; decoders release Python's lock."""
    with decoders_quiet():
        yield from in_threads(function, paths)
