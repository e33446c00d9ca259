"""The range of real values each activation takes, from which its 8-bit scale follows.

Each format's own float graph is watched, with the same images, by the same code. The two graphs were
found equal before, so are their ranges; what differs are the tensors' names. Nothing grows with the
number of images: a minimum, a maximum and, where asked for, a histogram per tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgekit.data.dataset import Float32

Ranges: TypeAlias = Mapping[str, tuple[float, float]]
Activations: TypeAlias = Mapping[str, Float32]  # one image's values, by tensor name
Histogram: TypeAlias = npt.NDArray[np.int64]  # counts over equal bins

BINS = 2048
LEVELS = 255  # steps of an 8-bit range
_SHRINK = np.linspace(0.2, 1.0, 41).tolist()  # shares of the full range that are tried
_ROUNDS = 2


def minmax_ranges(stream: Iterable[Activations]) -> dict[str, tuple[float, float]]:
    """The lowest and highest value of every tensor over all images."""
    ranges: dict[str, tuple[float, float]] = {}
    for activations in stream:
        for name, values in activations.items():
            low, high = ranges.get(name, (np.inf, -np.inf))
            ranges[name] = (min(low, float(values.min())), max(high, float(values.max())))
    return ranges


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
            counts[name] += np.histogram(values, bins=BINS, range=_padded(full[name]))[0]
    return {name: _narrow(counts[name], full[name]) for name in full}


def _narrow(counts: Histogram, full: tuple[float, float]) -> tuple[float, float]:
    """Search the shares of the full range below and above zero with the smallest squared error, in turns."""
    edges = np.linspace(*_padded(full), BINS + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    best = full
    for _ in range(_ROUNDS):
        lows = [(share * min(full[0], 0.0), best[1]) for share in _SHRINK]
        best = min(lows, key=lambda limits: _squared_error(centres, counts, *limits))
        highs = [(best[0], share * max(full[1], 0.0)) for share in _SHRINK]
        best = min(highs, key=lambda limits: _squared_error(centres, counts, *limits))
    return best


def _squared_error(centres: npt.NDArray[np.float64], counts: Histogram, low: float, high: float) -> float:
    """Sum of squared differences after rounding to 8 bits within [low, high], zero included."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = (high - low) / LEVELS or 1.0
    zero = round(-low / step)
    levels = np.clip(np.round(centres / step) + zero, 0, LEVELS)
    return float(np.sum(counts * ((levels - zero) * step - centres) ** 2))


def _padded(full: tuple[float, float]) -> tuple[float, float]:
    """A histogram needs a range of some width, also for a tensor that never changes."""
    low, high = full
    return (low, high) if high > low else (low - 0.5, high + 0.5)
