"""`edgekit.report`, a folder of results read, and `edgekit.statistics`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, read_results, several
from edgekit.errors import UsageError
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.overview import Overview
    from edgekit.reporting.rows import Row
    from edgekit.results import Result

BUDGETS = "budgets.toml"


def report(
    results: Result | StrPath | Iterable[Result | StrPath] | None,
    output: StrPath,
    *,
    budgets: StrPath | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Write results as a page, Markdown, CSV, JSON or a plot, and return the file.

    A folder of results becomes one page: what to ship on each device, whether it meets its budget, what
    changed since last time, and then the figures behind that. It names files that cannot be read.

    Args:
        results: Results or their files, one or several, or a folder of them; None: the newest in results/.
        output: File to write; its ending names the format: .html, .md, .csv, .json, .svg, .png, or that of
            a service that tracks figures (see `edgekit.reporting.REPORT_FORMATS`). For a folder, .html.
        budgets: The limits that a folder's results are judged by, a TOML file; None: budgets.toml, if there
            is one.
        progress: Receives every step.

    Raises:
        UsageError: There is no result, or the output's ending is not that of a format.
        RecordError: A file is not a result, or the file of budgets cannot be used.
        StorageError: The file cannot be written; none is left.
    """
    from edgekit.reporting import write_report

    path = Path(output)
    if folder := folder_of(results):
        if path.suffix.lower() != ".html":
            raise UsageError(
                f"A folder of results becomes a page, and {path.name!r} is not called one.",
                f"End its name with .html, or name results: {folder}/*.json",
            )
        write_overview(overview(folder, budgets=budgets, progress=progress), path, progress)
        return path
    if budgets is not None:
        raise UsageError("Budgets are for a folder of results.", "Name the folder, or: edgekit check")
    read = read_results(results)
    progress.step(f"Writing {path}")
    write_report(read, path)
    return path


def overview(folder: StrPath, *, budgets: StrPath | None = None, progress: Progress = SILENT) -> Overview:
    """Read a folder of results; see `report`.

    Raises:
        UsageError: There is no such folder, or it has no result.
        RecordError: The file of budgets cannot be used.
    """
    from edgekit.overview import Overview

    limits = Path(BUDGETS if budgets is None else budgets)
    return Overview(Path(folder), limits if budgets is not None or limits.is_file() else None, progress)


def write_overview(read: Overview, path: Path, progress: Progress = SILENT) -> None:
    """Write a folder that was read as a page.

    Raises:
        StorageError: The file cannot be written; none is left.
    """
    from edgekit.files import OUTPUT, write_atomic
    from edgekit.overview.to_html import to_html

    content = to_html(read, progress)
    progress.step(f"Writing {path}")
    write_atomic(path, content, OUTPUT)


def folder_of(results: object) -> Path | None:
    """Return the folder that is given; None: something else is.

    Raises:
        UsageError: A folder and something else.
    """
    given = [] if results is None else several(results)
    folders = [Path(each) for each in given if isinstance(each, str | os.PathLike) and Path(each).is_dir()]
    if folders and len(given) > 1:
        raise UsageError(
            f"{folders[0]} is a folder, and {len(given) - 1} more are named.",
            "Name one folder, or files of results.",
        )
    return folders[0] if folders else None


def statistics(result: Result | StrPath) -> tuple[Row, ...]:
    """Compute a result's statistics: for each file, runtime and number of threads, the fastest first.

    Times are in ns, sizes in bytes, shares are fractions of one; intervals are at 95 %.

    Raises:
        RecordError: The file is not a result.
    """
    from edgekit.reporting.rows import rows

    return rows(*read_results(result))
