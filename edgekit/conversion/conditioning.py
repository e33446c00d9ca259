"""How far a model's outputs depend on rounding alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from edgekit.conversion.feed import Feed
from edgekit.conversion.graph import keras_outputs
from edgekit.errors import ModelError
from edgekit.zoo.float32 import computing_in
from edgekit.zoo.source import LoadedModel

IMAGES = 25  # given at once, and one after the other


def own_difference(loaded: LoadedModel, feed: Feed) -> float:
    """Return the largest difference of float32 Keras to itself: what no converted file can be better than.

    The same images are given one at a time and all at once, which sums in another order, and to the same
    model in float64 where it can be built.
    """
    images = list(islice(feed, IMAGES))
    batch = np.concatenate(images)
    function = keras_outputs(loaded)
    together = function(batch)
    alone = [np.concatenate(parts) for parts in zip(*map(function, images), strict=True)]
    others = [tuple(alone)]
    try:
        double = computing_in("float64", loaded.model, Path(loaded.model.name))
        others.append(keras_outputs(replace(loaded, model=double))(batch))
    except (ModelError, ValueError, TypeError, RuntimeError, NotImplementedError):
        pass  # a SavedModel, or an operation that TensorFlow has for float32 only
    return max(
        float(np.abs(here - there).max())
        for other in others
        for here, there in zip(together, other, strict=True)
    )
