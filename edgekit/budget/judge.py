"""Budgets against what was measured: one verdict for each limit and cell.

pass          within the limit: for a time, even its upper 99 % bound is
fail          over the limit: for a time, even its lower 99 % bound is
inconclusive  the bounds straddle the limit; more repeats may decide
invalid       measured, but the figure cannot be trusted; never a fail
missing       nothing that the limit is about was measured; never a pass
first         the limit is relative to a baseline, and there is none yet

Each bound is one-sided, so a model that is exactly at its limit fails at most once in a hundred checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from edgekit import stats
from edgekit.budget.baseline import NO_BASELINE, Baseline
from edgekit.budget.cells import Cell
from edgekit.budget.figures import CONFIDENCE, Absent, Figure
from edgekit.budget.measured import Measured
from edgekit.budget.metrics import METRICS, Metric
from edgekit.budget.read import Budget
from edgekit.budget.record import STALE, Verdict, Word, about, doubt_of, flaw_of, over, stated
from edgekit.budget.relative import Asked, settled
from edgekit.budget.select import Index
from edgekit.errors import GateError, InvalidError, UnavailableError

_REPEATS = {"quick": 3, "standard": 5, "rigorous": 10}


def judge(
    budgets: Sequence[Budget], measured: Measured, baseline: Baseline = NO_BASELINE
) -> tuple[Verdict, ...]:
    """Judge every limit of every budget on every cell that it is about.

    Args:
        budgets: The limits.
        measured: What was measured.
        baseline: What relative limits are relative to; not given: there is none yet.

    Raises:
        RecordError: A result file is damaged.
    """
    index = Index(measured)
    known: dict[tuple[int, str], Figure | Absent] = {}

    def look(cell: Cell, metric: Metric) -> Figure | Absent:
        key = id(cell), metric.name
        if key not in known:
            known[key] = metric.read(cell)
        return known[key]

    found = [each for budget in budgets for each in _budget(budget, index, baseline, look)]
    return tuple(settled(found, baseline))


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0: all pass. A fail counts most (1), then what is missing (3), then what is not certain (4)."""
    words = {verdict.verdict for verdict in verdicts}
    if "fail" in words:
        return GateError.exit_code
    if "missing" in words or not words:
        return UnavailableError.exit_code
    return InvalidError.exit_code if words - {"pass", "first"} else 0


def _budget(
    budget: Budget, index: Index, baseline: Baseline, look: Callable[[Cell, Metric], Figure | Absent]
) -> Iterator[Verdict | Asked]:
    cells, why = index.find(budget)
    cut = index.cut_short(budget, cells)
    for key in (*budget.limits, *budget.relative):
        metric, found, elsewhere = METRICS[key], 0, why
        limit = stated(budget, metric)
        for cell in cells:
            seen = look(cell, metric)
            if isinstance(seen, Absent) and not seen.applies:
                elsewhere = seen.reason
                continue
            found += 1
            here = about(limit, cell)
            if key in budget.relative:
                yield Asked(here, metric, cell, seen)
            else:
                yield _verdict(here, budget.limits[key], metric, cell, seen)
        if not found:
            yield replace(limit, reason="; ".join(filter(None, (elsewhere, cut))))
        elif cut:
            yield replace(limit, reason=cut)
        elif key in budget.relative:
            yield from baseline.lost(limit, metric, budget, index)


def _verdict(blank: Verdict, limit: float, metric: Metric, cell: Cell, seen: Figure | Absent) -> Verdict:
    """Complete a verdict that says only what the limit is, and what it is about."""
    word, reason, stale = _word(limit, blank.tolerance, metric, cell, seen)
    known = seen if isinstance(seen, Figure) and metric.flaw(cell) is None else None
    bounded = known if known and not known.doubt else None
    return replace(
        blank,
        verdict=word,
        reason=reason,
        stale=stale,
        measured=known.value if known else None,
        low=bounded.low if bounded else None,
        high=bounded.high if bounded else None,
    )


def _word(
    limit: float, tolerance: float | None, metric: Metric, cell: Cell, seen: Figure | Absent
) -> tuple[Word, str, bool]:
    """Return a verdict's word, why, and whether the limit is stale."""
    if flaw := flaw_of(metric, cell):
        return "invalid", flaw, False
    if isinstance(seen, Absent):
        return "missing", seen.reason, False
    if seen.doubt:
        return "inconclusive", doubt_of(seen), False
    broken = over(metric, limit, tolerance or 0.0)
    sides = {broken(seen.low), broken(seen.high)}
    if sides == {False}:
        stale = _stale(metric, limit, tolerance, seen)
        return (
            "pass",
            "far below its limit: tighten it (--update proposes how)" if stale else seen.note,
            stale,
        )
    if sides == {True}:
        exact = seen.low == seen.high
        return "fail", seen.note if exact else f"99 % bounds {_range(metric, seen)} are over it", False
    reason = f"99 % bounds {_range(metric, seen)} straddle the limit; {_more(seen, limit)}"
    return "inconclusive", reason, False


def _stale(metric: Metric, limit: float, tolerance: float | None, seen: Figure) -> bool:
    """Whether a reference is left behind by more than its tolerance, or a ceiling is far above."""
    if metric.unit == "fraction":
        return False
    if tolerance is not None:
        return seen.high < limit * (1 - tolerance)
    return seen.high * STALE < limit


def _range(metric: Metric, seen: Figure) -> str:
    return f"{metric.show(seen.low)} to {metric.show(seen.high)}"


def _more(seen: Figure, limit: float) -> str:
    """Say what would decide."""
    if not seen.repeats:
        return "count more inferences, or set a tolerance"
    most = max(_REPEATS.values())
    needed = stats.repeats_needed(seen.repeats, limit, CONFIDENCE, most, seen.noise)
    if needed is None:
        return f"with this spread even {most} repeats would not decide: quiet the device or move the limit"
    mode = next(name for name, count in _REPEATS.items() if count >= needed)
    return f"with this spread {needed} repeats would decide: --mode {mode} makes {_REPEATS[mode]}"
