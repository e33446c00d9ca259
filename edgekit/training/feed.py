"""Training images, or features of them, batch by batch, in an order decided by (seed, epoch) alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from edgekit.data import Dataset, Split
from edgekit.data.dataset import Float32, Int64, UInt8
from edgekit.data.held import hold
from edgekit.errors import EdgekitError
from edgekit.progress import Progress
from edgekit.training.augment import augment
from edgekit.zoo.card import Augmentation, Training

_READ_AT_ONCE = 256  # images


@dataclass(frozen=True)
class Feed:
    """What decides the batches of a training."""

    dataset: Dataset
    batch_size: int
    seed: int
    augmentation: Augmentation
    sigmoid: bool = False  # two classes are told apart by one score
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

        read = _reader(self.dataset.train, self.batch_size, self.steps, self.seed)

        def load(step: Any) -> tuple[Any, Any]:
            images, labels = self._call(read, step)
            images = augment(tf.cast(images, tf.float32), self.seed, step, self.augmentation)
            return self._prepare(images, labels)

        steps = tf.data.Dataset.range(first_epoch * self.steps, epochs * self.steps)
        return steps.map(load, num_parallel_calls=2, deterministic=True).prefetch(2)

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

    def validation(self) -> Any:
        """Return the batches that the second curve is drawn from."""
        return self.whole(self.dataset.calibration)

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
        return (images - mean) / std, _targets(labels, len(self.dataset.labels), self.sigmoid)


def feed_of(dataset: Dataset, settings: Training, progress: Progress) -> Feed:
    """Return the batches of a training, of images that are read once if they fit into memory.

    Raises:
        DataError: An image can no longer be read.
    """
    contract = dataset.preprocessing
    return Feed(
        dataset=replace(
            dataset,
            train=hold(dataset.train, "training", contract, progress),
            calibration=hold(dataset.calibration, "calibration", contract, progress),
        ),
        batch_size=min(settings.batch_size, len(dataset.train)),
        seed=settings.seed,
        augmentation=settings.augmentation,
        sigmoid=settings.head is not None and is_binary(len(dataset.labels)),
    )


def is_binary(classes: int) -> bool:
    """Whether the classes of a head on a trained base are told apart by one sigmoid."""
    return classes == 2


@dataclass(frozen=True)
class FeatureFeed:
    """Batches of features, computed before, in an order decided by (seed, epoch) alone."""

    train: Float32  # [n, channels]
    labels: Int64  # [n]
    calibration: Float32  # [m, channels]
    calibration_labels: Int64  # [m]
    classes: int
    sigmoid: bool
    batch_size: int
    seed: int

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raise what goes wrong: nothing is read here."""
        yield

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return max(1, len(self.labels) // self.batch_size)

    def batches(self, first_epoch: int, epochs: int) -> Any:
        """Return the tf.data batches from one epoch to the last: float32 features, targets."""
        import tensorflow as tf

        order = _orders(len(self.labels), self.seed)
        chosen = np.concatenate(
            [order(epoch)[: self.steps * self.batch_size] for epoch in range(first_epoch, epochs)]
        )
        features, labels = tf.constant(self.train), tf.constant(self.labels)

        def load(indices: Any) -> tuple[Any, Any]:
            targets = _targets(tf.gather(labels, indices), self.classes, self.sigmoid)
            return tf.gather(features, indices), targets

        batches = tf.data.Dataset.from_tensor_slices(chosen).batch(self.batch_size, drop_remainder=True)
        return batches.map(load)

    def validation(self) -> Any:
        """Return the batches that the second curve is drawn from."""
        import tensorflow as tf

        targets = _targets(tf.constant(self.calibration_labels), self.classes, self.sigmoid)
        return tf.data.Dataset.from_tensors((self.calibration, targets))


def _orders(images: int, seed: int) -> Callable[[int], Int64]:
    """Return a function from an epoch's number to the order of the images in it."""

    @lru_cache(maxsize=2)
    def order(epoch: int) -> Int64:
        return np.random.default_rng([seed, epoch]).permutation(images)

    return order


def _reader(split: Split, batch_size: int, steps: int, seed: int) -> Callable[[int], tuple[UInt8, Int64]]:
    """Return a function from a step's number to its images and labels."""
    order = _orders(len(split), seed)

    def read(step: int) -> tuple[UInt8, Int64]:
        epoch, batch = divmod(int(step), steps)
        chosen = order(epoch)[batch * batch_size : (batch + 1) * batch_size]
        return split.images.read(chosen.tolist()), split.labels[chosen]

    return read


def _targets(labels: Any, classes: int, sigmoid: bool) -> Any:
    """Return what the model should say: one-hot [n, classes], or 0 and 1 as [n, 1] for one sigmoid."""
    import tensorflow as tf

    return tf.cast(labels, tf.float32)[:, None] if sigmoid else tf.one_hot(labels, classes)
