"""Budgets against what was measured: one verdict for each limit and cell.

pass          within the limit: for a time, even its upper 99 % bound is
fail          over the limit: for a time, even its lower 99 % bound is
inconclusive  the bounds straddle the limit; more repeats may decide
invalid       measured, but the measurement cannot be trusted; never a fail
missing       nothing that the limit is about was measured; never a pass

Each bound is one-sided, so a model that is exactly at its limit fails at most once in a hundred checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from edgekit import stats
from edgekit.budget.cells import Cell, Measured
from edgekit.budget.figures import CONFIDENCE, Absent, Figure
from edgekit.budget.metrics import METRICS, Metric
from edgekit.budget.read import PATTERNS, Budget
from edgekit.budget.select import Index
from edgekit.errors import GateError, InvalidError, UnavailableError
from edgekit.results import without

Word = Literal["pass", "fail", "inconclusive", "invalid", "missing"]

STALE = 2.0  # a ceiling of more than this many times what is measured guards little
_ROUNDING = 1e-9  # relative difference that floating point alone may cause
_REPEATS = {"quick": 3, "standard": 5, "rigorous": 10}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one limit holds for one cell. Values are in `unit`."""

    verdict: Word
    budget: str
    index: int  # of the budget in its file, from 0
    device: str  # as measured; the budget's pattern where nothing was
    model: str
    artefact: str
    runtime: str  # ends with ` without XNNPACK` where that is switched off
    xnnpack: bool | None = None  # None: nothing was measured, and the budget is about either
    threads: int | None
    affinity: tuple[int, ...] = ()  # CPUs it was pinned to; empty: not pinned
    fps: float | None = None  # spaced inferences; None: back to back
    metric: str
    unit: str
    limit: float
    tolerance: float | None = None  # fraction of the limit, which is then a reference
    measured: float | None = None
    low: float | None = None  # 99 % bounds; None: nothing bounds it
    high: float | None = None
    stale: bool = False  # so far below the limit that the limit guards little
    reason: str = ""
    result: str = ""  # the file that holds it; empty: none

    @property
    def margin(self) -> float | None:
        """By how much the measured value is over the limit; negative: under it.

        A fraction of the limit; for shares, the difference. For a minimum, what falls short of it is over.
        """
        if self.measured is None:
            return None
        if self.unit == "fraction":
            difference = self.measured - self.limit
            return -difference if METRICS[self.metric].least else difference
        return self.measured / self.limit - 1 if self.limit else None


def judge(budgets: Sequence[Budget], measured: Measured) -> tuple[Verdict, ...]:
    """Judge every limit of every budget on every cell that it is about.

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

    return tuple(verdict for budget in budgets for verdict in _budget(budget, index, look))


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0: all pass. A fail counts most (1), then what is missing (3), then what is not certain (4)."""
    words = {verdict.verdict for verdict in verdicts}
    if "fail" in words:
        return GateError.exit_code
    if "missing" in words or not words:
        return UnavailableError.exit_code
    return InvalidError.exit_code if words - {"pass"} else 0


def _budget(
    budget: Budget, index: Index, look: Callable[[Cell, Metric], Figure | Absent]
) -> Iterator[Verdict]:
    cells, why = index.find(budget)
    cut = index.cut_short(budget, cells)
    for key in budget.limits:
        metric, found, elsewhere = METRICS[key], 0, why
        blank = _blank(budget, metric)
        for cell in cells:
            seen = look(cell, metric)
            if isinstance(seen, Absent) and not seen.applies:
                elsewhere = seen.reason
                continue
            found += 1
            yield _verdict(blank, metric, cell, seen)
        if not found:
            yield replace(blank, reason="; ".join(filter(None, (elsewhere, cut))))
        elif cut:
            yield replace(blank, reason=cut)


def _verdict(blank: Verdict, metric: Metric, cell: Cell, seen: Figure | Absent) -> Verdict:
    """Complete a verdict that says only what the limit is."""
    word, reason, stale = _word(blank, metric, cell, seen)
    known = seen if isinstance(seen, Figure) and cell.flaw is None else None
    bounded = known if known and not known.doubt else None
    return replace(
        blank,
        verdict=word,
        reason=reason,
        stale=stale,
        measured=known.value if known else None,
        low=bounded.low if bounded else None,
        high=bounded.high if bounded else None,
        device=cell.device,
        model=cell.model,
        artefact=cell.artefact.file,
        runtime=cell.runtime.label,
        xnnpack=cell.runtime.xnnpack,
        threads=cell.threads,
        affinity=cell.affinity,
        result=str(cell.result.path or ""),
    )


def _word(blank: Verdict, metric: Metric, cell: Cell, seen: Figure | Absent) -> tuple[Word, str, bool]:
    """Return a verdict's word, why, and whether the limit is stale."""
    if cell.flaw:
        return "invalid", f"{cell.flaw.code}: {cell.flaw.message} {cell.flaw.advice}".strip(), False
    if isinstance(seen, Absent):
        return "missing", seen.reason, False
    if seen.doubt:
        return "inconclusive", f"{seen.doubt}; measure longer, such as with --mode rigorous", False
    broken = over(metric, blank.limit, blank.tolerance or 0.0)
    sides = {broken(seen.low), broken(seen.high)}
    if sides == {False}:
        stale = _stale(metric, blank.limit, blank.tolerance, seen)
        return (
            "pass",
            "far below its limit: tighten it (--update proposes how)" if stale else seen.note,
            stale,
        )
    if sides == {True}:
        exact = seen.low == seen.high
        return "fail", seen.note if exact else f"99 % bounds {_range(metric, seen)} are over it", False
    reason = f"99 % bounds {_range(metric, seen)} straddle the limit; {_more(seen, blank.limit)}"
    return "inconclusive", reason, False


def over(metric: Metric, limit: float, tolerance: float) -> Callable[[float], bool]:
    """Return whether a value breaks a limit. Equality never does."""
    if metric.least:
        return lambda value: value < limit - _ROUNDING
    ceiling = limit * (1 + tolerance)
    slack = _ROUNDING if metric.unit == "fraction" else ceiling * _ROUNDING
    return lambda value: value > ceiling + slack


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


def _blank(budget: Budget, metric: Metric) -> Verdict:
    """Say what a limit is and what it is about: `missing`, until something is found."""
    subject = {key: getattr(budget, key) for key in (*PATTERNS, "xnnpack", "threads", "fps")}
    subject["runtime"] += without(budget.xnnpack)
    return Verdict(
        verdict="missing",
        budget=budget.name,
        index=budget.index,
        metric=metric.name,
        unit=metric.unit,
        limit=budget.limits[metric.name],
        tolerance=budget.tolerance_of(metric),
        **subject,
    )
