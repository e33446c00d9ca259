"""`edgekit compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgekit.cli import options

Across = Literal["device", "model", "artefact", "runtime", "threads"]


def compare(
    baseline: Annotated[
        Path, typer.Argument(help="What to compare with: an artefact set, a model file, or a result.")
    ],
    candidate: Annotated[
        Path | None,
        typer.Argument(help="What to judge, likewise.  [default: both sides are in the first, a result]"),
    ] = None,
    device: Annotated[
        str | None, options.device("Where sets and files are measured.  [default: host]")
    ] = None,
    address: options.Address = "",
    user: options.User = "",
    across: Annotated[
        Across | None,
        typer.Option(help="The one thing in which results may differ; everything else must be equal."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With one result: the side to compare with.  [default: the first]"),
    ] = None,
    runtime: Annotated[
        list[str] | None, options.runtime("Only this runtime, NAME or NAME==VERSION. May be repeated.")
    ] = None,
    threads: Annotated[
        str | None,
        typer.Option(
            help="Only these numbers of threads, separated by commas.  [default: all in results, 1 for sets "
            "and files]"
        ),
    ] = None,
    artefact: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Only files of this name. May be repeated.")
    ] = None,
    mode: Annotated[
        options.Mode,
        typer.Option(
            help="How long sets and files are measured at most, on each side: quick, 16 repeats of 2 s; "
            "standard, 24 of 10 s; rigorous, 24 of 60 s."
        ),
    ] = "quick",
    accuracy: Annotated[
        bool, typer.Option(help="Of sets and files, also compare accuracy on the evaluation images.")
    ] = True,
    affinity: Annotated[
        str | None, typer.Option(metavar="CPUS", help="CPUs to measure on, such as 0,1.")
    ] = None,
    comment: Annotated[
        Path | None, typer.Option(help="File for a comment in Markdown: what changed, and nothing else.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare two sets or model files by measuring them, or two results.

    Sets and files are measured in one session, interleaved, until each pair has a verdict or the mode's cap
    is reached. In results, what differs in more than --across is not compared; it is listed with the reason.

    Exits with 1 if something got slower or takes more instructions; else with 3 if a cell is missing or
    cannot be compared; else with 4 if a cell is invalid or inconclusive; with 130 if it was interrupted.

    Example: edgekit compare old_set new_set --device rpi4

    Example: edgekit compare old.json new.json

    Example: edgekit compare result.json --across artefact --runtime litert --threads 1
    """
    import sys

    import edgekit
    from edgekit.api.bench import INTERRUPTED
    from edgekit.cli.console import command_line, progress_bar, say_next, show_error
    from edgekit.cli.show_comparison import show_comparison
    from edgekit.comparison.advice import next_step
    from edgekit.comparison.to_json import to_json
    from edgekit.comparison.to_markdown import to_markdown
    from edgekit.files import write_atomic

    if (address or user) and device is None:
        raise edgekit.UsageError("--address and --user are for a device.", "Name it with --device.")
    with progress_bar() as progress:
        found = edgekit.compare(
            baseline,
            candidate,
            device=edgekit.devices.find(device, address=address, user=user) if device else None,
            across=across,
            against=against,
            runtimes=runtime or (),
            threads=options.threads_of(threads) if threads else (),
            artefacts=artefact or (),
            mode=mode,
            accuracy=accuracy,
            affinity=options.affinity_of(affinity),
            command=command_line(),
            progress=progress,
        )
    if comment:
        write_atomic(comment, to_markdown(found, across), "name another file with --comment")
    if as_json:
        sys.stdout.buffer.write(to_json(found))
    else:
        show_comparison(found)
    ended = {result.ended for result in found.results if result.together}
    for result in found.results[:1]:
        if result.together and result.partial:
            show_error(edgekit.DeviceError(f"The session ended early: {result.partial}"))
    if "interrupted" in ended:
        raise typer.Exit(INTERRUPTED)
    advice = next_step(found, across)
    if found.worse:
        raise edgekit.GateError(f"{found.worse} of {len(found.pairs)} got worse.", advice)
    if advice:
        say_next(advice)
    raise typer.Exit(found.exit_code)
