"""Whether images are fit to calibrate with, by their pixels: how many differ, how bright and how sharp."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from edgekit.conversion.calibration import FEWEST
from edgekit.data.dataset import UInt8
from edgekit.files import sha256_bytes
from edgekit.words import listed, plural

ALIKE = 2.0  # spreads between the middles of two sets of images, from which on they are unlike
_FLAT = 1.0  # levels of 255 that an image of one colour varies by at most
_COARSE = 3  # of so many rows and columns one shows that most images are of several colours
_LEAST_SPREAD = (8.0, 4.0, 0.02)  # of brightness and contrast in levels, and of sharpness
_WORDS = (
    ("darker", "brighter"),
    ("poorer in contrast", "richer in contrast"),
    ("more blurred", "grainier"),
)
_GUESSES = {"more blurred": ": were they enlarged from a smaller size?", "grainier": ": are they noise?"}


def shortcoming(batches: Iterable[UInt8]) -> str:
    """What images lack by themselves, as the end of a sentence about them; empty: nothing.

    Args:
        batches: All of them, [n, height, width, channels].
    """
    flat = n = 0
    found: set[str] = set()
    for images in batches:
        n += len(images)
        found.update(sha256_bytes(image.tobytes()) for image in images)
        may_be_flat = images[_spread_of(images[:, ::_COARSE, ::_COARSE]) <= _FLAT]
        flat += int(np.sum(_spread_of(may_be_flat) <= _FLAT))
    if 2 * flat > n:
        return "are of one colour each" if flat == n else f"are mostly of one colour each ({flat} of {n})"
    if len(found) >= FEWEST:
        return ""
    copies = f" ({n} with copies)" if n > len(found) else ""
    return f"are only {plural(len(found), 'different image')}{copies}"


def contrast_to(images: UInt8, evaluation: UInt8) -> str:
    """How images differ from those that evaluate, as the end of a sentence; empty: they are alike."""
    here, there = _looks(images), _looks(evaluation)
    apart = np.median(here, axis=0) - np.median(there, axis=0)
    ratio = apart / np.maximum(np.maximum(_spread(here), _spread(there)), _LEAST_SPREAD)
    words = [_WORDS[i][int(ratio[i] > 0)] for i in np.flatnonzero(np.abs(ratio) > ALIKE)]
    guess = next((guess for word, guess in _GUESSES.items() if word in words), "")
    return f"are {listed(words)} than the evaluation images{guess}" if words else ""


def _spread_of(images: UInt8) -> npt.NDArray[np.float64]:
    """By how many levels an image's pixels vary, the standard deviation of the most varied channel; [n]."""
    return np.asarray(images.std(axis=(1, 2)).max(axis=1))


def _looks(images: UInt8) -> npt.NDArray[np.float64]:
    """Brightness, contrast, and sharpness (what neighbours differ by, relative to the contrast); [n, 3]."""
    values = images.astype(np.float32)
    axes = (1, 2, 3)
    contrast = values.std(axis=axes)
    steps = [np.square(np.diff(values, axis=axis)).mean(axis=axes) for axis in (1, 2)]
    sharpness = np.sqrt(np.mean(steps, axis=0)) / (contrast + 1.0)
    return np.stack([values.mean(axis=axes), contrast, sharpness], axis=1).astype(np.float64)


def _spread(looks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The standard deviation of each look, estimated by the middle half."""
    low, high = np.percentile(looks, [25, 75], axis=0)
    return np.asarray((high - low) / 1.349)
