"""Training images, batch by batch, in an order decided by (seed, epoch) alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from edgekit.data import Dataset, Split
from edgekit.data.dataset import Int64, UInt8
from edgekit.errors import EdgekitError
from edgekit.training.augment import augment
from edgekit.zoo.card import Augmentation

_READ_AT_ONCE = 256  # images


@dataclass(frozen=True)
class Feed:
    """What decides the batches of a training."""

    dataset: Dataset
    batch_size: int
    seed: int
    augmentation: Augmentation
    _failures: list[EdgekitError] = field(default_factory=list)

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raise what went wrong in reading an image, not what TensorFlow makes of it."""
        try:
            yield
        except Exception as error:
            if self._failures:
                raise self._failures[0] from error
            raise

    @property
    def steps(self) -> int:
        """Batches per epoch. Images left over wait for the next epoch's order."""
        return max(1, len(self.dataset.train) // self.batch_size)

    def batches(self, first_epoch: int, epochs: int) -> Any:
        """Return the tf.data batches from one epoch to the last: float32 images, one-hot labels."""
        import tensorflow as tf

        read = self._reader()

        def load(step: Any) -> tuple[Any, Any]:
            images, labels = self._call(read, step)
            images = augment(tf.cast(images, tf.float32), self.seed, step, self.augmentation)
            return self._prepare(images, labels)

        steps = tf.data.Dataset.range(first_epoch * self.steps, epochs * self.steps)
        return steps.map(load, num_parallel_calls=2, deterministic=True).prefetch(2)

    def _reader(self) -> Any:
        """Return a function from a step's number to its images and labels."""
        split = self.dataset.train

        @lru_cache(maxsize=2)
        def order(epoch: int) -> Int64:
            return np.random.default_rng([self.seed, epoch]).permutation(len(split))

        def read(step: int) -> tuple[UInt8, Int64]:
            epoch, batch = divmod(int(step), self.steps)
            chosen = order(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]
            return split.images.read(chosen.tolist()), split.labels[chosen]

        return read

    def whole(self, split: Split) -> Any:
        """Return a split as tf.data batches in order, unchanged: float32 images, one-hot labels."""
        import tensorflow as tf

        def read(batch: int) -> tuple[UInt8, Int64]:
            chosen = range(int(batch) * _READ_AT_ONCE, min((int(batch) + 1) * _READ_AT_ONCE, len(split)))
            return split.images.read(chosen), split.labels[chosen.start : chosen.stop]

        def load(batch: Any) -> tuple[Any, Any]:
            images, labels = self._call(read, batch)
            return self._prepare(tf.cast(images, tf.float32), labels)

        return tf.data.Dataset.range(math.ceil(len(split) / _READ_AT_ONCE)).map(load)

    def _call(self, read: Any, index: Any) -> tuple[Any, Any]:
        """Run a Python reader inside a graph: uint8 [n, height, width, 3], int64 [n]."""
        import tensorflow as tf

        def keep_failure(index: int) -> tuple[UInt8, Int64]:
            try:
                found: tuple[UInt8, Int64] = read(index)
            except EdgekitError as error:
                self._failures.append(error)
                raise
            return found

        contract = self.dataset.preprocessing
        images, labels = tf.numpy_function(keep_failure, [index], (tf.uint8, tf.int64), stateful=False)
        images = tf.ensure_shape(images, (None, contract.height, contract.width, 3))
        return images, tf.ensure_shape(labels, (None,))

    def _prepare(self, images: Any, labels: Any) -> tuple[Any, Any]:
        """Apply the contract's (x − mean) / std to float32 images; make labels one-hot."""
        import tensorflow as tf

        contract = self.dataset.preprocessing
        mean, std = (tf.constant(v, tf.float32) for v in (contract.mean, contract.std))
        return (images - mean) / std, tf.one_hot(labels, len(self.dataset.labels))
