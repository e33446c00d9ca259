"""Results in the terminal: the table, what it means in words, and what makes a measurement doubtful."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from edgekit.reporting.comparison import Comparison
    from edgekit.reporting.rows import Row
    from edgekit.reporting.table import TableOf
    from edgekit.results import Result

_WIDE = 200  # columns, where standard output is no terminal: a file or a log cuts nothing off
_SEEN = 2  # places shown for each kind of finding
_SUBJECT = ("set", "artefact", "runtime", "threads")  # what the lines of a cell have in common


def show_results(results: Sequence[Result]) -> None:
    """Print one session, or several beside each other; each by itself where they share no measurement."""
    from edgekit.reporting.comparison import compare

    found = compare(results) if len(results) > 1 else None
    if found:
        _show_comparison(results, found)
    else:
        for result in results:
            show_result(result)


def show_result(result: Result) -> None:
    """Print a result's table, its summary, the device's state and its findings."""
    from edgekit.reporting.columns import table
    from edgekit.reporting.environment import state_line
    from edgekit.reporting.summary import summarise

    console, shown = _console(), table(result)
    _print_table(console, shown.within(console.width))
    _print_items(console, summarise(result, shown.rows))
    _print_states(console, {result.device.profile: state_line(result)})
    _print_findings(console, shown.rows)


def _show_comparison(results: Sequence[Result], found: Comparison) -> None:
    from edgekit.reporting.comparison_columns import fitted
    from edgekit.reporting.comparison_summary import compare_summary
    from edgekit.reporting.environment import state_line

    console = _console()
    _print_table(console, fitted(found, console.width), [line.cell for line in found.lines])
    _print_items(console, compare_summary(results, found))
    _print_states(console, dict(zip(found.devices, map(state_line, results), strict=True)))
    for place, device in enumerate(found.devices):
        _print_findings(console, [line.row for line in found.lines if line.session == place], f"{device}: ")


def _console() -> Console:
    from edgekit.cli.console import stdout_console

    console = stdout_console()
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = _WIDE
    return console


def _print_table(console: Console, shown: TableOf[Any], cells: Sequence[int] = ()) -> None:
    """Print a table; of lines with the same number in `cells` the subject only once."""
    from edgekit.cli.grid import grid

    headings = [f"{column.short or column.title}\n{column.unit}" for column in shown.columns]
    words = [index for index, column in enumerate(shown.columns) if column.words]
    subject = [index for index, column in enumerate(shown.columns) if column.key in _SUBJECT]
    texts = shown.cells
    for i in range(len(texts) - 1, 0, -1):
        if cells and cells[i] == cells[i - 1]:
            for index in subject:
                texts[i][index] = "" if texts[i][index] == texts[i - 1][index] else texts[i][index]
    console.print(grid(shown.title, headings, texts, words=words))


def _print_items(console: Console, sentences: Sequence[str]) -> None:
    from rich.text import Text

    for sentence in sentences:
        console.print(Text(f"• {sentence}"))


def _print_states(console: Console, states: dict[str, str]) -> None:
    from rich.text import Text

    for device, state in states.items():
        if state:
            console.print(Text(f"{device}: {state}.", style="dim"))


def _print_findings(console: Console, computed: Sequence[Row], device: str = "") -> None:
    from rich.text import Text

    from edgekit.reporting.rows import findings

    for found in findings(computed):
        style = "bold red" if found.kind == "invalid" else "yellow"
        console.print(Text.assemble((f"{device}{found.kind}: {found.code}", style), f"  {found.advice}"))
        for label, message in found.seen[:_SEEN]:
            console.print(Text(f"  {label}: {message}"))
        if len(found.seen) > _SEEN:
            console.print(Text(f"  … and {len(found.seen) - _SEEN} more; the report lists them"))
