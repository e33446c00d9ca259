"""The range of real values each activation takes, from which its 8-bit scale follows.

Each format's own float graph is watched, with the same images, by the same code. The two graphs were
found equal before, so are their ranges; what differs are the tensors' names. Nothing grows with the
number of images: a minimum, a maximum and, where asked for, a histogram per tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgekit.conversion.feed import Feed
from edgekit.data.dataset import Float32

Ranges: TypeAlias = Mapping[str, tuple[float, float]]
Activations: TypeAlias = Mapping[str, Float32]  # one image's values, by tensor name
Histogram: TypeAlias = npt.NDArray[np.int64]  # counts over equal bins

BINS = 2048
LEVELS = 255  # steps of an 8-bit range
_SHRINK = np.linspace(0.2, 1.0, 41).tolist()  # shares of the full range that are tried
_ROUNDS = 2
_WIDER = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # steps by which the input's range is tried wider
_PIXELS = 64  # images read at a time


def minmax_ranges(stream: Iterable[Activations]) -> dict[str, tuple[float, float]]:
    """The lowest and highest value of every tensor over all images."""
    ranges: dict[str, tuple[float, float]] = {}
    for activations in stream:
        for name, values in activations.items():
            low, high = ranges.get(name, (np.inf, -np.inf))
            ranges[name] = (min(low, float(values.min())), max(high, float(values.max())))
    return ranges


def limits_of(_number: int, activations: Activations) -> Activations:
    """The lowest and highest value of each tensor: all that `minmax_ranges` needs, [2] each."""
    return {name: np.array((values.min(), values.max())) for name, values in activations.items()}


def thinned(most: int, _number: int, activations: Activations) -> Activations:
    """Return about so many values of each tensor and image, spread over channels and places."""
    steps = {name: max(1, values[0].size // most) | 1 for name, values in activations.items()}
    return {name: values.ravel()[:: steps[name]].copy() for name, values in activations.items()}


def mse_ranges(stream: Iterable[Activations], full: Ranges) -> dict[str, tuple[float, float]]:
    """Ranges that cut rare extremes, so that the squared error over all values is smallest.

    A range is narrowed if what clipping costs is less than what the finer steps gain. The error of a
    candidate range is summed over a histogram of the values (Banner et al. 2019, eq. 2, measured here
    instead of modelled).

    Args:
        stream: The images of the min/max pass, once more.
        full: What `minmax_ranges` returned.
    """
    counts = {name: np.zeros(BINS, dtype=np.int64) for name in full}
    for activations in stream:
        for name, values in activations.items():
            counts[name] += _counted(values, *_padded(full[name]))
    return {name: _narrow(counts[name], full[name]) for name in full}


def input_range(feed: Feed) -> tuple[float, float]:
    """The range of the image itself: as the contract has it, so that none, however bright, is clipped.

    Pixels scaled to −1…1 lie halfway between the steps of that range, since 0 must be a step; with steps a
    256th wider most are nearer to one. Of such ranges it is the one whose squared error over the images is
    least.
    """
    contract = feed.preprocessing
    values = np.arange(256.0)[None] - np.array(contract.mean)[:, None]
    values = np.broadcast_to(values / np.array(contract.std)[:, None], (contract.depth, 256))
    counts = np.zeros((contract.depth, 256))
    for start in range(0, len(feed), _PIXELS):
        pixels = feed.split.images.read(range(start, min(start + _PIXELS, len(feed))))
        for channel in range(contract.depth):
            counts[channel] += np.bincount(pixels[..., channel].ravel(), minlength=256)
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    candidates = [
        limits for wider in _WIDER for limits in _aligned(low, high, (high - low) / (LEVELS - wider))
    ]
    return min(candidates, key=lambda limits: squared_error(values.ravel(), counts.ravel(), *limits))


def _aligned(low: float, high: float, step: float) -> list[tuple[float, float]]:
    """Ranges of that step in which 0 is a step, and that miss neither end by more than half a step."""
    places = {np.floor(-low / step), np.ceil(-low / step)}
    ranges = [(float(-place * step), float((LEVELS - place) * step)) for place in sorted(places)]
    slack = 0.501 * step
    return [limits for limits in ranges if limits[0] - slack <= low and high <= limits[1] + slack]


def _counted(values: Float32, low: float, high: float) -> Histogram:
    """How many values are in each bin; what is beyond the ends counts in the last ones."""
    places = (values.ravel() - np.float32(low)) * np.float32(BINS / (high - low))
    return np.bincount(np.clip(places, 0, BINS - 1).astype(np.intp), minlength=BINS)


def _narrow(counts: Histogram, full: tuple[float, float]) -> tuple[float, float]:
    """Search the shares of the full range below and above zero with the smallest squared error, in turns."""
    edges = np.linspace(*_padded(full), BINS + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    centres, counts = centres[counts > 0], counts[counts > 0]
    best = full
    for _ in range(_ROUNDS):
        lows = [(share * min(full[0], 0.0), best[1]) for share in _SHRINK]
        best = min(lows, key=lambda limits: squared_error(centres, counts, *limits))
        highs = [(best[0], share * max(full[1], 0.0)) for share in _SHRINK]
        best = min(highs, key=lambda limits: squared_error(centres, counts, *limits))
    return best


def squared_error(
    centres: npt.NDArray[np.float64], counts: npt.NDArray[Any], low: float, high: float
) -> float:
    """Sum of squared differences after rounding to 8 bits within [low, high], zero included."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / LEVELS or 1.0
    zero = round(-low / step)
    # NumPy's own clip takes longer than the rest of this
    levels = np.minimum(np.maximum(np.rint(centres / step), -zero), LEVELS - zero)
    return float(np.dot(counts, np.square(levels * step - centres)))


def _padded(full: tuple[float, float]) -> tuple[float, float]:
    """A histogram needs a range of some width, also for a tensor that hardly changes.

    NumPy makes the bins' edges of the values' own type, so they must be far enough apart for float32.
    """
    low, high = full
    least = 2 * BINS * float(np.finfo(np.float32).eps) * max(abs(low), abs(high))
    return (low, high) if high - low > least else (low - (least or 1.0) / 2, high + (least or 1.0) / 2)
