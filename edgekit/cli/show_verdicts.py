"""Verdicts in the terminal, and in the files that CI systems read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.api.check import Check
    from edgekit.budget import Proposal, Verdict

_ROWS = 40  # more than anybody reads; drawing takes time
_COLOURS = {
    "fail": "bold red",
    "missing": "red",
    "invalid": "magenta",
    "inconclusive": "yellow",
    "first": "cyan",
}


def show_verdicts(judged: Check) -> None:
    """Print the table of verdicts, the worst first, and why each is what it is."""
    from rich.text import Text

    from edgekit.budget.verdicts import HEADINGS, WORDS, cells, ordered, sentence, subject, tally
    from edgekit.cli.console import wide_console
    from edgekit.cli.tables import draw_table, show_items
    from edgekit.words import visible

    console = wide_console()
    worst = ordered(judged.verdicts)
    shown = [each for each in worst if each.verdict != "pass" or each.stale] or worst
    console.print(draw_table("Verdicts", HEADINGS, map(cells, shown[:_ROWS]), words=WORDS))
    for verdict in shown[:_ROWS]:
        if verdict.reason:
            style = _COLOURS.get(verdict.verdict, "dim")
            word, _, rest = sentence(verdict).partition(":")
            console.print(
                Text.assemble((word, style), f" {visible(verdict.device)} · {subject(verdict)}:{rest}"),
                soft_wrap=True,
            )
    if len(shown) > _ROWS:
        console.print(Text(f"… and {len(shown) - _ROWS} more; --json lists all"))
    show_items(judged.notes)
    old = f"; {judged.superseded} older measurements left out" if judged.superseded else ""
    console.print(Text(f"{tally(judged.verdicts)}{old}"), soft_wrap=True)


def publish(verdicts: Sequence[Verdict], budgets: Path, junit: Path | None, summary: Path | None) -> None:
    """Write the files for CI systems.

    Raises:
        StorageError: One of them cannot be written.
    """
    from edgekit.budget.to_junit import to_junit
    from edgekit.budget.to_step_summary import to_step_summary
    from edgekit.files import storage_errors, write_atomic

    if junit:
        write_atomic(junit, to_junit(verdicts), "name another file with --junit")
    step, elsewhere = os.environ.get("GITHUB_STEP_SUMMARY"), "name another file with --summary"
    if summary:
        write_atomic(summary, to_step_summary(verdicts, str(budgets)), elsewhere)
    elif step:
        # what earlier commands of the step wrote there stays
        with storage_errors(Path(step), elsewhere), Path(step).open("ab") as file:
            file.write(to_step_summary(verdicts, str(budgets)))


def show_proposal(proposal: Proposal, left: Sequence[Verdict], *, written: bool) -> None:
    """Say what a proposal leaves unresolved, and what to do with it."""
    from edgekit.budget.verdicts import sentence, subject
    from edgekit.cli.console import quote, say_next
    from edgekit.words import visible

    for verdict in left:
        _say(f"{visible(verdict.device)} · {subject(verdict)}: {sentence(verdict)}")
    if not proposal.diff:
        _say(f"{proposal.path} stays as it is.")
    elif written:
        say_next(f"edgekit check --budgets {quote(proposal.path)}")
    else:
        say_next("add --write to apply this diff")


def _say(text: str) -> None:
    from rich.text import Text

    from edgekit.cli.console import stderr_console

    stderr_console().print(Text(text))
