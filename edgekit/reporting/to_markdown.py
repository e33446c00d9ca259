"""A report for code hosts and notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from edgekit.reporting.columns import table
from edgekit.reporting.comparison import Comparison, compare
from edgekit.reporting.comparison_columns import comparison_table
from edgekit.reporting.comparison_summary import compare_summary
from edgekit.reporting.environment import state_line
from edgekit.reporting.method import method
from edgekit.reporting.rows import Findings, findings
from edgekit.reporting.summary import summarise
from edgekit.reporting.table import TableOf
from edgekit.results import Result


def to_markdown(results: Sequence[Result]) -> bytes:
    """Return the devices beside each other, where they measured the same, then every session.

    Of a session: summary, table, findings, the device's state, how it was measured, the command.
    """
    found = compare(results) if len(results) > 1 else None
    parts = [_comparison(results, found)] if found else []
    return ("# edgekit report\n\n" + "\n".join((*parts, *map(_session, results)))).encode()


def _comparison(results: Sequence[Result], found: Comparison) -> str:
    shown = comparison_table(found)
    said = "\n".join(f"- {_plain(sentence)}" for sentence in compare_summary(results, found))
    return "\n\n".join((f"## {_plain(shown.title)}", said, _table(shown))) + "\n"


def _session(result: Result) -> str:
    shown = table(result)
    parts = [
        f"## {_plain(shown.title)}",
        _plain(" ".join(summarise(result, shown.rows))),
        _table(shown),
        *map(_findings, findings(shown.rows)),
        _plain(_state(result)),
        _plain(method(result)),
        _code(result.command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _state(result: Result) -> str:
    state = state_line(result)
    return f"{result.device.profile}: {state}." if state else ""


def _table(shown: TableOf[Any]) -> str:
    if not shown.rows:
        return ""
    heading = [column.heading for column in shown.columns]
    ruling = [":--" if column.words else "--:" for column in shown.columns]
    lines = chain([map(_plain, heading), ruling], (map(_plain, cells) for cells in shown.cells))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _findings(found: Findings) -> str:
    items = "\n".join(f"  - {_plain(label)}: {_plain(message)}" for label, message in found.seen)
    return f"- **{found.kind}: {_plain(found.code)}** {_plain(found.advice)}\n{items}"


def _plain(text: str) -> str:
    """Escape what Markdown or HTML would read as markup; keep it on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Fence a text with more backticks than it holds."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"
