"""`edgekit inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_model

if TYPE_CHECKING:
    from edgekit.inspection import Inspected


def inspect(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET...",
            help="A family, a trained model's name, a Keras, TFLite or ONNX file, a set or a result. Several "
            "models are shown side by side.",
            autocompletion=complete_model,
        ),
    ],
    alpha: Annotated[float | None, options.real("Width multiplier of a family.")] = None,
    resolution: Annotated[int | None, options.whole("Input size of a family in pixels.")] = None,
    classes: Annotated[int | None, options.whole("Number of classes of a family.")] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Count only layers with matching names, such as 'conv_*'."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="The float32 file of a quantized file; shows which layers add noise."),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers/--no-layers", help="Show every layer.")] = True,
    as_json: options.AsJson = False,
) -> None:
    """Show layers, multiply-adds, parameters and quantization.

    Example: edgekit inspect mobilenet_v1 --alpha 0.5 --resolution 224 --classes 1000

    Example: edgekit inspect artefacts/mobilenet_v1_0.5_32_digits/int8.tflite

    Example: edgekit inspect mobilenet_v1 mobilenet_v1_0.75_160 xception

    Example: edgekit inspect set/int8.tflite --against set/float32.tflite
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.inspection import as_record, side_by_side

    with progress_bar() as progress:
        found = [
            edgekit.inspect(
                target,
                alpha=alpha,
                resolution=resolution,
                classes=classes,
                only=only,
                against=against,
                progress=progress,
            )
            for target in targets
        ]
        costs = side_by_side(found) if len(found) > 1 else ()
    if len(found) > 1:
        from edgekit.cli.show_layers import show_costs

        print_record(costs) if as_json else show_costs(costs)
        say_next(f"edgekit inspect {quote(targets[-1])}")
        return
    if as_json:
        print_record(as_record(found[0]))
    else:
        _show(found[0], layers)
    say_next(_next(found[0], quote(targets[0])))


def _next(found: Inspected, target: str) -> str:
    from edgekit.artefact import ArtefactSet
    from edgekit.inspection import Inspection, ModelCost, NoiseByLayer
    from edgekit.results import Result

    if isinstance(found, Result):
        return f"edgekit report {target} -o report.html"
    if isinstance(found, ModelCost) and (spec := found.spec) is not None:
        width = "" if spec.alpha is None else f" --alpha {spec.alpha}"
        return f"edgekit train {spec.family}{width} --resolution {spec.resolution}"
    command = "bench" if isinstance(found, ArtefactSet | Inspection | NoiseByLayer) else "convert"
    return f"edgekit {command} {target}"


def _show(found: Inspected, layers: bool) -> None:
    from edgekit.artefact import ArtefactSet
    from edgekit.cli.show_layers import show_cost, show_file, show_noise
    from edgekit.cli.show_results import show_results
    from edgekit.cli.show_set import show_set
    from edgekit.inspection import Inspection, NoiseByLayer
    from edgekit.results import Result

    if isinstance(found, ArtefactSet):
        show_set(found)
    elif isinstance(found, Inspection):
        show_file(found, layers)
    elif isinstance(found, Result):
        show_results([found])
    elif isinstance(found, NoiseByLayer):
        show_noise(found)
    else:
        show_cost(found, layers)
