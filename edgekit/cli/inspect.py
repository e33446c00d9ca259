"""`edgekit inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgekit.cli import options

if TYPE_CHECKING:
    from edgekit.inspection import Inspected


def inspect(
    target: Annotated[
        str,
        typer.Argument(
            help="A family, a trained model's name, a Keras, TFLite or ONNX file, a set or a result."
        ),
    ],
    alpha: Annotated[float | None, options.real("Width multiplier of a family.")] = None,
    resolution: Annotated[int | None, options.whole("Input size of a family in pixels.")] = None,
    classes: Annotated[int | None, options.whole("Number of classes of a family.")] = None,
    layers: Annotated[bool, typer.Option("--layers/--no-layers", help="Show every layer.")] = True,
    as_json: options.AsJson = False,
) -> None:
    """Show layers, multiply-adds, parameters and quantization.

    Example: edgekit inspect mobilenet_v1 --alpha 0.5 --resolution 224 --classes 1000

    Example: edgekit inspect artefacts/mobilenet_v1_0.5_32_digits/int8.tflite
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.inspection import as_record

    with progress_bar() as progress:
        found = edgekit.inspect(
            target, alpha=alpha, resolution=resolution, classes=classes, progress=progress
        )
    if as_json:
        print_record(as_record(found))
    else:
        _show(found, layers)
    say_next(_next(found, quote(target)))


def _next(found: Inspected, target: str) -> str:
    from edgekit.artefact import ArtefactSet
    from edgekit.inspection import Inspection
    from edgekit.results import Result

    if isinstance(found, Result):
        return f"edgekit report {target} -o report.html"
    command = "bench" if isinstance(found, ArtefactSet | Inspection) else "convert"
    return f"edgekit {command} {target}"


def _show(found: Inspected, layers: bool) -> None:
    from edgekit.artefact import ArtefactSet
    from edgekit.cli.show_layers import show_cost, show_file
    from edgekit.cli.show_results import show_results
    from edgekit.cli.show_set import show_set
    from edgekit.inspection import Inspection
    from edgekit.results import Result

    if isinstance(found, ArtefactSet):
        show_set(found)
    elif isinstance(found, Inspection):
        show_file(found, layers)
    elif isinstance(found, Result):
        show_results([found])
    else:
        show_cost(found, layers)
