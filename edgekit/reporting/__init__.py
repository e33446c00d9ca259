"""Results into what people and programs read.

    rows          the statistics of a result
    columns       the table of them that every format shows
    summary       what they mean, in plain sentences
    session       a result with all of these, each computed once
    side_by_side  several sessions' devices next to each other, with a table and sentences of their own
    report        what every format is given: the sessions, and their devices side by side
    charts        plots
    formats       REPORT_FORMATS: how a file's name ends -> what writes it
    to_*          one file per format

`import edgekit.reporting` is light; what draws is loaded when something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import UsageError
from edgekit.reporting.formats import REPORT_FORMATS, ReportFormat, format_of

if TYPE_CHECKING:
    from edgekit.results import Result

__all__ = ["REPORT_FORMATS", "ReportFormat", "write_report"]


def write_report(results: Sequence[Result], path: Path) -> None:
    """Write a report of one or several sessions, in the format that the file's name ends with.

    Raises:
        UsageError: No results, or an ending that names no format.
        StorageError: The file cannot be written; none is left.
    """
    from edgekit.files import OUTPUT, write_atomic
    from edgekit.reporting.report import Report

    if not results:
        raise UsageError("There is no result to report.", "Name a file that `edgekit bench` wrote.")
    write_atomic(path, format_of(path.name).render(Report(results)), OUTPUT)
