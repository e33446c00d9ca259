"""`edgekit compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgekit.cli import options

Across = Literal["device", "model", "artefact", "runtime", "threads"]


def compare(
    baseline: Annotated[Path, typer.Argument(help="The result to compare with.")],
    candidate: Annotated[
        Path | None, typer.Argument(help="The result to judge.  [default: both sides are in the first]")
    ] = None,
    across: Annotated[
        Across | None,
        typer.Option(help="The one thing in which the sides may differ; everything else must be equal."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With one result: the side to compare with.  [default: the first]"),
    ] = None,
    runtime: Annotated[
        list[str] | None, options.runtime("Only this runtime, NAME or NAME==VERSION. May be repeated.")
    ] = None,
    threads: Annotated[
        str | None, typer.Option(help="Only these numbers of threads, separated by commas.  [default: all]")
    ] = None,
    artefact: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Only files of this name. May be repeated.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare two results cell by cell.

    What differs in more than --across is not compared; it is listed with the reason. Exits with 1 if
    something got slower or takes more instructions; else with 3 if a cell is missing or cannot be compared;
    else with 4 if a cell is invalid or inconclusive.

    Example: edgekit compare old.json new.json

    Example: edgekit compare result.json --across artefact --runtime litert --threads 1
    """
    import sys

    import edgekit
    from edgekit.cli.console import say_next
    from edgekit.cli.show_comparison import show_comparison
    from edgekit.comparison.advice import next_step
    from edgekit.comparison.to_json import to_json
    from edgekit.results import read_result

    sides = [read_result(path) for path in (baseline, candidate) if path]
    found = edgekit.compare(
        *sides,
        across=across,
        against=against,
        runtimes=runtime or (),
        threads=options.threads_of(threads) if threads else (),
        artefacts=artefact or (),
    )
    if as_json:
        sys.stdout.buffer.write(to_json(found))
    else:
        show_comparison(found)
    advice = next_step(found, sides, across)
    if found.worse:
        raise edgekit.GateError(f"{found.worse} of {len(found.pairs)} got worse.", advice)
    if advice:
        say_next(advice)
    raise typer.Exit(found.exit_code)
