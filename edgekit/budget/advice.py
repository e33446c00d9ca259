"""What to do after a check."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from edgekit.budget.record import Verdict

_NAMED = 8  # files that a command names


def next_step(
    verdicts: Sequence[Verdict], budgets: Path, results: Sequence[Path] = (), baseline: Sequence[Path] = ()
) -> str:
    """Return the command that a person would want next, as it is typed into a shell.

    Args:
        verdicts: Of every limit.
        budgets: The file that states them.
        results: The files that were named; none: all in results/ were judged.
        baseline: The like for what limits are relative to.
    """
    words = {verdict.verdict for verdict in verdicts}
    judged = [*map(str, results)] if len(results) <= _NAMED else ["RESULT"]
    before = [word for path in baseline for word in ("--baseline", str(path))]
    update = shlex.join(["edgekit", "check", *judged, "--budgets", str(budgets), *before, "--update"])
    if "fail" in words:
        absolute = any(verdict.verdict == "fail" and verdict.allowed is None for verdict in verdicts)
        meant = update if absolute else "commit this result as the baseline"
        return f"See what changed: edgekit compare BASELINE RESULT. If the change is intended: {meant}"
    doubtful = next((verdict for verdict in verdicts if verdict.verdict not in ("pass", "first")), None)
    if doubtful:
        return _again(doubtful)
    report = shlex.join(["edgekit", "report", *judged, "-o", "report.html"])
    return update if any(verdict.stale for verdict in verdicts) else report


def _again(doubtful: Verdict) -> str:
    """Return how to measure what a verdict is about."""
    device = "DEVICE" if {"*", "?"} & {*doubtful.device} else shlex.quote(doubtful.device)
    mode = " --mode rigorous" if doubtful.verdict == "inconclusive" else ""
    pace = f" --fps {doubtful.fps:g}" if doubtful.fps else ""
    kernels = " --no-xnnpack" if doubtful.xnnpack is False else ""
    return f"edgekit bench --device {device}{mode}{pace}{kernels}"
