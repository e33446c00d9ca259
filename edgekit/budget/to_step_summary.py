"""Verdicts for a GitHub step's summary: Markdown, what does not pass first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgekit.budget.advice import next_step
from edgekit.budget.record import Verdict
from edgekit.budget.verdicts import HEADINGS, WORDS, cells, ordered, tally
from edgekit.words import markdown

_MOST = 500  # rows of each table: a summary may have 1 MiB


def to_step_summary(verdicts: Sequence[Verdict], budgets: str = "budgets.toml") -> bytes:
    """Return the verdicts as Markdown: a table of what does not pass, and one of the rest, folded."""
    bad = [verdict for verdict in ordered(verdicts) if verdict.verdict != "pass" or verdict.stale]
    good = [verdict for verdict in verdicts if verdict.verdict == "pass" and not verdict.stale]
    parts = [f"## edgekit check: {tally(verdicts) or 'nothing judged'}", f"Budgets: {markdown(budgets)}"]
    if bad:
        parts.append(_table(bad, why=True))
        parts.append(f"Next: {markdown(next_step(verdicts, Path(budgets)))}")
    if good:
        parts.append(f"<details><summary>{len(good)} within budget</summary>\n\n{_table(good)}\n\n</details>")
    return ("\n\n".join(parts) + "\n\n").encode()


def _table(verdicts: Sequence[Verdict], why: bool = False) -> str:
    headings = [*HEADINGS, *["Why"] * why]
    ruling = [":--" if index in WORDS or index >= len(HEADINGS) else "--:" for index in range(len(headings))]
    rows = [[*map(markdown, cells(each)), *[markdown(each.reason)] * why] for each in verdicts[:_MOST]]
    more = f"\n\n… and {len(verdicts) - _MOST} more." if len(verdicts) > _MOST else ""
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, ruling, *rows)) + more
