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
        list[str] | None,
        typer.Option(
            help="`edgekit devices list` shows which there are. May be repeated.  [default: host]",
            autocompletion=complete_device,
        ),
    ] = None,
    address: Annotated[
        str, typer.Option(help="Where the device is, a host or a serial.  [default: its profile's]")
    ] = "",
    user: Annotated[str, typer.Option(help="Who to log in as with ssh.  [default: its profile's]")] = "",
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
    xnnpack: Annotated[
        bool, typer.Option(help="TFLite's runtimes may use XNNPACK's kernels, as they do by default.")
    ] = True,
    fps: Annotated[
        float | None, real("Space inferences as an application would; not given: back to back.")
    ] = None,
    affinity: Annotated[
        str | None, typer.Option(metavar="CPUS", help="Pin to these CPUs, such as 0,1.")
    ] = None,
    seed: Annotated[int, whole("Of the timed input.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File for the result, of one device.  [default: a new one in results/]"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statistics as JSON.")] = False,
) -> None:
    """Measure latency, memory and accuracy of artefacts on devices; on an emulated board count instructions.

    An emulated board has no time: --mode, --fps, --threads, --affinity and --memory do not apply there.

    Ends with 4 where a measurement is invalid, with 3 where one is missing or a device is not there, with
    130 where it was interrupted; what was measured is kept.

    Example: edgekit bench

    Example: edgekit bench --device rpi4 --device host

    Example: edgekit bench my_set/int8.tflite --runtime litert==2.3.0 --threads 1 --mode standard
    """
    import sys

    from edgekit.cli.benching import measure_each, profiles
    from edgekit.cli.choices import newest_set, numbers, threads_of
    from edgekit.cli.console import command_line, quote, say_next, show_error
    from edgekit.cli.table import show_results
    from edgekit.errors import DeviceError
    from edgekit.files import OUTPUT, check_writable
    from edgekit.measurement import BenchRequest
    from edgekit.reporting.report import Report
    from edgekit.reporting.to_json import to_json

    chosen = profiles(device or ["host"], address, user, output)
    request = BenchRequest(
        artefacts=tuple(artefacts or [newest_set()]),
        runtimes=tuple(runtime or ()),
        threads=threads_of(threads),
        mode=mode,
        accuracy=accuracy,
        memory=memory,
        xnnpack=xnnpack,
        fps=fps,
        affinity=numbers(affinity, "--affinity") if affinity else (),
        seed=seed,
        command=command_line(),
    )
    check_writable(output or Path("results") / "new.json", OUTPUT)
    measured, code = measure_each(request, chosen, output)
    results = [result for result, _ in measured]
    if not results:
        raise typer.Exit(code)
    if as_json:
        sys.stdout.buffer.write(to_json(Report(results)))
    else:
        show_results(results)
    for result in results:
        if result.partial:
            show_error(DeviceError(f"{result.device.profile}: the session ended early: {result.partial}"))
    paths = " ".join(quote(path) for _, path in measured)
    say_next(f"edgekit report {paths} -o report.html")
    if code:
        raise typer.Exit(code)
