"""How a model's scores become answers, decided by its last operation and by what is known of the images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgekit.artefact import MOST_LABELS, TOP1, Head
from edgekit.conversion.float_file import FloatFile
from edgekit.conversion.graph import FloatGraph
from edgekit.data import Dataset, Split
from edgekit.errors import UsageError


def head_of(graph: FloatGraph | FloatFile, dataset: Dataset) -> Head:
    """Decide how scores are read: by the model's outputs, its last activation and the images' labels.

    Several scores are of classes that exclude each other unless the images have several labels or, where
    nothing is known of them, the model ends with a sigmoid for each.
    """
    shapes = graph.shapes
    sizes = [size for size in shapes[0][1:] if size != 1]
    if len(shapes) > 1 or len(sizes) > 1:
        return Head("none")
    squashed = graph.last_operation == "Sigmoid"
    threshold = 0.5 if squashed else 0.0  # sigmoid(0) = 0.5
    if not sizes:
        return Head("binary", threshold)
    if dataset.multilabel or (squashed and not dataset.labelled):
        return Head("multilabel", threshold) if sizes[0] <= MOST_LABELS else Head("none")
    return TOP1


def with_single_labels(graph: FloatGraph | FloatFile, dataset: Dataset, origin: str) -> Dataset:
    """Return images with one label each as classes that exclude each other, if the model's do.

    Raises:
        UsageError: The model chooses one class, and an image has several labels or none.
    """
    last = graph.last_operation
    single = int(np.prod(graph.shapes[0][1:])) == 1
    if not dataset.multilabel or len(graph.shapes) > 1 or (last == "Sigmoid" and not single):
        return dataset
    parts = (dataset.train, dataset.calibration, dataset.evaluation)
    if all((np.bitwise_count(part.labels) == 1).all() for part in parts):
        train, calibration, evaluation = map(_single, parts)
        return replace(dataset, train=train, calibration=calibration, evaluation=evaluation, multilabel=False)
    if last == "Softmax" or single:
        raise UsageError(
            f"{origin} chooses one of its classes, but images of {dataset.name} have several labels or none.",
            "Name images with one label each, --dataset FOLDER, or train the model with a sigmoid for each.",
        )
    return dataset


def _single(part: Split) -> Split:
    return replace(part, labels=np.asarray(np.log2(part.labels.astype(np.float64)).round(), dtype=np.int64))
