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
    """Classify images with nothing but a model file and its metadata, as an app would.

    Args:
        file: A .tflite or .onnx file that `convert` wrote, or a .tflite file with TFLite's metadata. No
            other file is read, neither a manifest nor labels.
        images: Image files, one or several.
        top: How many classes to return per image.
        progress: Receives every step.

    Returns:
        For each image its class and the highest scores. An image that cannot be read has a `problem` instead.

    Raises:
        UsageError: The file does not say how its image is scaled, or does not classify.
        ModelError: The file is damaged, or cannot be run.
        DataError: No image can be read.
    """
    from edgekit.classification import classify as run

    return run(Path(file), [Path(each) for each in several(images)], top=top, progress=progress)
