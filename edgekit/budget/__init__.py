"""Budgets: what a model may cost on a device, and whether it does.

    cells      result files -> what was measured, samples left undecoded
    measured   of cells that were measured again, the newest
    figures    one metric of one cell, with its 99 % bounds
    metrics    METRICS: what can be limited, how it is read off a cell, written and shown
    lines      where in a TOML file something is
    read       budgets.toml -> budgets
    judge      budgets × cells -> verdicts
    baseline   earlier results -> what limits are relative to
    relative   limits relative to a baseline
    record     one verdict
    propose    verdicts -> budgets that the results would keep
    verdicts   how a verdict is worded, wherever it is shown
    advice     what to do next
    to_*       verdicts for CI systems and programs

`check` works on files alone: it needs no device and no runtime.
"""

from __future__ import annotations

from edgekit.budget.baseline import NO_BASELINE, Baseline, find_baseline, stated_baseline
from edgekit.budget.cells import Cell, read_session
from edgekit.budget.figures import Absent, Figure, exact
from edgekit.budget.judge import exit_code, judge
from edgekit.budget.measured import Measured, read_cells
from edgekit.budget.metrics import METRICS, Metric
from edgekit.budget.propose import Proposal, propose, unresolved
from edgekit.budget.read import Budget, read_baseline, read_budgets
from edgekit.budget.record import Verdict

__all__ = [
    "METRICS",
    "NO_BASELINE",
    "Absent",
    "Baseline",
    "Budget",
    "Cell",
    "Figure",
    "Measured",
    "Metric",
    "Proposal",
    "Verdict",
    "exact",
    "exit_code",
    "find_baseline",
    "judge",
    "propose",
    "read_baseline",
    "read_budgets",
    "read_cells",
    "read_session",
    "stated_baseline",
    "unresolved",
]
