"""`edgekit compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Across = Literal["device", "model", "artefact", "runtime", "threads"]


def compare(
    baseline: Annotated[Path, typer.Argument(help="The result to compare with.")],
    candidate: Annotated[
        Path | None, typer.Argument(help="The result to judge. Not given: both sides are in the first.")
    ] = None,
    across: Annotated[
        Across | None,
        typer.Option(help="The one thing in which the sides may differ; everything else must be equal."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With one result: the side to compare with.  [default: the first]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare two results cell by cell; unlike things are refused unless --across names them.

    Ends with 1 where something got slower or takes more instructions; else with 3 where a cell is missing;
    else with 4 where a cell is invalid or inconclusive.

    Example: edgekit compare old.json new.json

    Example: edgekit compare result.json --across runtime
    """
    import sys

    from edgekit.cli.comparing import show_comparison
    from edgekit.cli.console import say_next
    from edgekit.comparison import compare as run
    from edgekit.comparison import exit_code
    from edgekit.comparison.advice import next_step
    from edgekit.comparison.to_json import to_json
    from edgekit.errors import GateError
    from edgekit.results import read_result

    sides = [read_result(path) for path in (baseline, candidate) if path]
    found = run(*sides, across=across, against=against)
    if as_json:
        sys.stdout.buffer.write(to_json(found))
    else:
        show_comparison(found)
    code = exit_code(found)
    advice = next_step(found, sides, across)
    if code == GateError.exit_code:
        worse = sum(pair.word in ("slower", "more") for pair in found.pairs)
        raise GateError(f"{worse} of {len(found.pairs)} got worse.", advice)
    if advice:
        say_next(advice)
    raise typer.Exit(code)
