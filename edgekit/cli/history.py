"""`edgekit history`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options


def history(
    model: Annotated[
        str | None, typer.Argument(help="A model's name, or a pattern such as 'mobilenet*'.  [default: all]")
    ] = None,
    device: Annotated[
        str | None, options.device("The device, or a pattern such as 'rpi*'.  [default: all]")
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            help="Metric: p50, p90, memory, size, instructions, accuracy, accuracy_drop, agreement."
        ),
    ] = "p50",
    results: Annotated[Path, typer.Option(help="Folder of results.")] = Path("results"),
    plot: Annotated[Path | None, typer.Option(help="File for a plot: .svg or .png.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show a metric over time, and the commits that changed it.

    The results of one commit count as one value, their median. Commits are ordered by ancestry if this
    repository has them, else by date. A change is reported only if noise is unlikely to cause it.

    Example: edgekit history --device rpi4 --metric p50

    Example: edgekit history --device 'rpi4*' --metric instructions --plot history.svg
    """
    import sys

    import edgekit
    from edgekit.cli.console import progress_bar, quote, say_next
    from edgekit.cli.show_history import next_step, show_history
    from edgekit.timeline.to_json import to_json

    with progress_bar() as progress:
        found = edgekit.history(
            model, device=device, metric=metric, results=results, plot=plot, progress=progress
        )
    if as_json:
        sys.stdout.buffer.write(to_json(found))
    else:
        show_history(found)
    if plot:
        say_next(f"see {quote(plot)}")
    elif advice := next_step(found):
        say_next(advice)
