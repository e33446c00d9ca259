"""`edgekit.report` and `edgekit.statistics`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, read_results
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.reporting.rows import Row
    from edgekit.results import Result


def report(
    results: Result | StrPath | Iterable[Result | StrPath] | None,
    output: StrPath,
    *,
    progress: Progress = SILENT,
) -> Path:
    """Write results as a page, Markdown, CSV, JSON or a plot, and return the file.

    Args:
        results: Results or their files, one or several; None: the newest in results/.
        output: File to write; its ending names the format: .html, .md, .csv, .json, .svg, .png, or that of
            a service that tracks figures (see `edgekit.reporting.REPORT_FORMATS`).
        progress: Receives every step.

    Raises:
        UsageError: There is no result, or the file's ending names no format.
        RecordError: A file is not a result.
        StorageError: The file cannot be written; none is left.
    """
    from edgekit.reporting import write_report

    path = Path(output)
    read = read_results(results)
    progress.step(f"Writing {path}")
    write_report(read, path)
    return path


def statistics(result: Result | StrPath) -> tuple[Row, ...]:
    """Compute a result's statistics: for each file, runtime and number of threads, the fastest first.

    Times are in ns, sizes in bytes, shares are fractions of one; intervals are at 95 %.

    Raises:
        RecordError: The file is not a result.
    """
    from edgekit.reporting.rows import rows

    return rows(*read_results(result))
