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
            "What to train every size on: digits, shapes, cifar10, a folder with one sub-folder per class, "
            "or a .npz file.  [default: random weights]"
        ),
    ] = None,
    epochs: Annotated[int | None, options.whole("Passes over the training images.")] = None,
    int8: Annotated[bool, typer.Option("--int8/--no-int8", help="Measure int8 files.")] = True,
    float32: Annotated[bool, typer.Option("--float32", help="Measure float32 files, too.")] = False,
    format: Annotated[
        list[str] | None,
        typer.Option(
            help="tflite or onnx. May be repeated.  [default: those of the runtimes named, or tflite]",
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
    again: Annotated[bool, typer.Option("--again", help="Measure again what is invalid.")] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Dask scheduler whose workers do the steps, such as tls://HOST:8786.  [default: this "
            "computer does them]",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        options.output(
            "Folder for the record, the reports and the steps' results.  [default: one in sweeps/]"
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Measure a family in every width and resolution.

    With --dataset every size is trained, converted and measured. Without it weights are random: latency,
    memory, size and instructions are real all the same.

    Interrupted? The same command goes on from there, and nothing is done twice; more sizes cost only what is
    new. A size that fails is named, and the rest goes on.

    Exits with 4 if something failed or is invalid, with 130 if it was interrupted (143 by SIGTERM, 129 by
    SIGHUP); what was done is kept.

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
