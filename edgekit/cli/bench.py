"""`edgekit bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgekit.cli import options

Channels = Literal["rgb", "bgr", "grey", "rgba"]
Layout = Literal["NHWC", "NCHW"]


def bench(
    artefacts: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Artefact sets, or any .tflite and .onnx files.  [default: the newest set in artefacts/]"
        ),
    ] = None,
    device: Annotated[
        list[str] | None,
        options.device("A device of `edgekit devices list`. May be repeated.  [default: host]"),
    ] = None,
    address: options.Address = "",
    user: options.User = "",
    runtime: Annotated[
        list[str] | None,
        options.runtime("NAME or NAME==VERSION: litert, tflite-runtime, onnxruntime. May be repeated."),
    ] = None,
    threads: Annotated[str, typer.Option(help="Numbers separated by commas; `all` is every CPU.")] = "1,all",
    mode: options.RepeatsMode = "quick",
    repeats: Annotated[
        int | None,
        options.whole("Number of repeats, in fresh processes; 10 to compare results.  [default: the mode's]"),
    ] = None,
    accuracy: Annotated[bool, typer.Option(help="Measure accuracy on the evaluation images.")] = True,
    memory: Annotated[bool, typer.Option(help="Measure memory.")] = True,
    xnnpack: Annotated[bool, typer.Option(help="Let the TFLite runtimes use XNNPACK kernels.")] = True,
    fps: Annotated[
        float | None,
        options.real("Also space inferences at this rate, as an app would.  [default: back to back only]"),
    ] = None,
    sustain: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Then load the device with each measurement for this long, such as 10m, to see whether it "
            "slows down.",
        ),
    ] = None,
    affinity: Annotated[str | None, typer.Option(metavar="CPUS", help="CPUs to run on, such as 0,1.")] = None,
    seed: Annotated[int, options.whole("Seed for the timed input.")] = 0,
    shape: Annotated[
        list[str] | None,
        options.shape("Shape of an input, such as images=1,3,640,640, for a file outside a set."),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="NAME=FILE",
            help="A .npy file with an input's values, for a file outside a set. May be repeated.  [default: "
            "seeded]",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        options.dataset(
            "Labelled images for the accuracy of a file outside a set: digits, shapes, cifar10, a folder "
            "with one sub-folder per class, or a .npz file."
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="File with the class names in the order of the scores, one per line.  [default: labels.txt "
            "or class_names.txt next to the model, else the dataset's order]"
        ),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help="Scaling (x - mean) / std of the dataset's pixels 0 to 255: one number, or one per channel, "
            "separated by commas.",
        ),
    ] = None,
    std: Annotated[str | None, typer.Option(metavar="NUMBERS", help="Scaling: see --mean.")] = None,
    channels: Annotated[
        Channels | None,
        typer.Option(help="Channels of the dataset's images.  [default: to match the input]"),
    ] = None,
    layout: Annotated[
        Layout | None, typer.Option(help="Layout of the input.  [default: detected from its shape]")
    ] = None,
    output: Annotated[
        Path | None,
        options.output("File for the result, if there is one device.  [default: a new file in results/]"),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Measure artefacts on devices: latency, memory and accuracy.

    An emulated board counts instructions instead of time: --mode, --fps, --sustain, --threads, --affinity
    and --memory do not apply to it.

    Exits with 4 if a measurement is invalid, with 3 if one is missing or a device is not available, and with
    130 if interrupted (143 by SIGTERM, 129 by SIGHUP). Completed measurements are kept.

    Example: edgekit bench

    Example: edgekit bench --device rpi4 --device host

    Example: edgekit bench detector.onnx --shape images=1,3,640,640 --device rpi4

    Example: edgekit bench my_set/int8.tflite --runtime litert==2.3.0 --threads 1 --mode standard
    """
    import sys
    from functools import partial

    import edgekit
    from edgekit.api.bench import bench_each
    from edgekit.cli.console import (
        command_line,
        progress_bar,
        quote,
        say_next,
        show_error,
        show_interrupted,
    )
    from edgekit.cli.show_expectation import show_published
    from edgekit.cli.show_results import show_results
    from edgekit.reporting.report import Report
    from edgekit.reporting.to_json import to_json
    from edgekit.units import parse_seconds

    chosen = edgekit.devices.find_each(device or ["host"], address=address, user=user)
    if output and len(chosen) > 1:
        raise edgekit.UsageError(
            f"--output {output} is for one device; {len(chosen)} are named.",
            "Leave it out: each device's result then has a file of its own in results/.",
        )
    with progress_bar() as progress:
        measure = partial(
            edgekit.bench,
            artefacts or None,
            runtimes=runtime or (),
            threads=options.threads_of(threads),
            mode=mode,
            repeats=repeats,
            accuracy=accuracy,
            memory=memory,
            xnnpack=xnnpack,
            fps=fps,
            sustain=parse_seconds(sustain) if sustain else None,
            affinity=options.affinity_of(affinity),
            seed=seed,
            shapes=options.shapes_of(shape),
            inputs=options.inputs_of(values),
            dataset=dataset,
            labels=labels,
            mean=options.per_channel_of(mean, "--mean"),
            std=options.per_channel_of(std, "--std"),
            channels=channels,
            layout=layout,
            output=output,
            command=command_line(),
            progress=progress,
        )
        found = bench_each(chosen, lambda profile: measure(device=profile), progress)
    if found.results and as_json:
        sys.stdout.buffer.write(to_json(Report(found.results)))
    elif found.results:
        show_results(found.results)
        show_published(found.results)
    for result in found.results:
        if result.partial:
            what = f"{result.device.profile}: the session ended early: {result.partial}"
            show_error(edgekit.DeviceError(what))
    if found.interrupted and found.results[-1].ended != "interrupted":
        show_interrupted()
    paths = " ".join(quote(result.path) for result in found.results if result.path)
    if paths:
        say_next(f"edgekit report {paths} -o report.html")
    if found.exit_code:
        raise typer.Exit(found.exit_code)
