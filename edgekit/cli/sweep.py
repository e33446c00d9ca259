"""`edgekit sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_family, complete_format
from edgekit.zoo.families import DEFAULT_FAMILY, FAMILIES


def sweep(
    family: Annotated[
        str, typer.Argument(help=f"Model family: {', '.join(FAMILIES)}.", autocompletion=complete_family)
    ] = DEFAULT_FAMILY,
    alpha: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help="Width multipliers, separated by commas.  [default: the family's, such as 1,.75,.5,.25]",
        ),
    ] = None,
    resolution: Annotated[
        str | None,
        typer.Option(
            metavar="PIXELS",
            help="Heights and widths of the input, separated by commas.  [default: the family's, such as "
            "224,192,160,128,96]",
        ),
    ] = None,
    device: Annotated[
        list[str] | None,
        options.device("A device of `edgekit devices list`. May be repeated.  [default: host]"),
    ] = None,
    dataset: Annotated[
        str | None,
        options.dataset(
            "Dataset to train all sizes on: digits, shapes, cifar10, a folder with one sub-folder per class, "
            "or a .npz file.  [default: random weights]"
        ),
    ] = None,
    epochs: Annotated[int | None, options.whole("Passes over the training images.")] = None,
    int8: Annotated[bool, typer.Option("--int8/--no-int8", help="Measure int8 files.")] = True,
    float32: Annotated[bool, typer.Option("--float32", help="Also measure float32 files.")] = False,
    format: Annotated[
        list[str] | None,
        typer.Option(
            help="tflite or onnx. May be repeated.  [default: to match --runtime, or tflite]",
            autocompletion=complete_format,
        ),
    ] = None,
    runtime: Annotated[
        list[str] | None,
        options.runtime(
            "NAME or NAME==VERSION. May be repeated.  [default: litert for TFLite, onnxruntime for ONNX]"
        ),
    ] = None,
    threads: Annotated[str, typer.Option(help="Numbers separated by commas; `all` is every CPU.")] = "1,all",
    mode: options.RepeatsMode = "quick",
    seed: Annotated[int, options.whole("Seed for weights, training and the timed input.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Repeat invalid measurements.")] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Dask scheduler whose workers run the steps, such as tls://HOST:8786.  [default: run them "
            "on this computer]",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        options.output(
            "Folder for the record, the reports and the steps' results.  [default: a folder in sweeps/]"
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Measure a family at every width and resolution.

    With --dataset, every size is trained, converted and measured. Without it, weights are random, but
    latency, memory, size and instructions are still real.

    If the sweep is interrupted, rerun the same command to resume: each step runs only once. If a size fails,
    the sweep names it and continues.

    Exits with 4 if something failed or is invalid, and with 130 if interrupted (143 by SIGTERM, 129 by
    SIGHUP). Completed steps are kept.

    Example: edgekit sweep --alpha 1,.75,.5,.25 --resolution 224,192,160,128 --device rpi4

    Example: edgekit sweep --alpha .25,.5 --resolution 32,48 --dataset shapes

    Example: edgekit sweep --device pi-1 --device pi-2 --scheduler tls://gateway:8786
    """
    import edgekit
    from edgekit.cli.console import command_line, print_record, progress_bar, quote, say_next
    from edgekit.cli.show_sweep import show_sweep

    with progress_bar() as progress:
        found = edgekit.sweep(
            family,
            alphas=options.reals_of(alpha, "--alpha"),
            resolutions=options.wholes_of(resolution, "--resolution"),
            devices=device or "host",
            dataset=dataset,
            epochs=epochs,
            int8=int8,
            float32=float32,
            formats=format or (),
            runtimes=runtime or (),
            threads=options.threads_of(threads),
            mode=mode,
            seed=seed,
            again=again,
            scheduler=scheduler,
            output=output,
            command=command_line(),
            progress=progress,
        )
    if as_json:
        print_record(found)
    else:
        show_sweep(found)
    if found.path:
        say_next(f"open {quote(found.path.with_suffix('.html'))} in a browser")
    if not found.whole:
        raise typer.Exit(edgekit.InvalidError.exit_code)
