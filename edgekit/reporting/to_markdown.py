"""A report for code hosts and notes."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

from edgekit.reporting.environment import state_line
from edgekit.reporting.method import method
from edgekit.reporting.report import Report
from edgekit.reporting.rows import Findings
from edgekit.reporting.session import Session
from edgekit.reporting.side_by_side import SideBySide
from edgekit.reporting.side_by_side.columns import table
from edgekit.reporting.side_by_side.summary import summarise
from edgekit.reporting.table import TableOf
from edgekit.results import Result
from edgekit.words import markdown


def to_markdown(report: Report) -> bytes:
    """Return the devices side by side, where they measured the same, then every session.

    Of a session: summary, table, findings, the device's state, how it was measured, the command.
    """
    found = report.side_by_side
    parts = [_side_by_side(found)] if found else []
    return ("# edgekit report\n\n" + "\n".join((*parts, *map(_session, report.sessions)))).encode()


def _side_by_side(found: SideBySide) -> str:
    shown = table(found)
    said = "\n".join(f"- {markdown(sentence)}" for sentence in summarise(found))
    return "\n\n".join((f"## {markdown(shown.title)}", said, markdown_table(shown))) + "\n"


def _session(session: Session) -> str:
    result, shown = session.result, session.table
    parts = [
        f"## {markdown(shown.title)}",
        markdown(" ".join(session.summary)),
        markdown_table(shown),
        *map(_findings, session.findings),
        markdown(_state(result)),
        markdown(method(result)),
        code(result.command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _state(result: Result) -> str:
    state = state_line(result)
    return f"{result.device.profile}: {state}." if state else ""


def markdown_table(shown: TableOf[Any]) -> str:
    """Return a table; empty: it has no rows."""
    if not shown.rows:
        return ""
    heading = [column.heading for column in shown.columns]
    ruling = [":--" if column.words else "--:" for column in shown.columns]
    lines = chain([map(markdown, heading), ruling], (map(markdown, cells) for cells in shown.cells))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _findings(found: Findings) -> str:
    items = "\n".join(f"  - {markdown(label)}: {markdown(message)}" for label, message in found.seen)
    return f"- **{found.kind}: {markdown(found.code)}** {markdown(found.advice)}\n{items}"


def code(text: str) -> str:
    """Fence a text with more backticks than it holds."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"
