"""`edgekit check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.budget import METRICS
from edgekit.cli import options


def check(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Result files, or a sweep; the newest measurements count.  [default: all in results/]"
        ),
    ] = None,
    budgets: Annotated[Path, typer.Option(help=f"TOML file with limits: {', '.join(METRICS)}.")] = Path(
        "budgets.toml"
    ),
    baseline: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Result that limits such as '+5 %' are relative to. May be repeated.  [default: the one "
            "that --budgets names]",
        ),
    ] = None,
    as_json: options.AsJson = False,
    junit: Annotated[Path | None, typer.Option(help="File for the verdicts as JUnit XML.")] = None,
    summary: Annotated[
        Path | None,
        typer.Option(help="File for a summary in Markdown.  [default: the file in GITHUB_STEP_SUMMARY]"),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Propose budgets that the results meet, as a diff.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="With --update: also write them.")] = False,
) -> None:
    """Check results against budgets.

    Exits with 0 if every limit is met or has no baseline yet; with 1 if one is exceeded; else with 3 if
    something was not measured or a budget matches nothing; else with 4 if something is invalid or
    inconclusive.

    Example: edgekit check results/*.json --budgets budgets.toml

    Example: edgekit check --update
    """
    import gc
    import sys

    import edgekit
    from edgekit.budget.advice import next_step
    from edgekit.budget.to_json import to_json
    from edgekit.budget.verdicts import tally
    from edgekit.cli.console import say_next
    from edgekit.cli.show_verdicts import publish, show_proposal, show_verdicts
    from edgekit.files import write_atomic

    gc.disable()  # what is read stays until the end and has no cycles: collecting would only walk through it
    if write and not update:
        raise edgekit.UsageError("--write goes with --update only.", "Add --update, or leave --write out.")
    if update:
        proposal, unresolved = edgekit.propose_budgets(
            results or None, budgets=budgets, baseline=baseline or None
        )
        sys.stdout.buffer.write(proposal.diff.encode(errors="surrogateescape"))
        if write and proposal.diff:
            write_atomic(budgets, proposal.after.encode(), "name another file with --budgets")
        show_proposal(proposal, unresolved.verdicts, written=write)
        if unresolved.exit_code == edgekit.GateError.exit_code:  # of what fails, all else is updated
            raise edgekit.GateError(
                f"Limits relative to the baseline are not met: {tally(unresolved.verdicts)}.",
                "If the change is intended, commit a new baseline.",
            )
        raise typer.Exit(unresolved.exit_code if unresolved.verdicts else 0)
    judged = edgekit.check(results or None, budgets=budgets, baseline=baseline or None)
    publish(judged.verdicts, budgets, junit, summary)
    if as_json:
        sys.stdout.buffer.write(to_json(judged.verdicts, judged.notes))
    else:
        show_verdicts(judged)
    advice = next_step(judged.verdicts, budgets, results or (), baseline or ())
    if judged.exit_code == edgekit.GateError.exit_code:
        raise edgekit.GateError(f"The budgets of {budgets} are broken: {tally(judged.verdicts)}.", advice)
    say_next(advice)
    raise typer.Exit(judged.exit_code)
