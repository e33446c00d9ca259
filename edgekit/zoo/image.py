"""What edgekit asks of a model's output: a score for each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgekit.errors import ModelError


def number_of_classes(model: Any, path: Path) -> int:
    """Return how many classes an image classifier has.

    Raises:
        ModelError: The model is something else.
    """
    result = getattr(model, "output_shape", None)
    if not (isinstance(result, tuple) and len(result) == 2 and result[1] is not None and result[1] > 1):
        raise ModelError(f"{path} gives {result}, not a score for each class [n, classes].")
    return int(result[1])
