"""`edgekit try`; Python keeps the name for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options


def try_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .tflite or .onnx file.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    top: Annotated[int, options.whole("Number of classes to show per image.")] = 5,
    as_json: options.AsJson = False,
) -> None:
    """Classify images with a model file alone, as an app would.

    The image scaling and the class names come from the file itself.

    Example: edgekit try artefacts/mobilenet_v1_0.5_32_digits/int8.tflite seven.png
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_classes import show_classes
    from edgekit.errors import DataError
    from edgekit.words import plural

    with progress_bar() as progress:
        found = edgekit.classify(file, images, top=top, progress=progress)
    if as_json:
        print_record(found)
    else:
        show_classes(file, found)
    if broken := [each for each in found if each.problem]:
        raise DataError(
            f"{len(broken)} of {plural(len(found), 'image')} could not be read: {broken[0].image}: "
            f"{broken[0].problem}.",
            "Check that an image viewer opens it.",
        )
    say_next(f"edgekit bench {quote(file)}")
