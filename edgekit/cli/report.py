"""`edgekit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.reporting import REPORT_FORMATS


def report(
    results: Annotated[
        list[Path] | None,
        typer.Argument(help="Result files, or a folder of them.  [default: the newest in results/]"),
    ] = None,
    output: Annotated[Path | None, options.output(f"File to write: {', '.join(REPORT_FORMATS)}.")] = None,
    budgets: Annotated[
        Path | None,
        typer.Option(help="Limits to check a folder against.  [default: budgets.toml, if it exists]"),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show results as a table, or write them as a page or a plot.

    The file name sets the format: a page, Markdown, CSV, JSON or a plot. A folder becomes one page of all its
    devices and days: what to ship, whether it is within budget, and what changed.

    Example: edgekit report -o report.html

    Example: edgekit report results/ -o report.html
    """
    import sys

    import edgekit
    from edgekit.api.given import read_results
    from edgekit.api.report import folder_of
    from edgekit.cli.console import progress_bar, quote, say_next
    from edgekit.cli.show_results import show_results
    from edgekit.reporting.report import Report
    from edgekit.reporting.to_json import to_json

    if folder := folder_of(results):
        _folder(folder, output, budgets, as_json=as_json)
        return
    read = read_results(results or None)
    if as_json:
        sys.stdout.buffer.write(to_json(Report(read)))
    elif output is None:
        show_results(read)
    if output is None:
        say_next(
            f"edgekit report {' '.join(quote(result.path) for result in read if result.path)} -o report.html"
        )
        return
    with progress_bar() as progress:
        edgekit.report(read, output, budgets=budgets, progress=progress)
    say_next(f"open {quote(output)} in a browser" if output.suffix == ".html" else f"see {quote(output)}")


def _folder(folder: Path, output: Path | None, budgets: Path | None, *, as_json: bool) -> None:
    """Write a folder's page, or say what it comes to."""
    import edgekit
    from edgekit.api.report import overview
    from edgekit.cli.console import progress_bar, quote, say_next
    from edgekit.cli.tables import show_items
    from edgekit.errors import UsageError

    if as_json:
        raise UsageError("--json is for results.", f"Name them: {folder}/*.json")
    if output is not None:
        with progress_bar() as progress:
            edgekit.report(folder, output, budgets=budgets, progress=progress)
        say_next(f"open {quote(output)} in a browser")
        return
    from edgekit.overview.words import summary

    with progress_bar() as progress:
        said = summary(overview(folder, budgets=budgets, progress=progress))
    show_items(said)
    say_next(f"edgekit report {quote(folder)} -o report.html")
