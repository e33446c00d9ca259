"""`edgekit inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def inspect(
    target: Annotated[
        str,
        typer.Argument(
            help="A family, a trained model's name, a Keras, TFLite or ONNX file, a set or a result."
        ),
    ],
    alpha: Annotated[float | None, typer.Option(help="Width multiplier, of a family.")] = None,
    resolution: Annotated[int | None, typer.Option(help="Input size in pixels, of a family.")] = None,
    classes: Annotated[int | None, typer.Option(help="Number of classes, of a family.")] = None,
    layers: Annotated[bool, typer.Option("--layers/--no-layers", help="Show every layer.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show layers, multiply-adds, parameters, operators and quantization.

    Example: edgekit inspect mobilenet_v1 --alpha 0.5 --resolution 224 --classes 1000

    Example: edgekit inspect artefacts/mobilenet_v1_0.5_32_digits/int8.tflite
    """
    from edgekit.cli.console import print_record
    from edgekit.cli.inspecting import inspect_target
    from edgekit.cli.show import show_inspected

    found = inspect_target(target, alpha=alpha, resolution=resolution, classes=classes)
    if as_json:
        print_record(found)
    else:
        show_inspected(found, layers=layers, path=Path(target))
