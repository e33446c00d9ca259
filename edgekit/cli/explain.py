"""`edgekit explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli.completion import complete_device, complete_runtime
from edgekit.cli.numeric import whole


def explain(
    files: Annotated[
        list[Path],
        typer.Argument(help="A .tflite or .onnx file; or two, to be compared.", show_default=False),
    ],
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="Where to count; twice: to compare two devices.  [default: rpi4-emulated]",
            autocompletion=complete_device,
        ),
    ] = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME or NAME==VERSION; twice: to compare.  [default: litert, onnxruntime]",
            autocompletion=complete_runtime,
        ),
    ] = None,
    seed: Annotated[int, whole("Of the input.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which operators the instructions go to, and why one artefact takes more than another.

    These are instructions, not times: exact, and the same on every computer.

    Example: edgekit explain digits/int8.tflite

    Example: edgekit explain digits/float32.tflite digits/int8.tflite --device rpi4-emulated

    Example: edgekit explain digits/int8.tflite --runtime tflite-runtime --runtime litert
    """
    from edgekit.artefact import MANIFEST
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_operators import as_record, show_explanation
    from edgekit.device import find_profile, reached_at
    from edgekit.explanation import ExplainRequest
    from edgekit.explanation import explain as count

    profiles = tuple(reached_at(find_profile(name)) for name in device or ["rpi4-emulated"])
    request = ExplainRequest(files=tuple(files), devices=profiles, runtimes=tuple(runtime or ()), seed=seed)
    with progress_bar() as progress:
        found = count(request, progress)
    if as_json:
        print_record(as_record(found))
    else:
        show_explanation(found)
    file = files[-1]
    if (file.parent / MANIFEST).is_file():  # bench takes files of artefact sets alone
        say_next(f"edgekit bench {quote(file)} --device {profiles[-1].name}")
    else:
        say_next(f"edgekit inspect {quote(file)}")
