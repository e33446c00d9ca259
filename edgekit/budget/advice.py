"""What to do after a check."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from edgekit.budget.record import Verdict


def next_step(verdicts: Sequence[Verdict], budgets: Path) -> str:
    """Return the command that a person would want next, as it is typed into a shell.

    Args:
        verdicts: Of every limit.
        budgets: The file that states them.
    """
    words = {verdict.verdict for verdict in verdicts}
    update = f"edgekit check --budgets {shlex.quote(str(budgets))} --update"
    if "fail" in words:
        absolute = any(verdict.verdict == "fail" and verdict.allowed is None for verdict in verdicts)
        meant = update if absolute else "commit this result as the baseline"
        return f"See what changed: edgekit compare BASELINE RESULT. If the change is intended: {meant}"
    doubtful = next((verdict for verdict in verdicts if verdict.verdict not in ("pass", "first")), None)
    if doubtful:
        return _again(doubtful)
    return update if any(verdict.stale for verdict in verdicts) else "edgekit report -o report.html"


def _again(doubtful: Verdict) -> str:
    """Return how to measure what a verdict is about."""
    device = "DEVICE" if {"*", "?"} & {*doubtful.device} else shlex.quote(doubtful.device)
    mode = " --mode rigorous" if doubtful.verdict == "inconclusive" else ""
    pace = f" --fps {doubtful.fps:g}" if doubtful.fps else ""
    kernels = " --no-xnnpack" if doubtful.xnnpack is False else ""
    return f"edgekit bench --device {device}{mode}{pace}{kernels}"
