"""What to do after a choice."""

from __future__ import annotations

import shlex
from pathlib import Path

from edgekit.choice.choose import Choice


def next_step(choice: Choice, budget: Path | None = None) -> str:
    """Return the command that a person would want next; empty: none is obvious.

    Args:
        choice: What was chosen.
        budget: The file of budgets that was written.
    """
    device = shlex.quote(choice.device)
    if choice.source == "published":
        return f"edgekit sweep --device {device}, once you have the board"
    if choice.best is None:
        found = choice.nearest.standings if choice.nearest else {}
        longer = "broken" not in found.values() and found.get("latency_p50") == "straddles"
        return f"measure longer: edgekit bench --device {device} --mode rigorous" if longer else ""
    if budget is None and "accuracy" in choice.limits and choice.scale != "accuracy":
        return ""  # others' accuracy is nothing that `check` could hold
    if budget is None:
        return (
            "add --budget budgets.toml, so that `edgekit check` enforces the limits" if choice.limits else ""
        )
    own = choice.best.cell.result.path if choice.best.cell else None
    file = shlex.quote(str(own or choice.files[0]))
    return f"edgekit check {file} --budgets {shlex.quote(str(budget))}"
