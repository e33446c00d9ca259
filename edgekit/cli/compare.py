"""`edgekit compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgekit.cli import options

Across = Literal["device", "model", "artefact", "runtime", "threads"]


def compare(
    baseline: Annotated[Path, typer.Argument(help="Baseline: an artefact set, a model file, or a result.")],
    candidate: Annotated[
        Path | None,
        typer.Argument(help="Candidate, of the same kind.  [default: BASELINE is a result with both sides]"),
    ] = None,
    device: Annotated[
        str | None, options.device("Device to measure sets and files on.  [default: host]")
    ] = None,
    address: options.Address = "",
    user: options.User = "",
    across: Annotated[
        Across | None,
        typer.Option(help="The only thing that may differ between results."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With one result: the baseline side.  [default: the first]"),
    ] = None,
    runtime: Annotated[
        list[str] | None, options.runtime("Only this runtime, NAME or NAME==VERSION. May be repeated.")
    ] = None,
    threads: Annotated[
        str | None,
        typer.Option(
            help="Only these thread counts, separated by commas.  [default: all in results, 1 for sets "
            "and files]"
        ),
    ] = None,
    artefact: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Only files with this name. May be repeated.")
    ] = None,
    mode: Annotated[
        options.Mode,
        typer.Option(
            help="Maximum measuring of sets and files, per side: quick, 16 repeats of 2 s; standard, 24 of "
            "10 s; rigorous, 24 of 60 s."
        ),
    ] = "quick",
    accuracy: Annotated[
        bool, typer.Option(help="For sets and files, also compare accuracy on the evaluation images.")
    ] = True,
    affinity: Annotated[
        str | None, typer.Option(metavar="CPUS", help="CPUs to measure on, such as 0,1.")
    ] = None,
    comment: Annotated[Path | None, typer.Option(help="File for a Markdown comment on what changed.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare two sets or model files by measuring them, or two results.

    Sets and files are measured in one session, interleaved, until each pair has a verdict or reaches the
    mode's maximum. In results, measurements that differ in more than --across are not compared; they are
    listed with the reason.

    Exits with 1 if something got slower or takes more instructions; else with 3 if a measurement is missing
    or cannot be compared; else with 4 if one is invalid or inconclusive; with 130 if interrupted.

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
    together = any(result.together for result in found.results)
    named = [] if together else [path for path in (baseline, candidate) if path]
    advice = next_step(found, across, named)
    if found.worse:
        raise edgekit.GateError(f"{found.worse} of {len(found.pairs)} got worse.", advice)
    if advice:
        say_next(advice)
    raise typer.Exit(found.exit_code)
