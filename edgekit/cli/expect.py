"""`edgekit expect`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_board


def expect(
    device: Annotated[str, typer.Option(help="The board.", autocompletion=complete_board)] = "rpi4",
    alpha: Annotated[float, options.real("Width multiplier, 0.25 to 1.")] = 1.0,
    resolution: Annotated[int, options.whole("Height and width of the input in pixels, 128 to 224.")] = 224,
    int8: Annotated[bool, typer.Option("--int8/--float32", help="Quantized to int8, or float32.")] = True,
    runtime: Annotated[
        str,
        typer.Option(metavar="NAME", help="Prefix of the runtime's name: tflite, armnn.  [default: any]"),
    ] = "",
    as_json: options.AsJson = False,
) -> None:
    """Show published latencies of MobileNet v1 on a board.

    You need neither the board nor a model. Sizes that nobody published are estimated from those that were
    published; the range includes the error of such estimates.

    Example: edgekit expect --device rpi4 --alpha 0.5 --resolution 224

    Example: edgekit expect --device rpi4 --alpha 0.6 --resolution 208 --runtime tflite
    """
    import edgekit
    from edgekit.cli.console import print_record, say_next
    from edgekit.cli.show_expectation import show_expectation

    found = edgekit.expect(device, alpha=alpha, resolution=resolution, int8=int8, runtime=runtime)
    if as_json:
        print_record(found)
    else:
        show_expectation(found)
    say_next(f"edgekit inspect mobilenet_v1 --alpha {alpha:g} --resolution {resolution}")
