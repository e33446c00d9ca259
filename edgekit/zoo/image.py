"""What edgekit asks of a model: one RGB image in, a score for each class out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgekit.errors import ModelError
from edgekit.words import first_line


def with_fixed_size(model: Any, resolution: int | None, path: Path) -> Any:
    """Give a model that takes images of any size the one asked for.

    Raises:
        ModelError: Its layers cannot work at that size.
    """
    shape = getattr(model, "input_shape", None)
    if resolution is None or not isinstance(shape, tuple) or len(shape) != 4 or None not in shape[1:3]:
        return model
    import keras

    try:
        image = keras.Input((resolution, resolution, shape[3]))
        return keras.Model(image, model(image), name=model.name)
    except Exception as error:  # Keras raises whatever its layers raise
        raise ModelError(
            f"{path} cannot take images of {resolution} × {resolution} pixels: {first_line(error)}",
            "Choose another --resolution.",
        ) from error


def image_classifier(model: Any, path: Path) -> tuple[int, int, int]:
    """Return (height, width, classes) of an image classifier.

    Raises:
        ModelError: The model is something else.
    """
    source, result = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if not (isinstance(source, tuple) and len(source) == 4 and source[3] == 3):
        raise ModelError(f"{path} takes {source}, not RGB images [n, height, width, 3].")
    if None in source[1:]:
        raise ModelError(f"{path} takes images of any size: {source}.", "Choose one with --resolution.")
    if not (isinstance(result, tuple) and len(result) == 2 and result[1] is not None and result[1] > 1):
        raise ModelError(f"{path} gives {result}, not a score for each class [n, classes].")
    return source[1], source[2], result[1]
