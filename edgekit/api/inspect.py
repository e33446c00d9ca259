"""`edgekit.inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import UsageError
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
    against: StrPath | None = None,
    progress: Progress = SILENT,
) -> Inspected:
    """Look at a model, a model file, an artefact set or a result. Only `against` runs anything.

    Args:
        target: A family, a trained model's name, a Keras, TFLite or ONNX file, a set or a result. A family
            may have its width and input size in its name: `mobilenet_v1_0.75_160`.
        alpha: Width multiplier of a family; None: as in its paper.
        resolution: Input size of a family in pixels; None: as in its paper.
        classes: Number of classes of a family; None: as in its paper.
        only: A pattern such as `conv_*`: only layers with such names are counted.
        against: For a quantized file, the float32 file it was made from, in an artefact set: layers are
            compared on the first of the set's evaluation images.
        progress: Receives every step.

    Returns:
        The cost of a model, the contents of a model file, the record itself, or the noise after each layer.

    Raises:
        UsageError: There is nothing of that name, or an argument does not apply to it.
        ModelError: A model file is damaged.
        RecordError: A set or a result is damaged.
    """
    from edgekit.inspection import inspect_target

    if against is not None:
        if (alpha, resolution, classes, only) != (None, None, None, None):
            raise UsageError("With --against, two whole files are compared.", "Leave out the other options.")
        from edgekit.conversion.layer_noise import layer_noise

        return layer_noise(Path(target), Path(against), progress)
    return inspect_target(
        str(target), alpha=alpha, resolution=resolution, classes=classes, only=only, progress=progress
    )
