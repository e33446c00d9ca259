"""`edgekit explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options


def explain(
    files: Annotated[
        list[Path],
        typer.Argument(help="A .tflite or .onnx file, or two to compare.", show_default=False),
    ],
    device: Annotated[
        list[str] | None,
        options.device("Device to count on; two are compared.  [default: rpi4-emulated]"),
    ] = None,
    runtime: Annotated[
        list[str] | None,
        options.runtime("NAME or NAME==VERSION; two are compared.  [default: litert, onnxruntime]"),
    ] = None,
    seed: Annotated[int, options.whole("Seed for the input.")] = 0,
    shape: Annotated[
        list[str] | None,
        options.shape("Shape of an ONNX file's input, such as images=1,3,640,640."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Show how many instructions each operator takes.

    With two artefacts, runtimes or devices, shows why one takes more than the other. Counts are not times:
    they are exact, and the same on every computer.

    Example: edgekit explain digits/int8.tflite

    Example: edgekit explain digits/float32.tflite digits/int8.tflite --device rpi4-emulated

    Example: edgekit explain digits/int8.tflite --runtime tflite-runtime --runtime litert
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_explanation import show_explanation
    from edgekit.explanation import as_record

    with progress_bar() as progress:
        found = edgekit.explain(
            files,
            device=device or "rpi4-emulated",
            runtimes=runtime or (),
            seed=seed,
            shapes=options.shapes_of(shape),
            progress=progress,
        )
    if as_json:
        print_record(as_record(found))
    else:
        show_explanation(found)
    say_next(f"edgekit bench {quote(files[-1])} --device {quote(found[-1].device)}")
