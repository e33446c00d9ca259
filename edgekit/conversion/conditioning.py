"""How far a model's outputs depend on rounding alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from edgekit.conversion.feed import Feed
from edgekit.conversion.graph import keras_outputs
from edgekit.data.dataset import Float32
from edgekit.errors import ModelError
from edgekit.zoo.float32 import computing_in
from edgekit.zoo.source import LoadedModel

IMAGES = 25  # given at once, and one after the other
DOUBLE_IMAGES = 5  # given to the model in float64, which is many times slower


@dataclass(frozen=True)
class Conditioning:
    """How far float32 Keras differs from itself: what no converted file can be better than."""

    loaded: LoadedModel
    feed: Feed

    def difference(self, enough: float) -> float:
        """Return the largest difference of its outputs, or one that is `enough`.

        The same images are given one at a time and all at once, which sums in another order, and to the same
        model in float64 where it can be built.
        """
        return self._by_order if self._by_order >= enough else max(self._by_order, self._by_precision)

    @cached_property
    def _images(self) -> list[Float32]:
        return list(islice(self.feed, IMAGES))

    @cached_property
    def _function(self) -> Callable[[Float32], tuple[Float32, ...]]:
        return keras_outputs(self.loaded)

    @cached_property
    def _together(self) -> tuple[Float32, ...]:
        return self._function(np.concatenate(self._images))

    @cached_property
    def _by_order(self) -> float:
        alone = zip(*map(self._function, self._images), strict=True)
        return self._largest(np.concatenate(parts) for parts in alone)

    @cached_property
    def _by_precision(self) -> float:
        try:
            double = computing_in("float64", self.loaded.model, Path(self.loaded.model.name))
            few = np.concatenate(self._images[:DOUBLE_IMAGES])
            return self._largest(keras_outputs(replace(self.loaded, model=double))(few))
        except (ModelError, ValueError, TypeError, RuntimeError, NotImplementedError):
            return 0.0  # a SavedModel, or an operation that TensorFlow has for float32 only

    def _largest(self, others: Iterable[Float32]) -> float:
        pairs = zip(self._together, others, strict=True)
        return max(float(np.abs(here[: len(there)] - there).max()) for here, there in pairs)
