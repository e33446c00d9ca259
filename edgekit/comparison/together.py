"""Two cells that were measured together, A B B A, until it is certain: a group-sequential test.

A verdict is looked for after a few fixed numbers of blocks. Each look spends a fixed part of the 1 % that a
comparison may be wrong, so that stopping at the first verdict raises no false alarms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from edgekit import stats
from edgekit.comparison.change import (
    LEAST_CHANGE,
    LEVEL,
    TICKS,
    By,
    Change,
    Word,
    delta_of,
    fastest,
    medians,
    tick,
)
from edgekit.results import Repeat

Sides: TypeAlias = tuple[Sequence[float], Sequence[float]]  # a figure of each repeat, two for each block

LOOKS = (4, 6, 8, 12)  # blocks A B B A, of two repeats a side, after which a verdict may be reached
DISTURBED = 0.018  # unevenness of medians whose standard deviation is half of what counts, 2.5 %
CLEARER = 0.75  # times the medians' unevenness that the fastest inferences may have to be judged instead
REPEATS = {"quick": 16, "standard": 24, "rigorous": 24}  # a side, at most


def planned_looks(repeats: int, cells: int) -> tuple[int, ...]:
    """After how many blocks a verdict is looked for, with so many repeats a side and cells.

    A look at which so few blocks could not decide is not a look.
    """
    looks = [look for look in LOOKS if 2 * look <= repeats] or [max(1, repeats // 2)]
    while len(looks) > 1 and not stats.cut_off(looks[0], tail(len(looks), cells)):
        looks.pop(0)
    return tuple(looks)


def tail(looks: int, cells: int) -> float:
    """The chance of a false alarm to either side at one look at one cell.

    It is spent evenly on a fixed number of looks, so that stopping early adds nothing to it (Slud & Wei,
    JASA 77, 1982, with equal parts), and on the cells (Bonferroni). The intervals of all looks then hold
    together: repeated confidence intervals (Jennison & Turnbull, JRSS B 51, 1989).
    """
    return LEVEL / 2 / looks / cells


def judged_by(medians: Sides, fastest: Sides) -> By:
    """Which figure of each repeat is judged: its median or, where others disturb that, its fastest inference.

    Other programs and neighbours on the same hardware only ever add time, so on a disturbed computer the
    fastest inference is the better estimate of what a model costs (Chen & Revels, Robust benchmarking in
    noisy environments, 2016). The median is judged unless its noise hides what counts and the fastest has
    clearly less. Which repeat is of which side does not enter, so the choice raises no false alarms.
    """
    noise = stats.unevenness(*medians)
    disturbed = noise > DISTURBED and min(map(min, fastest)) > 0
    return "fastest" if disturbed and stats.unevenness(*fastest) < CLEARER * noise else "p50"


def blocked_change(
    baseline: Sequence[Repeat],
    candidate: Sequence[Repeat],
    *,
    looks: int,
    cells: int,
    noise: float | None = None,
) -> Change:
    """Judge two cells that were measured together, A B B A, by the repeats' medians or fastest inferences.

    Slower if the ratio's interval is entirely above 1 + δ and the difference exceeds two steps of the clock;
    faster likewise. The same if the interval is within 5 %. The interval is one of several looks and cells,
    which hold together with 99 %.

    Args:
        baseline: In the order of measuring; two for each block.
        candidate: Likewise, as many.
        looks: How many were planned.
        cells: How many are judged together.
        noise: The device's, of medians; see `delta_of`.
    """
    part = tail(looks, cells)
    typical = medians(baseline), medians(candidate)
    least = fastest(baseline), fastest(candidate)
    by = judged_by(typical, least)
    sides = least if by == "fastest" else typical
    found = stats.blocked_ratio(*sides, part)
    before = stats.spread(sides[0]).value
    delta = delta_of(stats.like_spread(*sides), noise if by == "p50" else None)
    word, reason = _together(found, before, delta, TICKS * tick(baseline, candidate))
    if by == "fastest" and word != "inconclusive":
        other = stats.blocked_ratio(*typical, part)
        if found.low > other.high or found.high < other.low:
            word, reason = "inconclusive", "the medians and the fastest inferences contradict each other"
        else:
            why = "judged by each repeat's fastest inference, as something else disturbed the medians"
            reason = f"{reason}; {why}" if reason else why
    bounded = found.low > 0
    return Change(
        word=word,
        baseline=before,
        candidate=stats.spread(sides[1]).value,
        ratio=found.ratio,
        low=found.low if bounded else None,
        high=found.high if bounded else None,
        p=min(1.0, found.p * looks * cells),
        delta=delta,
        repeats=len(baseline),
        by=by,
        reason=reason,
    )


def _together(found: stats.Blocked, before: float, delta: float, least: float) -> tuple[Word, str]:
    most, near = 1 + delta, 1 + LEAST_CHANGE
    if found.low > most or found.high < 1 / most:
        if abs(found.ratio - 1) * before > least:
            return ("slower" if found.low > most else "faster"), ""
        return "same", f"differs by less than {TICKS} steps of the clock ({least:.0f} ns)"
    if 1 / near <= found.low and found.high <= near:
        return "same", ""
    if found.low > 1 or found.high < 1:
        word = "slower" if found.low > 1 else "faster"
        return (
            "inconclusive",
            f"{word}, but not certainly by {delta:.0%}, the least that counts on this device",
        )
    return (
        "inconclusive",
        f"the interval reaches beyond {LEAST_CHANGE:.0%}: measure longer, or quieten the device",
    )


def settled(
    baseline: Sequence[Repeat], candidate: Sequence[Repeat], *, looks: int, cells: int, noise: float | None
) -> bool:
    """Whether two cells need no more repeats."""
    judged = blocked_change(baseline, candidate, looks=looks, cells=cells, noise=noise)
    return judged.word != "inconclusive"
