"""What a model's output is: scores for classes, one score, or something else."""

from __future__ import annotations

from typing import Any


def number_of_classes(model: Any) -> int:
    """Return how many classes or labels a Keras model scores.

    A single score tells two classes apart. 0: it has several outputs, or one that is not a row of scores.
    """
    result = getattr(model, "output_shape", None)
    if isinstance(result, list) and len(result) == 1:
        result = result[0]
    if not isinstance(result, tuple) or not all(size is None or isinstance(size, int) for size in result):
        return 0
    sizes = [size for size in result[1:] if size != 1]
    if len(sizes) > 1 or None in sizes:
        return 0
    return int(sizes[0]) if sizes else 2
