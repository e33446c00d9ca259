"""A report for code hosts and notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from edgekit.report.columns import table
from edgekit.report.method import method
from edgekit.report.rows import Findings, findings
from edgekit.report.summary import summarise
from edgekit.report.table import Table
from edgekit.results import Result


def to_markdown(results: Sequence[Result]) -> bytes:
    """Return every session: summary, table, findings, how it was measured, the command."""
    return ("# edgekit report\n\n" + "\n".join(map(_session, results))).encode()


def _session(result: Result) -> str:
    shown = table(result)
    parts = [
        f"## {_plain(shown.title)}",
        _plain(" ".join(summarise(result, shown.rows))),
        _table(shown),
        *map(_findings, findings(shown.rows)),
        _plain(method(result)),
        _code(result.command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(shown: Table) -> str:
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
