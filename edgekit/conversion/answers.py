"""What a model's scores mean: one integer for each image, by the head."""

from __future__ import annotations

import numpy as np

from edgekit.artefact import Head
from edgekit.data.dataset import Float32, Int64


def answers(scores: Float32, head: Head) -> Int64 | None:
    """Return the answer to each image, [n]; None where the head gives none.

    The guest has a copy of this, since it can import nothing.

    Args:
        scores: What the model gave for each image, [n, …].
        head: How to read them.
    """
    rows = scores.reshape(len(scores), -1)
    if head.kind == "top1":
        return np.asarray(rows.argmax(axis=1), dtype=np.int64)
    if head.kind == "binary":
        return np.asarray(rows[:, 0] > head.threshold, dtype=np.int64)
    if head.kind == "multilabel":
        bits = np.int64(1) << np.arange(rows.shape[1], dtype=np.int64)
        return np.asarray((rows > head.threshold) @ bits, dtype=np.int64)
    return None


def label_bits(values: Int64, labels: int) -> Int64:
    """Return whether each label is in each multi-label answer: 0 or 1, [n, labels]."""
    return np.asarray(values[:, None] >> np.arange(labels, dtype=np.int64) & 1, dtype=np.int64)


def by_chance(head: Head, scores: int) -> float:
    """Return the share of right answers that guessing among them all would have."""
    if head.kind == "multilabel":
        return 0.5**scores
    return 1 / max(2, scores)
