"""`edgekit.classify`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, several
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.classification import Classified


def classify(
    file: StrPath, images: StrPath | Iterable[StrPath], *, top: int = 5, progress: Progress = SILENT
) -> tuple[Classified, ...]:
    """Classify images with a model file alone, as an app would: by what the file says of itself.

    Args:
        file: A .tflite or .onnx file that `convert` wrote, or a .tflite file with TFLite's metadata. No
            other file is read, neither a manifest nor labels.
        images: Image files, one or several.
        top: How many classes of each image to return.
        progress: Receives every step.

    Returns:
        For each image its class and the highest scores. One that cannot be read has a `problem` instead.

    Raises:
        UsageError: The file does not say how its image is scaled, or does not classify.
        ModelError: The file is damaged, or cannot be run.
        DataError: No image can be read.
    """
    from edgekit.classification import classify as run

    return run(Path(file), [Path(each) for each in several(images)], top=top, progress=progress)
