"""Where a series of values changed its level.

Changes are proposed by PELT with the squared error as cost (`edgekit.stats.level_changes`). PELT alone finds
changes in noise, too; so each must be confirmed by a test that assumes nothing of the noise's distribution:
Mann–Whitney of the values on both sides, up to the next change, with p multiplied by the number of places
where the change could have been (Bonferroni). The least certain is dropped first, and its neighbours are
judged again.

What is the same on every run (sizes, instructions on an emulated board, accuracy) needs no statistics: every
change is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeAlias

from edgekit import stats

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.float64]

FEWEST = 6  # values; fewer cannot be told from noise
ALPHA = 0.01  # how often a series that never changed may be said to
LEAST = 0.01  # change of a level, relative (of shares: a difference of 0.001)
LEAST_EXACT = 0.001  # of what is the same on every run (of shares: any)
CONFIDENCE = 0.99
# P(likelihood ratio of a change point's place ≤ x) = (1 − e^(−x/2))² (Hansen, Econometrica 68, 2000): at 99 %
_PLACE = 10.59
_MOST = 1_000  # values a side that an interval rests on: evenly spaced ones, where there are more


@dataclass(frozen=True)
class Change:
    """A change of level. Places are those of the first value after it."""

    at: int  # the likeliest
    first: int  # the earliest and the latest that it may be, at 99 %
    last: int
    before: float  # median of the values up to the change before, and after it up to the next
    after: float
    size: float  # relative; of shares, a difference
    low: float  # its 99 % interval
    high: float


def changes(values: Sequence[float], *, exact: bool, share: bool) -> tuple[Change, ...]:
    """Find where values changed their level.

    Args:
        values: In order; not negative.
        exact: They are the same on every run, so that any change is one.
        share: They are fractions of one: sizes are differences, and not relative.

    Returns:
        The changes, in order.
    """
    import numpy as np

    raw = np.asarray(values, dtype=float)
    relative = not share and bool((raw > 0).all())
    scaled = np.log(raw) if relative else raw
    least = (log(1 + LEAST_EXACT) if exact else log(1 + LEAST)) if relative else (1e-9 if exact else 0.001)
    if exact:
        return tuple(_exact(raw, scaled, least, relative=relative))
    noise = _noise(scaled)
    if len(raw) < FEWEST or not noise:
        return ()
    found = [
        _change(raw, scaled, span, relative=relative)
        for span in _spans(_confirmed(scaled, _proposed(scaled, noise)), len(raw))
    ]
    return tuple(each for each in found if abs(_scale(each.size, relative=relative)) >= least)


def _exact(raw: Array, scaled: Array, least: float, *, relative: bool) -> list[Change]:
    places = [at for at in range(1, len(raw)) if abs(scaled[at] - scaled[at - 1]) > least]
    return [
        Change(at, at, at, before, after, *[after / before - 1 if relative else after - before] * 3)
        for at, before, after in ((at, float(raw[at - 1]), float(raw[at])) for at in places)
    ]


def _noise(scaled: Array) -> float:
    """Return the standard deviation of a value about its level, going by neighbours' differences.

    The median of |differences| is 0.6745 · √2 standard deviations of normal noise.
    """
    import numpy as np

    steps = np.abs(np.diff(scaled))
    if steps.size == 0:
        return 0.0
    # where most neighbours are equal, such as memory in whole pages, the median says nothing
    return float(np.median(steps)) / (0.6745 * 2**0.5) or float(np.sqrt(np.mean(steps**2) / 2))


def _proposed(scaled: Array, noise: float) -> list[int]:
    """Return PELT's changes. The penalty is that of Schwarz's criterion, which proposes too many."""
    return stats.level_changes(scaled, shortest=2, penalty=2 * log(len(scaled)) * noise**2)


def _spans(places: Sequence[int], length: int) -> list[tuple[int, int, int]]:
    """Return each change with where the values before it begin, and where those after it end."""
    edges = [0, *places, length]
    return list(zip(edges, edges[1:], edges[2:], strict=False))


def _confirmed(scaled: Array, places: list[int]) -> list[int]:
    """Drop the least certain change until all are certain."""
    n = len(scaled)

    @cache
    def p(start: int, at: int, end: int) -> float:
        return n * stats.mann_whitney(scaled[start:at], scaled[at:end])

    while places:
        certain = [p(*span) for span in _spans(places, n)]
        worst = max(range(len(places)), key=certain.__getitem__)
        if certain[worst] <= ALPHA:
            break
        places = [*places[:worst], *places[worst + 1 :]]
    return places


def _change(raw: Array, scaled: Array, span: tuple[int, int, int], *, relative: bool) -> Change:
    import numpy as np

    start, at, end = span
    first, last = _places(scaled[start:end], at - start)
    size, low, high = (_unscale(x, relative=relative) for x in _shift(scaled[start:at], scaled[at:end]))
    before, after = float(np.median(raw[start:at])), float(np.median(raw[at:end]))
    return Change(at, start + first, start + last, before, after, size, low, high)


def _places(values: Array, at: int) -> tuple[int, int]:
    """Return the earliest and latest place that is not much less likely (Hansen, 2000).

    The noise is what is left about both levels: `_noise` is too small where noise is skewed or has heavy
    tails, and the range would be too narrow.
    """
    import numpy as np

    left_over = float(np.square(values[:at] - values[:at].mean()).sum())
    left_over += float(np.square(values[at:] - values[at:].mean()).sum())
    variance = left_over / max(1, len(values) - 2)

    total, n, counts = values.sum(), len(values), np.arange(1, len(values))
    left = np.cumsum(values)[:-1]
    # what a split takes off the squared error
    gain = left**2 / counts + (total - left) ** 2 / (n - counts)
    likely = np.flatnonzero(gain[at - 1] - gain <= _PLACE * variance) + 1
    return int(likely.min()), int(likely.max())


def _shift(before: Array, after: Array) -> tuple[float, float, float]:
    """Return by how much values shifted, and the 99 % interval (Hodges & Lehmann, 1963).

    The shift is the median of all differences; the interval holds those that Mann–Whitney's test does not
    reject.
    """
    import numpy as np

    one, other = (side[:: -(-len(side) // _MOST)] for side in (before, after))
    differences = np.sort(np.subtract.outer(other, one).ravel())
    m, n = len(one), len(other)
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)
    cut = max(0, int(m * n / 2 - z * (m * n * (m + n + 1) / 12) ** 0.5))
    return float(np.median(differences)), float(differences[cut]), float(differences[-1 - cut])


def _unscale(shift: float, *, relative: bool) -> float:
    return exp(shift) - 1 if relative else shift


def _scale(size: float, *, relative: bool) -> float:
    return log(1 + size) if relative else size
