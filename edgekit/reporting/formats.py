"""The formats a report can be written in. To add one, add its record to REPORT_FORMATS.

    from edgekit.reporting import REPORT_FORMATS, ReportFormat

    def to_text(report):
        return "\\n".join(row.label for session in report.sessions for row in session.rows).encode()

    REPORT_FORMATS.add(ReportFormat(".txt", to_text))

What draws is imported when something is drawn: the list itself is light.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from edgekit.errors import UsageError
from edgekit.registry import Registry

if TYPE_CHECKING:
    from edgekit.reporting.report import Report


@dataclass(frozen=True)
class ReportFormat:
    """One format."""

    name: str  # how the names of its files end: .html
    render: Callable[[Report], bytes]


def _ours(name: str, module: str, function: str) -> ReportFormat:
    def render(report: Report) -> bytes:
        content: bytes = getattr(import_module(f"edgekit.reporting.{module}"), function)(report)
        return content

    return ReportFormat(name, render)


REPORT_FORMATS = Registry(
    "report format",
    (
        _ours(".html", "to_html", "to_html"),
        _ours(".md", "to_markdown", "to_markdown"),
        _ours(".csv", "to_csv", "to_csv"),
        _ours(".samples.csv", "to_csv", "samples_to_csv"),
        _ours(".json", "to_json", "to_json"),
        _ours(".bmf.json", "to_trackers", "to_bencher"),
        _ours(".smaller-is-better.json", "to_trackers", "to_smaller_is_better"),
        _ours(".bigger-is-better.json", "to_trackers", "to_bigger_is_better"),
        _ours(".metrics.txt", "to_trackers", "to_open_metrics"),
        _ours(".svg", "to_image", "to_svg"),
        _ours(".png", "to_image", "to_png"),
    ),
)


def format_of(name: str) -> ReportFormat:
    """Return the format of a file, by the longest ending that its name has.

    Raises:
        UsageError: No format's name ends it.
    """
    endings = [ending for ending in REPORT_FORMATS if name.lower().endswith(ending)]
    if not endings:
        raise UsageError(
            f"{name!r} does not say which format the report should have.",
            f"End its name with one of {', '.join(REPORT_FORMATS)}.",
        )
    return REPORT_FORMATS[max(endings, key=len)]
