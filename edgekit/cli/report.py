"""`edgekit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.reporting import REPORT_FORMATS


def report(
    results: Annotated[
        list[Path] | None, typer.Argument(help="Result files.  [default: the newest in results/]")
    ] = None,
    output: Annotated[Path | None, options.output(f"File to write: {', '.join(REPORT_FORMATS)}.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show results as a table, or write them as a page or a plot.

    The format of the file is that of its name: a page, Markdown, CSV, JSON or a plot.

    Example: edgekit report -o report.html
    """
    import sys

    import edgekit
    from edgekit.api.given import read_results
    from edgekit.cli.console import progress_bar, quote, say_next
    from edgekit.cli.show_results import show_results
    from edgekit.reporting.report import Report
    from edgekit.reporting.to_json import to_json

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
        edgekit.report(read, output, progress=progress)
    say_next(f"open {quote(output)} in a browser" if output.suffix == ".html" else f"see {quote(output)}")
