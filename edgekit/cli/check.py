"""`edgekit check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.budget import METRICS


def check(
    results: Annotated[
        list[Path] | None,
        typer.Argument(help="Result files. Not given: all under results/. The newest of each cell counts."),
    ] = None,
    budgets: Annotated[Path, typer.Option(help=f"A TOML file of limits: {', '.join(METRICS)}.")] = Path(
        "budgets.toml"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
    junit: Annotated[Path | None, typer.Option(help="File for the verdicts as JUnit XML.")] = None,
    summary: Annotated[
        Path | None,
        typer.Option(help="File for a summary in Markdown.  [default: what GITHUB_STEP_SUMMARY names]"),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Print the budgets that the results would keep, as a diff.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="With --update: write them, too.")] = False,
) -> None:
    """Judge results by budgets.

    Ends with 0 where every limit holds; with 1 where one is broken; else with 3 where something is missing:
    never measured, or a budget that nothing matches; else with 4 where something is invalid or inconclusive.

    Example: edgekit check results/*.json --budgets budgets.toml

    Example: edgekit check --update
    """
    import gc
    import sys

    from edgekit.budget import exit_code, judge, propose, read_budgets, read_cells, unresolved
    from edgekit.budget.advice import next_step
    from edgekit.budget.to_json import to_json
    from edgekit.budget.verdicts import tally
    from edgekit.cli.checking import all_results, publish, show_proposal, show_verdicts
    from edgekit.cli.console import say_next
    from edgekit.errors import GateError, UsageError
    from edgekit.files import write_atomic

    gc.disable()  # what is read stays until the end and has no cycles: collecting would only walk through it
    if write and not update:
        raise UsageError("--write goes with --update only.", "Add --update, or leave --write out.")
    stated = () if update and not budgets.exists() else read_budgets(budgets)
    measured = read_cells(results or all_results())
    verdicts = judge(stated, measured)
    if update:
        proposal = propose(budgets, verdicts, measured)
        sys.stdout.buffer.write(proposal.diff.encode(errors="surrogateescape"))
        if write and proposal.diff:
            write_atomic(budgets, proposal.after.encode(), "name another file with --budgets")
        left = unresolved(verdicts)
        show_proposal(proposal, left, written=write)
        raise typer.Exit(exit_code(left) if left else 0)  # never 1: what fails is updated
    publish(verdicts, budgets, junit, summary)
    if as_json:
        sys.stdout.buffer.write(to_json(verdicts))
    else:
        show_verdicts(verdicts, measured)
    code = exit_code(verdicts)
    if code == GateError.exit_code:
        raise GateError(
            f"The budgets of {budgets} are broken: {tally(verdicts)}.", next_step(verdicts, budgets)
        )
    say_next(next_step(verdicts, budgets))
    raise typer.Exit(code)
