"""A result in the terminal: what it means in words, the table, and what makes a measurement doubtful."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.results import Result

_WIDE = 200  # columns, where standard output is no terminal: a file or a log cuts nothing off
_SEEN = 2  # places shown for each kind of finding


def show_result(result: Result) -> None:
    """Print a result's table, its summary and its findings."""
    from rich.text import Text

    from edgekit.cli.console import stdout_console
    from edgekit.cli.grid import grid
    from edgekit.report.columns import table
    from edgekit.report.rows import findings
    from edgekit.report.summary import summarise

    console = stdout_console()
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = _WIDE
    shown = table(result).within(console.width)
    headings = [f"{column.short or column.title}\n{column.unit}" for column in shown.columns]
    words = [index for index, column in enumerate(shown.columns) if column.words]
    console.print(grid(shown.title, headings, shown.cells, words=words))
    for sentence in summarise(result):
        console.print(Text(f"• {sentence}"))
    for found in findings(shown.rows):
        style = "bold red" if found.kind == "invalid" else "yellow"
        console.print(Text.assemble((f"{found.kind}: {found.code}", style), f"  {found.advice}"))
        for label, message in found.seen[:_SEEN]:
            console.print(Text(f"  {label}: {message}"))
        if len(found.seen) > _SEEN:
            console.print(Text(f"  … and {len(found.seen) - _SEEN} more; the report lists them"))
