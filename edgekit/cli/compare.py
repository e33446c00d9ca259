"""`edgekit compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from edgekit.comparison import Comparison
    from edgekit.results import Result

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
    named: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="NAME",
            help="With one result: the side to compare with.  [default: the first]",
        ),
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

    from edgekit.cli.comparing import show_comparison, to_json
    from edgekit.cli.console import say_next
    from edgekit.comparison import compare as run
    from edgekit.comparison import exit_code
    from edgekit.errors import GateError
    from edgekit.results import read_result

    sides = [read_result(path) for path in (baseline, candidate) if path]
    found = run(*sides, across=across, named=named)
    if as_json:
        sys.stdout.buffer.write(to_json(found))
    else:
        show_comparison(found)
    code = exit_code(found)
    advice = _advice(found, sides, across) if code else ""
    if code == GateError.exit_code:
        worse = sum(pair.word in ("slower", "more") for pair in found.pairs)
        raise GateError(f"{worse} of {len(found.pairs)} got worse.", advice)
    if not code:
        say_next("edgekit report -o report.html")
    elif advice:
        say_next(advice)
    raise typer.Exit(code)


def _advice(found: Comparison, sides: Sequence[Result], across: Across | None) -> str:
    """What would tell more about sides that are worse, missing or not sure; empty: nothing does."""
    words = {pair.word for pair in found.pairs}
    timed = [side.device.timed for side in sides]
    again = "edgekit bench BASELINE_SET NEW_SET"
    if "slower" in words:
        return f"Confirm with fresh repeats: {again} --mode rigorous"
    if "more" in words:
        return _operators(sides, across)
    if not any(timed):
        return f"{again} --device {sides[-1].device.profile}"
    return f"{again} --mode rigorous" if all(timed) else ""


def _operators(sides: Sequence[Result], across: Across | None) -> str:
    """Return how to see which operators take more instructions."""
    device = sides[-1].device.profile
    there = "" if device == "rpi4-emulated" else f" --device {device}"
    commands = {
        "device": f"edgekit explain FILE --device {sides[0].device.profile} --device {device}",
        "runtime": f"edgekit explain FILE --runtime OLD --runtime NEW{there}",
        "threads": "",  # the operators are counted with one
    }
    command = commands.get(across or "", f"edgekit explain OLD_FILE NEW_FILE{there}")
    return command and f"See which operator: {command}"
