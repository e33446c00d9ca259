"""Random changes to training images, each decided by (seed, step) alone, so that a run can be resumed."""

from __future__ import annotations

import math
from typing import Any

from edgekit.zoo.card import Augmentation


def augment(images: Any, seed: int, step: Any, settings: Augmentation) -> Any:
    """Change a batch, in a TensorFlow graph.

    Args:
        images: float32 [n, height, width, 3], 0–255.
        seed: The training's.
        step: int64 scalar, counted from the start of the training.
        settings: How far.

    Returns:
        float32 [n, height, width, 3], 0–255.
    """
    return _recolour(_move(images, seed, step, settings), seed, step, settings.colour)


def _move(images: Any, seed: int, step: Any, settings: Augmentation) -> Any:
    """Turn, zoom, shift and mirror about the centre; what comes in from outside repeats the edge."""
    import tensorflow as tf

    count, height, width = (tf.shape(images)[axis] for axis in range(3))
    draw = _Draw(seed, step, count)
    angle = draw(0, settings.rotate * math.pi / 180)
    scale = 1 + draw(1, settings.zoom)
    cos, sin = tf.cos(angle) * scale, tf.sin(angle) * scale
    mirror = tf.sign(draw(2, 1.0)) if settings.flip else tf.ones_like(cos)
    size_x, size_y = tf.cast(width, tf.float32), tf.cast(height, tf.float32)
    middle_x, middle_y = (size_x - 1) / 2, (size_y - 1) / 2
    # rows of the 2 × 3 matrix that takes an output pixel to the input pixel it shows
    a, b, c, d = cos * mirror, -sin, sin * mirror, cos
    move_x = middle_x - a * middle_x - b * middle_y + draw(3, settings.shift) * size_x
    move_y = middle_y - c * middle_x - d * middle_y + draw(4, settings.shift) * size_y
    zero = tf.zeros_like(a)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, move_x, c, d, move_y, zero, zero], axis=1),
        output_shape=tf.stack([height, width]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _recolour(images: Any, seed: int, step: Any, colour: float) -> Any:
    """Change saturation, contrast and brightness."""
    if not colour:
        return images
    import tensorflow as tf

    draw = _Draw(seed, step, tf.shape(images)[0])
    saturation, contrast, brightness = (draw(i, colour)[:, None, None, None] for i in (5, 6, 7))
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = grey + (1 + saturation) * (images - grey)
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return tf.clip_by_value(mean + (1 + contrast) * (images - mean) + 255 * brightness, 0.0, 255.0)


class _Draw:
    """Random numbers for a batch, the same whenever asked for the same step."""

    def __init__(self, seed: int, step: Any, count: Any) -> None:
        self._seed, self._step, self._count = seed, step, count

    def __call__(self, stream: int, limit: float) -> Any:
        """Return float32 [n] from ±limit; each stream is independent of the others."""
        import tensorflow as tf

        key = tf.stack([tf.constant(self._seed * 8 + stream, tf.int64), tf.cast(self._step, tf.int64)])
        return tf.random.stateless_uniform([self._count], key, -limit, limit)
