"""`edgekit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.reporting import REPORT_FORMATS


def report(
    results: Annotated[
        list[Path] | None, typer.Argument(help="Result files. Not given: the newest under results/.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=f"File to write: {', '.join(REPORT_FORMATS)}."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statistics as JSON.")] = False,
) -> None:
    """Show results as a table, or write them as a page, Markdown, CSV, JSON or a picture.

    Example: edgekit report -o report.html
    """
    import sys

    from edgekit.cli.choices import newest_result
    from edgekit.cli.console import progress_bar, quote, say_next
    from edgekit.cli.table import show_results
    from edgekit.reporting import write_report
    from edgekit.reporting.report import Report
    from edgekit.reporting.to_json import to_json
    from edgekit.results import read_result

    paths = results or [newest_result()]
    read = [read_result(path) for path in paths]
    if as_json:
        sys.stdout.buffer.write(to_json(Report(read)))
    elif output is None:
        show_results(read)
    if output is None:
        say_next(f"edgekit report {' '.join(map(quote, paths))} -o report.html")
        return
    with progress_bar() as progress:
        progress.step(f"Writing {output}")
        write_report(read, output)
    say_next(f"open {quote(output)} in a browser" if output.suffix == ".html" else f"see {quote(output)}")
