"""`edgekit bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgekit.cli.completion import complete_device, complete_runtime
from edgekit.cli.numeric import real, whole

Mode = Literal["quick", "standard", "rigorous"]


def bench(
    artefacts: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Artefact sets, or single files of a set. Not given: the newest under artefacts/."
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(help="`edgekit devices list` shows which there are.", autocompletion=complete_device),
    ] = "host",
    runtime: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME or NAME==VERSION: litert, tflite-runtime, onnxruntime. May be repeated.",
            autocompletion=complete_runtime,
        ),
    ] = None,
    threads: Annotated[str, typer.Option(help="Numbers separated by commas; `all` is every CPU.")] = "1,all",
    mode: Annotated[
        Mode, typer.Option(help="quick: 3 repeats of 2 s; standard: 5 of 10 s; rigorous: 10 of 60 s.")
    ] = "quick",
    accuracy: Annotated[bool, typer.Option(help="Measure accuracy on the set's evaluation pictures.")] = True,
    memory: Annotated[bool, typer.Option(help="Measure memory.")] = True,
    fps: Annotated[
        float | None, real("Space inferences as an application would; not given: back to back.")
    ] = None,
    affinity: Annotated[
        str | None, typer.Option(metavar="CPUS", help="Pin to these CPUs, such as 0,1.")
    ] = None,
    seed: Annotated[int, whole("Of the timed input.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File for the result.  [default: a new one in results/]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statistics as JSON.")] = False,
) -> None:
    """Measure latency, memory and accuracy of artefacts on a device.

    Ends with 4 where a measurement is invalid, with 3 where one is missing; what was measured is kept.

    Example: edgekit bench

    Example: edgekit bench my_set/int8.tflite --runtime litert==2.3.0 --threads 1 --mode standard
    """
    import sys

    from edgekit.bench import BenchRequest, save_result
    from edgekit.bench import bench as run
    from edgekit.cli.choices import newest_set, numbers, threads_of
    from edgekit.cli.console import command_line, progress_bar, quote, say_next
    from edgekit.cli.table import show_result
    from edgekit.files import check_writable
    from edgekit.report.to_json import to_json
    from edgekit.results import write_result

    request = BenchRequest(
        artefacts=tuple(artefacts or [newest_set()]),
        device=device,
        runtimes=tuple(runtime or ()),
        threads=threads_of(threads),
        mode=mode,
        accuracy=accuracy,
        memory=memory,
        fps=fps,
        affinity=numbers(affinity, "--affinity") if affinity else (),
        seed=seed,
        command=command_line(),
    )
    check_writable(output or Path("results") / "new.json")
    with progress_bar() as progress:
        result = run(request, progress)
        if output:
            write_result(output, result)
        path = output or save_result(result)
    if as_json:
        sys.stdout.buffer.write(to_json([result]))
    else:
        show_result(result)
    say_next(f"edgekit report {quote(path)} -o report.html")
    if result.partial:
        raise typer.Exit(3)
    if not all(measurement.valid for measurement in result.measurements):
        raise typer.Exit(4)
