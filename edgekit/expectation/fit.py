"""What a size costs that nobody published: interpolated within one series, with the error that this has.

The time is taken to be a sum of four parts, none of them negative: multiply-adds of the pointwise and the
first convolutions, those of the depthwise ones, values read and written by the layers, and a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from edgekit.expectation.table import Series

Floats = npt.NDArray[np.float64]

# MobileNet v1 behind its first convolution: output channels and stride of each block (Howard et al. 2017,
# table 1)
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
_FIRST, _CLASSES = 32, 1000
LEAST_SIZES = 8  # in a series, for four parts to be told apart


@dataclass(frozen=True)
class Fit:
    """A series' cost per part, and how far it misses sizes that it has not seen."""

    parts_ms: Floats  # [4]
    mean_error: float  # a fraction: leave-one-out, over the published sizes
    worst_error: float

    def ms(self, alpha: float, resolution: int) -> float:
        """Estimate the median time of one image."""
        return float(parts(alpha, resolution) @ self.parts_ms)


def parts(alpha: float, resolution: int) -> Floats:
    """Return what MobileNet v1 has of each part, in millions and 1: [4]."""
    side, channels = -(-resolution // 2), int(_FIRST * alpha)
    dense, depthwise = 9 * 3 * channels * side**2, 0
    moved = 3 * resolution**2 + channels * side**2
    for filters, stride in _BLOCKS:
        before, side, wide = side, -(-side // stride), int(filters * alpha)
        depthwise += 9 * channels * side**2
        dense += channels * wide * side**2
        # the depthwise layer reads and writes, then the pointwise one does
        moved += channels * before**2 + channels * side**2 + channels * side**2 + wide * side**2
        channels = wide
    dense += channels * _CLASSES
    return np.array([dense / 1e6, depthwise / 1e6, moved / 1e6, 1.0])


@cache
def fit(series: tuple[tuple[float, int, float], ...]) -> Fit:
    """Fit a series of (alpha, resolution, milliseconds) by non-negative least squares of relative errors."""
    rows = np.stack([parts(alpha, resolution) for alpha, resolution, _ in series])
    times = np.array([ms for *_, ms in series])
    errors = []
    for left_out in range(len(times)):
        others = np.arange(len(times)) != left_out
        estimate = rows[left_out] @ _solve(rows[others], times[others])
        errors.append(abs(estimate / times[left_out] - 1))
    return Fit(_solve(rows, times), float(np.mean(errors)), float(np.max(errors)))


def fit_of(series: Series) -> Fit | None:
    """Fit a series; None: it has too few sizes."""
    if len(series.sizes) < LEAST_SIZES:
        return None
    return fit(tuple((*size, found.p50_ms) for size, found in sorted(series.sizes.items())))


def _solve(rows: Floats, times: Floats) -> Floats:
    from scipy.optimize import nnls

    return np.asarray(nnls(rows / times[:, None], np.ones(len(times)))[0])
