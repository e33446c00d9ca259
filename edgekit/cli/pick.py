"""`edgekit pick`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from edgekit.cli import options

Precision = Literal["int8", "float32", "float16"]


def _limit(help: str) -> Any:
    return typer.Option(metavar="LIMIT", help=help)


def pick(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            help="A sweep, result files, or folders of either.  [default: the newest in sweeps/, else all in "
            "results/, else published figures]"
        ),
    ] = None,
    device: Annotated[str | None, options.device("The device.  [default: the one that was measured]")] = None,
    latency: Annotated[str | None, _limit("Maximum median latency: '15 ms'.")] = None,
    memory: Annotated[str | None, _limit("Maximum peak memory: '60 MB'.")] = None,
    size: Annotated[str | None, _limit("Maximum file size: '1.1 MB'.")] = None,
    accuracy: Annotated[str | None, _limit("Minimum accuracy: '70 %'.")] = None,
    instructions: Annotated[str | None, _limit("Maximum instructions per inference: '60 M'.")] = None,
    model: Annotated[str, typer.Option(metavar="PATTERN", help="Only models whose name matches.")] = "*",
    precision: Annotated[
        Precision | None, typer.Option(help="Only files of this precision.  [default: any]")
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="The same as --precision int8.")] = False,
    runtime: Annotated[
        list[str] | None,
        options.runtime("NAME or NAME==VERSION; for published figures, a prefix. May be repeated."),
    ] = None,
    threads: Annotated[
        str | None, typer.Option(help="Numbers separated by commas; `all` is every CPU.  [default: any]")
    ] = None,
    fps: Annotated[
        float | None,
        options.real("Only measurements spaced at this rate.  [default: back to back]"),
    ] = None,
    budget: Annotated[
        Path | None, typer.Option(help="Budgets file to add the limits to, for `edgekit check`.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Choose the model to ship, from measured or published figures.

    Names the most accurate of the models that are certain to meet the limits, and the fastest of several
    that cannot be told apart. With --accuracy and without --latency, names the fastest.

    Exits with 3 if no model is certain to meet the limits; the nearest is named.

    Example: edgekit pick --device rpi4 --latency "15 ms" --memory "60 MB"

    Example: edgekit pick results/ --accuracy "95 %" --budget budgets.toml
    """
    import sys

    import edgekit
    from edgekit.api.pick import propose_budget
    from edgekit.choice.advice import next_step
    from edgekit.choice.to_json import to_json
    from edgekit.cli.console import say_next
    from edgekit.cli.show_choice import show_choice
    from edgekit.files import write_atomic

    if int8 and precision not in (None, "int8"):
        raise edgekit.UsageError(f"--int8 and --precision {precision} exclude each other.", "Leave one out.")
    choice = edgekit.pick(
        results or None,
        device=device,
        latency=latency,
        memory=memory,
        size=size,
        accuracy=accuracy,
        instructions=instructions,
        model=model,
        precision="int8" if int8 else precision,
        runtimes=runtime or (),
        threads=options.threads_of(threads) if threads else (),
        fps=fps,
    )
    if as_json:
        sys.stdout.buffer.write(to_json(choice))
    else:
        show_choice(choice)
    if budget and choice.best:
        write_atomic(budget, propose_budget(choice, budget).after.encode(), "name another file with --budget")
    if advice := next_step(choice, budget):
        say_next(advice)
    raise typer.Exit(choice.exit_code)
