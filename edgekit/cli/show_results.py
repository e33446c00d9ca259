"""Results in the terminal: the table, what it means in words, and what makes a measurement doubtful."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from edgekit.reporting.rows import Findings
    from edgekit.reporting.session import Session
    from edgekit.reporting.side_by_side import SideBySide
    from edgekit.reporting.table import TableOf
    from edgekit.results import Result

_SEEN = 2  # places shown for each kind of finding
_SUBJECT = ("set", "artefact", "runtime", "threads")  # what the lines of a cell have in common


def show_results(results: Sequence[Result]) -> None:
    """Print one session, or several side by side; each by itself if they share no measurement."""
    from edgekit.reporting.report import Report

    report = Report(results)
    if report.side_by_side:
        _show_side_by_side(report.side_by_side)
    else:
        for session in report.sessions:
            _show_session(session)


def _show_session(session: Session) -> None:
    """Print a session's table, its summary, the device's state and its findings."""
    from edgekit.cli.console import wide_console
    from edgekit.reporting.environment import state_line

    console = wide_console()
    print_table(console, session.table.within(console.width))
    print_items(console, session.summary)
    _print_states(console, {session.device.profile: state_line(session.result)})
    _print_findings(console, session.findings)


def _show_side_by_side(found: SideBySide) -> None:
    from edgekit.cli.console import wide_console
    from edgekit.reporting.environment import state_line
    from edgekit.reporting.rows import findings
    from edgekit.reporting.side_by_side.columns import fitted
    from edgekit.reporting.side_by_side.summary import summarise

    console = wide_console()
    print_table(console, fitted(found, console.width), [line.cell for line in found.lines])
    print_items(console, summarise(found))
    states = [state_line(session.result) for session in found.sessions]
    _print_states(console, dict(zip(found.devices, states, strict=True)))
    for place, device in enumerate(found.devices):
        rows = [line.row for line in found.lines if line.session == place]
        _print_findings(console, findings(rows), f"{device}: ")


def print_table(console: Console, shown: TableOf[Any], cells: Sequence[int] = ()) -> None:
    """Print a table; of lines with the same number in `cells` the subject only once."""
    from edgekit.cli.tables import draw_table

    headings = [f"{column.short or column.title}\n{column.unit}" for column in shown.columns]
    words = [index for index, column in enumerate(shown.columns) if column.words]
    subject = [index for index, column in enumerate(shown.columns) if column.key in _SUBJECT]
    texts = shown.cells
    for i in range(len(texts) - 1, 0, -1):
        if cells and cells[i] == cells[i - 1]:
            for index in subject:
                texts[i][index] = "" if texts[i][index] == texts[i - 1][index] else texts[i][index]
    console.print(draw_table(shown.title, headings, texts, words=words))


def print_items(console: Console, sentences: Sequence[str]) -> None:
    """Print sentences, each as an item of a list."""
    from rich.text import Text

    for sentence in sentences:
        console.print(Text(f"• {sentence}"))


def _print_states(console: Console, states: dict[str, str]) -> None:
    from rich.text import Text

    for device, state in states.items():
        if state:
            console.print(Text(f"{device}: {state}.", style="dim"))


def _print_findings(console: Console, gathered: Sequence[Findings], device: str = "") -> None:
    from rich.text import Text

    for found in gathered:
        style = "bold red" if found.kind == "invalid" else "yellow"
        console.print(Text.assemble((f"{device}{found.kind}: {found.code}", style), f"  {found.advice}"))
        for label, message in found.seen[:_SEEN]:
            console.print(Text(f"  {label}: {message}"))
        if len(found.seen) > _SEEN:
            console.print(Text(f"  … and {len(found.seen) - _SEEN} more; the report lists them"))
