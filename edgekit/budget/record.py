"""One verdict: a limit, what it is about, what was measured there, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec.structs import replace

from edgekit.budget.cells import Cell
from edgekit.budget.figures import Figure
from edgekit.budget.metrics import METRICS, Metric
from edgekit.budget.read import PATTERNS, Budget
from edgekit.results import without

Word = Literal["pass", "first", "fail", "inconclusive", "invalid", "missing"]

STALE = 2.0  # a ceiling of more than this many times what is measured guards little
_ROUNDING = 1e-9  # relative difference that floating point alone may cause


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
    limit: float | None = None  # None: it is relative, and the baseline's figure is not known
    allowed: float | None = None  # of a relative limit: how much worse than the baseline, a fraction, ≥ 0
    baseline: float | None = None  # the baseline's figure
    tolerance: float | None = None  # fraction of the limit, which is then a reference
    measured: float | None = None
    low: float | None = None  # 99 % bounds; of a relative limit, of the change alone; None: nothing bounds it
    high: float | None = None
    stale: bool = False  # so far below the limit that the limit guards little
    reason: str = ""
    result: str = ""  # the file that holds it; empty: none

    @property
    def margin(self) -> float | None:
        """By how much the measured value is over the limit; negative: under it.

        A fraction of the limit; for shares, the difference. For a minimum, what falls short of it is over.
        """
        if self.measured is None or self.limit is None:
            return None
        if self.unit == "fraction":
            difference = self.measured - self.limit
            return -difference if METRICS[self.metric].least else difference
        return self.measured / self.limit - 1 if self.limit else None


def stated(budget: Budget, metric: Metric) -> Verdict:
    """Say what a limit is and what it is about: `missing`, until something is found."""
    subject = {key: getattr(budget, key) for key in (*PATTERNS, "xnnpack", "threads", "fps")}
    subject["runtime"] += without(budget.xnnpack)
    return Verdict(
        verdict="missing",
        budget=budget.name,
        index=budget.index,
        metric=metric.name,
        unit=metric.unit,
        limit=budget.limits.get(metric.name),
        allowed=budget.relative.get(metric.name),
        tolerance=budget.tolerance_of(metric) if metric.name in budget.limits else None,
        **subject,
    )


def about(verdict: Verdict, cell: Cell) -> Verdict:
    """Return a verdict about one cell."""
    return replace(
        verdict,
        device=cell.device,
        model=cell.model,
        artefact=cell.artefact.file,
        runtime=cell.runtime.label,
        xnnpack=cell.runtime.xnnpack,
        threads=cell.threads,
        affinity=cell.affinity,
        result=str(cell.result.path or ""),
    )


def flaw_of(metric: Metric, cell: Cell) -> str:
    """Say why a metric of a cell is invalid; empty: it is valid."""
    flaw = metric.flaw(cell)
    return f"{flaw.code}: {flaw.message} {flaw.advice}".strip() if flaw else ""


def doubt_of(seen: Figure) -> str:
    """Say why a figure decides nothing; empty: it may."""
    return f"{seen.doubt}; measure longer, such as with --mode rigorous" if seen.doubt else ""


def over(metric: Metric, limit: float, tolerance: float) -> Callable[[float], bool]:
    """Return whether a value breaks a limit. Equality never does."""
    if metric.least:
        return lambda value: value < limit - _ROUNDING
    ceiling = limit * (1 + tolerance)
    slack = _ROUNDING if metric.unit == "fraction" else ceiling * _ROUNDING
    return lambda value: value > ceiling + slack
