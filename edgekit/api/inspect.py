"""`edgekit.inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.api.given import StrPath
    from edgekit.inspection import Inspected


def inspect(
    target: StrPath,
    *,
    alpha: float | None = None,
    resolution: int | None = None,
    classes: int | None = None,
    only: str | None = None,
    progress: Progress = SILENT,
) -> Inspected:
    """Look at a model, a model file, an artefact set or a result, without running it.

    Args:
        target: A family, a trained model's name, a Keras, TFLite or ONNX file, a set or a result. A family
            may have its width and input size in its name: `mobilenet_v1_0.75_160`.
        alpha: Width multiplier of a family; None: as in its paper.
        resolution: Input size of a family in pixels; None: as in its paper.
        classes: Number of classes of a family; None: as in its paper.
        only: A pattern such as `conv_*`: only layers of such names are counted.
        progress: Receives every step.

    Returns:
        The cost of a model, what a model file holds, or the record itself.

    Raises:
        UsageError: There is nothing of that name, or an argument does not belong to it.
        ModelError: A model file is damaged.
        RecordError: A set or a result is damaged.
    """
    from edgekit.inspection import inspect_target

    return inspect_target(
        str(target), alpha=alpha, resolution=resolution, classes=classes, only=only, progress=progress
    )
