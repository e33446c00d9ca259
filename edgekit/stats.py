"""Pure statistics: sequences of numbers in, numbers out. Imports nothing of edgekit.

Latency samples may be of any unit; what comes out has the same one. Shares are fractions of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import atan, cos, floor, fsum, inf, log, pi, sin, sqrt
from statistics import NormalDist, median
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy.typing as npt

Numbers: TypeAlias = "Sequence[float] | npt.NDArray[Any]"

# 10 standard deviations, were the samples normal: MAD × 1.4826 estimates one (Rousseeuw & Croux, 1993).
OUTLIER_MADS = 14.8


def wilson(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval for a share such as top-1 accuracy: Wilson's score (JASA 22, 1927), uncorrected.

    Args:
        correct: How many of the `n` images were right.
        n: Images; 0 gives (0, 1), since nothing is known.
        confidence: Two-sided.

    Returns:
        Low and high end, fractions.

    Raises:
        ValueError: `correct` is not in 0…n.
    """
    if not 0 <= correct <= n:
        raise ValueError(f"{correct} of {n} is not a share")
    if n == 0:
        return 0.0, 1.0
    z2 = _z(confidence) ** 2
    share = correct / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * share * (1 - share) / n + (z2 / (2 * n)) ** 2) / (1 + z2 / n)
    # the ends are exact by algebra where rounding would miss them by an ulp
    low = 0.0 if correct == 0 else min(centre - half, share)
    high = 1.0 if correct == n else max(centre + half, share)
    return low, high


def paired_drop(
    reference_correct: npt.ArrayLike, candidate_correct: npt.ArrayLike, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Accuracy lost from a reference to a candidate that saw the same images, with its interval.

    Only the images on which exactly one of the two is right carry information. The interval is Tango's
    score interval (Statistics in Medicine 17, 1998), which Fagerland, Lydersen & Laake (ibid. 33, 2014)
    recommend: it holds its coverage for few images and few differences, and is never empty — without a
    single difference it is ± z² / (n + z²).

    Args:
        reference_correct: bool [n], whether the reference was right on each image.
        candidate_correct: bool [n], the candidate on the same images in the same order.
        confidence: Two-sided.

    Returns:
        Drop (reference minus candidate; negative: the candidate is better), low and high end; fractions.

    Raises:
        ValueError: No images, or not the same number on both sides.
    """
    import numpy as np

    reference = np.asarray(reference_correct, dtype=bool)
    candidate = np.asarray(candidate_correct, dtype=bool)
    if reference.ndim != 1 or reference.shape != candidate.shape or reference.size == 0:
        raise ValueError(f"expected two equal, non-empty rows, got {reference.shape} and {candidate.shape}")
    n = reference.size
    lost = int(np.sum(reference & ~candidate))
    gained = int(np.sum(~reference & candidate))
    z = _z(confidence)
    return (lost - gained) / n, _tango_low(lost, gained, n, z), -_tango_low(gained, lost, n, z)


def _tango_low(lost: int, gained: int, n: int, z: float) -> float:
    """Low end of Tango's interval: the smallest true drop that a score test would not reject."""
    from scipy.optimize import brentq

    def excess(drop: float) -> float:
        # the likeliest share of gained images were `drop` the truth (Tango 1998, below eq. 13)
        b = (2 * n - lost + gained) * drop - lost - gained
        c = -gained * drop * (1 - drop)
        share = (sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * share + drop * (1 - drop))
        return lost - gained - n * drop - z * sqrt(max(variance, 0.0))

    seen = (lost - gained) / n
    below = seen - 1e-9  # at `seen` itself the variance may vanish, a root that is not the one sought
    return -1.0 if below <= -1 else float(brentq(excess, -1.0, below, xtol=1e-12))


@cache
def percentile_floor(q: float, confidence: float = 0.99) -> int:
    """Fewest samples for a q-th percentile: 64 for p90, 130 for p95, 662 for p99; 1 up to the median.

    The number of samples beyond the true percentile is binomial (n, 1 − q/100). With this many, at least
    two are beyond it with the given confidence, so neither the bound nor the estimate rests on a single
    sample. Equals the minimum of MLPerf's early stopping (MLCommons, inference rules, appendix).

    Raises:
        ValueError: `q` is not between 0 and 100.
    """
    if not 0 < q < 100:
        raise ValueError(f"{q} is not a percentile")
    if q <= 50:
        return 1
    p, n = q / 100, 2
    while p**n + n * (1 - p) * p ** (n - 1) > 1 - confidence:
        n += 1
    return n


def percentile(samples: Numbers, q: float) -> float | None:
    """The q-th percentile, interpolated linearly (Hyndman & Fan, 1996, type 7).

    Returns:
        None where there are fewer samples than `percentile_floor` asks for.
    """
    import numpy as np

    if len(samples) < percentile_floor(q):
        return None
    return float(np.percentile(np.asarray(samples), q))


def ordered_percentile(ordered: Sequence[float], q: float) -> float | None:
    """`percentile` of samples that ascend: the same value, without sorting again.

    Returns:
        None where there are fewer samples than `percentile_floor` asks for.
    """
    if len(ordered) < percentile_floor(q):
        return None
    place = (len(ordered) - 1) * q / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


@dataclass(frozen=True)
class Spread:
    """A value and the range it took across repeats."""

    value: float
    low: float
    high: float

    @property
    def relative(self) -> float:
        """Range over value: 0.04 means the repeats are within 4 %."""
        return (self.high - self.low) / self.value if self.value else 0.0


def median_of_medians(repeats: Sequence[Numbers]) -> Spread | None:
    """The median of the repeats' medians, with the range of those medians.

    Samples of one process correlate, so the repeat is the unit. Empty repeats are left out.

    Returns:
        None where no repeat has a sample.
    """
    import numpy as np

    medians = [float(np.median(np.asarray(repeat))) for repeat in repeats if len(repeat)]
    return spread(medians) if medians else None


def spread(values: Numbers) -> Spread:
    """Median and range of one value per repeat; at least one value."""
    import numpy as np

    return Spread(float(np.median(np.asarray(values))), float(min(values)), float(max(values)))


def ratio_range(numerator: Spread, denominator: Spread) -> tuple[float, float, float]:
    """Ratio of two values, and the least and greatest that their repeats allow."""
    return (
        numerator.value / denominator.value,
        numerator.low / denominator.high,
        numerator.high / denominator.low,
    )


def coefficient_of_variation(samples: Numbers) -> float | None:
    """Standard deviation (n − 1) over mean; None for fewer than two samples or a mean of 0."""
    import numpy as np

    values = np.asarray(samples, dtype=float)
    if values.size < 2 or not values.mean():
        return None
    return float(values.std(ddof=1) / values.mean())


def outliers(samples: Numbers) -> npt.NDArray[Any]:
    """Flag samples far from the rest: |x − median| > 14.8 MAD. Flagged, never dropped.

    Returns:
        bool [n]. Where more than half the samples are equal (MAD 0), every other sample is flagged.
    """
    import numpy as np

    values = np.asarray(samples, dtype=float)
    if values.size == 0:
        return np.zeros(0, dtype=bool)
    distance = np.abs(values - np.median(values))
    return np.asarray(distance > OUTLIER_MADS * np.median(distance), dtype=bool)


def tick(samples: Numbers) -> float:
    """The least difference between two different samples: at most a few steps of the clock that took them.

    Returns:
        0 where there are fewer than 64 samples, or all are the same.
    """
    import numpy as np

    different = np.unique(np.asarray(samples, dtype=float))
    seen = len(samples) >= percentile_floor(90) and different.size > 1
    return float(np.diff(different).min()) if seen else 0.0


@dataclass(frozen=True)
class Bounds:
    """A value, and the one-sided lower and upper confidence bounds of what it estimates."""

    value: float
    low: float
    high: float


def repeat_bounds(
    values: Sequence[float], confidence: float = 0.99, noise: float | None = None
) -> Bounds | None:
    """Bounds of a statistic that was measured once per repeat, such as each process's own p90.

    Samples of one process correlate, so a repeat is one observation: Student's t on the repeats, mean ±
    t(confidence, k − 1) · s / √k, as Georges, Buytaert & Eeckhout (OOPSLA 2007, 3.2) have it for few virtual
    machine invocations. With 3 repeats that is ± 4.02 s, with 5 ± 1.68 s, with 10 ± 0.89 s. It takes the
    repeats for normally distributed; no method without such an assumption bounds anything at 99 % with
    fewer than 7 (½⁷ < 1 %).

    Args:
        values: One per repeat, not negative.
        confidence: Of each bound alone.
        noise: How far repeats are known to differ (a standard deviation, relative); a few that happen to be
            alike then do not make the bounds narrower than the normal quantile · noise · mean / √k.

    Returns:
        The median of the values and the bounds, stretched to include it; None for fewer than two repeats.
    """
    if len(values) < 2:
        return None
    middle, (mean, deviation) = float(median(values)), _moments(values)
    half = _half(len(values), mean, deviation, confidence, noise)
    return Bounds(middle, max(0.0, min(middle, mean - half)), max(middle, mean + half))


def _half(count: int, mean: float, deviation: float, confidence: float, noise: float | None) -> float:
    """Half of the width between the bounds of so many repeats."""
    known = NormalDist().inv_cdf(confidence) * noise * mean if noise else 0.0
    return max(_student(confidence, count - 1) * deviation, known) / sqrt(count)


def repeats_needed(
    values: Sequence[float],
    limit: float,
    confidence: float = 0.99,
    most: int = 10,
    noise: float | None = None,
) -> int | None:
    """How many repeats would show on which side of a limit a value is, if the spread stays as it is.

    Returns:
        None if `most` would not be enough, or if there are fewer than two repeats, which show no spread.
    """
    if len(values) < 2:
        return None
    mean, deviation = _moments(values)
    return next(
        (
            count
            for count in range(len(values) + 1, most + 1)
            if _half(count, mean, deviation, confidence, noise) < abs(mean - limit)
        ),
        None,
    )


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (n − 1) of a few values, without numpy's cost of each call."""
    mean = fsum(values) / len(values)
    return mean, sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def ratio_bootstrap(
    baseline: Numbers, candidate: Numbers, confidence: float = 0.99, seed: int = 0
) -> tuple[float, float, float]:
    """Ratio of two medians, candidate over baseline, with its bootstrap interval over the repeats.

    Both sides are drawn anew with replacement, 9,999 times; the interval is the percentile one (Efron &
    Tibshirani, An Introduction to the Bootstrap, 1993, 13.3). The same values give the same interval.

    Returns:
        The ratio, and the interval's ends at a two-sided confidence.

    Raises:
        ValueError: An empty side, or a baseline with a 0.
    """
    import numpy as np

    before, after = (np.asarray(side, dtype=float) for side in (baseline, candidate))
    if before.size == 0 or after.size == 0 or before.min() <= 0:
        raise ValueError("a ratio needs repeats on both sides, and a baseline above 0")
    random = np.random.default_rng(seed)
    drawn = [np.median(random.choice(side, (9_999, side.size)), axis=1) for side in (before, after)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn[1] / drawn[0], (tail, 1 - tail))
    return float(np.median(after) / np.median(before)), float(low), float(high)


def mann_whitney(baseline: Numbers, candidate: Numbers) -> float:
    """Two-sided p of the Mann–Whitney U test that neither side tends to larger values.

    Exact without ties, however many repeats; with ties the normal approximation, corrected for them.
    Values that are all equal give 1.
    """
    from scipy.stats import mannwhitneyu

    if len({*map(float, baseline), *map(float, candidate)}) == 1:
        return 1.0
    tied = len({*map(float, baseline), *map(float, candidate)}) < len(baseline) + len(candidate)
    return float(mannwhitneyu(baseline, candidate, method="asymptotic" if tied else "exact").pvalue)


@dataclass(frozen=True)
class Blocked:
    """A ratio, candidate over baseline, from repeats that were made in blocks."""

    ratio: float
    low: float  # 0 where too few blocks bound it
    high: float  # inf likewise
    p: float  # two-sided, of no difference


def blocked_ratio(baseline: Sequence[float], candidate: Sequence[float], tail: float) -> Blocked:
    """Ratio of two sides that were measured A B B A, A B B A …, block by block.

    Only repeats of one block are compared, so that what drifts or steps between blocks cancels. The test adds
    up the blocks' Mann–Whitney statistics (van Elteren, Bull. Int. Stat. Inst. 37, 1960) and is exact: of the
    6 orders of a block's four repeats each is equally likely if the sides are alike. The interval holds the
    ratios that the test does not reject; its ends are order statistics of the 4 ratios of each block, and
    their median is the estimate (Hodges & Lehmann, Ann. Math. Stat. 34, 1963; Lehmann, Nonparametrics, 1975,
    3.3). No distribution is assumed.

    Args:
        baseline: One value per repeat, above 0, in the order of measuring: two for each block.
        candidate: Likewise, as many.
        tail: Probability with which the ratio may be below the interval, and with which above.

    Raises:
        ValueError: Not two values of each side for every block, or a value that is not above 0.
    """
    if len(baseline) != len(candidate) or len(baseline) % 2 or not baseline:
        raise ValueError(f"{len(baseline)} and {len(candidate)} repeats are not blocks of two and two")
    if min(*baseline, *candidate) <= 0:
        raise ValueError("a ratio needs values above 0")
    ratios = sorted(
        candidate[start + j] / baseline[start + i]
        for start in range(0, len(baseline), 2)
        for i in range(2)
        for j in range(2)
    )
    blocks = len(baseline) // 2
    above = sum(ratio > 1 for ratio in ratios) + sum(ratio == 1 for ratio in ratios) / 2
    extreme = floor(min(above, 4 * blocks - above) + 0.5)  # a half counts against a difference
    p = min(1.0, 2 * _below(blocks)[extreme])
    cut = cut_off(blocks, tail)
    low, high = (ratios[cut - 1], ratios[-cut]) if cut else (0.0, inf)
    return Blocked(float(median(ratios)), low, high, p)


def cut_off(blocks: int, tail: float) -> int:
    """Which of a blocked ratio's ordered ratios, counted from either end, bounds it; 0: none does."""
    return sum(below <= tail for below in _below(blocks))


@cache
def _below(blocks: int) -> tuple[float, ...]:
    """P(U ≤ u) for u = 0 … 4 · blocks, U being the sum of the blocks' Mann–Whitney statistics."""
    ways = [1]
    for _ in range(blocks):
        # of the 6 orders of a a b b, so many have 0, 1, 2, 3 and 4 pairs in which b is the greater
        ways = [
            sum(ways[u - k] * many for k, many in enumerate((1, 1, 2, 1, 1)) if 0 <= u - k < len(ways))
            for u in range(len(ways) + 4)
        ]
    return tuple(sum(ways[: u + 1]) / 6**blocks for u in range(len(ways)))


def like_spread(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """How far like repeats of one block differ: a standard deviation, relative to the value.

    From the median difference of the two repeats that a block has of each side, so that what disturbs fewer
    than a quarter of all repeats does not count (for normal values the median is 0.954 σ).

    Args:
        baseline: As in `blocked_ratio`.
        candidate: Likewise.
    """
    pairs = [side[start : start + 2] for side in (baseline, candidate) for start in range(0, len(side), 2)]
    return float(median(abs(log(two / one)) for one, two in pairs)) / 0.954


def unevenness(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """How far the repeats of one block differ, whichever side they are of: the mean of all blocks, relative.

    A block's four values, sorted, are two pairs of neighbours; what counts is how far those differ, so a
    difference between the sides does not, unless it is smaller than the noise. Since sides do not enter, a
    statistic that is chosen by it is as exact as one that is not: a permutation test is conditional on the
    values of each block.

    Args:
        baseline: As in `blocked_ratio`.
        candidate: Likewise.
    """
    found = []
    for start in range(0, len(baseline), 2):
        values = sorted((*baseline[start : start + 2], *candidate[start : start + 2]))
        found.append((log(values[1] / values[0]) + log(values[3] / values[2])) / 2)
    return fsum(found) / len(found)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for testing several cells at once: Holm's step-down (Scand. J. Stat. 6, 1979).

    Returns:
        The adjusted values in the given order, at most 1: compare each with the level of all together.
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


@cache
def _student(confidence: float, freedom: int) -> float:
    """Quantile of Student's t, by halving the interval that contains it.

    Not scipy's: importing that takes as long as reading a thousand results.
    """
    low, high = 0.0, 1.0
    while _student_below(high, freedom) < confidence:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_below(middle, freedom) < confidence else (low, middle)
    return (low + high) / 2


def _student_below(t: float, freedom: int) -> float:
    """P(T ≤ t), t ≥ 0, for a whole number of degrees of freedom (Abramowitz & Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(freedom))
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for power in range(2 + odd, freedom - 1, 2):
        term *= (power - 1) / power * cos(angle) ** 2
        total += term
    within = 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
    return (1 + within) / 2


def _z(confidence: float) -> float:
    """Standard normal quantile of a two-sided confidence."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def level_changes(values: Numbers, *, shortest: int, penalty: float) -> list[int]:
    """Where a series changes its level: the partition of least squared error, and a penalty for each change.

    Found by PELT (Killick, Fearnhead & Eckley, JASA 107, 2012), as the library ruptures has it: exactly where
    a level may be one value long, else nearly, since what PELT leaves out rests on that.

    Args:
        values: In order; at least 2 · `shortest` of them.
        shortest: How many values a level has at least.
        penalty: What a change costs, in the values' unit squared; the larger, the fewer changes.

    Returns:
        The places of the first value after each change, in order.
    """
    import numpy as np
    from ruptures import KernelCPD

    # KernelCPD is PELT in C; with a linear kernel its cost is the squared error
    fitted = KernelCPD(kernel="linear", min_size=shortest).fit(np.asarray(values).reshape(-1, 1))
    return [int(place) for place in fitted.predict(pen=penalty)[:-1]]  # they are numpy's
