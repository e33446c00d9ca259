"""One figure of two cells: how much it changed, how sure that is, and what to call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from edgekit import stats
from edgekit.results import Instructions, Repeat

Word = Literal["slower", "faster", "more", "fewer", "same", "inconclusive", "invalid"]

By = Literal["p50", "fastest"]

LEVEL = 0.01  # of the Mann–Whitney tests, all cells together
CONFIDENCE = 0.99  # of the ratio's interval
LEAST_CHANGE = 0.05  # relative change of a time below which it does not count
FEWEST_REPEATS = 6  # on each side
TICKS = 2  # steps of the clock by which times must differ to be told apart
TOLERANCE = 0.001  # of instructions: what two machines' counts of one program differ by


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A figure on two sides. Times in ns; instructions are counts."""

    word: Word
    baseline: float
    candidate: float
    ratio: float | None = None  # candidate over baseline
    low: float | None = None  # 99 % interval of the ratio
    high: float | None = None
    p: float | None = None  # Mann–Whitney, adjusted by Holm for the cells tested together
    delta: float | None = None  # the least relative change that counts
    repeats: int | None = None  # on each side, where both were measured together
    by: By = "p50"  # what was judged of each repeat; baseline and candidate are of this, too
    reason: str = ""


def spread(baseline: Sequence[float], candidate: Sequence[float]) -> float:
    """How far like repeats differ: the larger side's coefficient of variation."""
    return max(stats.coefficient_of_variation(side) or 0.0 for side in (baseline, candidate))


def medians(repeats: Sequence[Repeat]) -> list[float]:
    """The median of each repeat, in ns."""
    import numpy as np

    return [float(np.median(repeat.samples_ns)) for repeat in repeats]


def fastest(repeats: Sequence[Repeat]) -> list[float]:
    """The fastest inference of each repeat, in ns."""
    return [float(min(repeat.samples_ns)) for repeat in repeats]


def tick(*sides: Sequence[Repeat]) -> float:
    """The least step of the device's clock that the samples show, in ns."""
    return max((stats.tick(repeat.samples_ns) for side in sides for repeat in side[:1]), default=0.0)


def delta_of(own: float, noise: float | None, least: float = LEAST_CHANGE) -> float:
    """The least relative change that counts: 5 %, or twice the noise.

    Args:
        own: How far like repeats of this comparison differ, relative.
        noise: The same of the device, as measured for it; None: it is not known.
        least: What counts at least, if it is not 5 %.
    """
    return max(least, 2 * max(own, noise or 0.0))


def time_change(
    baseline: Sequence[float],
    candidate: Sequence[float],
    p: float | None,
    cells: int = 1,
    *,
    tick: float = 0.0,
    noise: float | None = None,
    least: float = LEAST_CHANGE,
) -> Change:
    """Judge the repeats' medians of two cells of two sessions, or of one that measured both.

    Slower if all of these hold: the adjusted p is below 1 %; the ratio's 99 % interval is entirely above
    1 + δ, δ being 5 %, or twice the spread of like repeats or the device's noise; and the medians differ by
    more than two steps of the clock. Faster likewise. The same if the interval is within δ, that of the
    repeats alone.

    Args:
        baseline: Median of each repeat, in ns; at least one.
        candidate: Likewise.
        p: Of the Mann–Whitney test, adjusted; None: too few repeats for one.
        cells: How many were tested together.
        tick: The least by which the device's clock moves, in ns.
        noise: The device's; see `delta_of`.
        least: The least relative change that counts, whatever the noise.
    """
    ratio, low, high = stats.ratio_bootstrap(baseline, candidate, CONFIDENCE)
    before = stats.spread(baseline).value
    own = spread(baseline, candidate)
    delta = delta_of(own, noise, least)
    near = delta_of(own, None, least)
    word, reason = _word((ratio, low, high), before, (delta, near), TICKS * tick, p)
    if word == "inconclusive" and p is None:
        fewest = min(len(baseline), len(candidate))
        needed = f"{FEWEST_REPEATS} repeats on each side are needed"
        reason = f"{needed}, there are {fewest}: edgekit bench --repeats 10"
    elif word == "inconclusive" and p is not None and p >= LEVEL and not low <= 1 <= high:
        reason = f"{cells} cells tested together need more repeats: p is {p:.2g} (Holm)"
    return Change(
        word=word,
        baseline=before,
        candidate=stats.spread(candidate).value,
        ratio=ratio,
        low=low,
        high=high,
        p=p,
        delta=delta,
        reason=reason,
    )


def _word(
    interval: tuple[float, float, float],
    before: float,
    deltas: tuple[float, float],
    least: float,
    p: float | None,
) -> tuple[Word, str]:
    """Return what to call a change, and why; known noise raises what is slower, and not what is the same."""
    ratio, low, high = interval
    delta, most, near = deltas[0], 1 + deltas[0], 1 + deltas[1]
    if p is None:
        return "inconclusive", ""
    if p < LEVEL and (low > most or high < 1 / most):
        if abs(ratio - 1) * before > least:
            return ("slower" if low > most else "faster"), ""
        return "same", f"differs by less than {TICKS} steps of the clock ({least:.0f} ns)"
    if 1 / near <= low and high <= near:
        return "same", ""
    if 1 / most <= low and high <= most:
        return (
            "inconclusive",
            f"differs, but not certainly by {delta:.0%}, the least that counts on this device",
        )
    return "inconclusive", f"the interval reaches beyond {delta:.0%}: measure longer, on a quieter device"


def count_change(baseline: Instructions, candidate: Instructions) -> Change | None:
    """Judge instructions: more or fewer if the counts differ by more than 0.1 %.

    An emulated CPU's counts are the same on every run; a real counter's are taken with the bounds of their
    loads' medians.

    Returns:
        None if a side was not counted, or both were counted by different means.
    """
    sides = (baseline, candidate)
    if not all(side.per_inference for side in sides) or baseline.emulated != candidate.emulated:
        return None
    before, after = map(_bounds, sides)
    if before.low <= 0:
        return None
    low, high = after.low / before.high, after.high / before.low
    word: Word = "inconclusive"
    if low > 1 + TOLERANCE:
        word = "more"
    elif high < 1 - TOLERANCE:
        word = "fewer"
    elif low >= 1 - TOLERANCE and high <= 1 + TOLERANCE:
        word = "same"
    return Change(
        word=word,
        baseline=before.value,
        candidate=after.value,
        ratio=after.value / before.value,
        low=low,
        high=high,
        delta=TOLERANCE,
        reason="the counters' spread is too wide" if word == "inconclusive" else "",
    )


def _bounds(counted: Instructions) -> stats.Bounds:
    value = stats.spread(counted.per_inference).value
    if counted.emulated:
        return stats.Bounds(value, value, value)
    once = stats.Bounds(value, min(counted.per_inference), max(counted.per_inference))
    return stats.repeat_bounds(counted.medians) or once
