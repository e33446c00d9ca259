"""Tensors of a float ONNX graph in TensorFlow, and convolutions of them.

ONNX has channels first, TensorFlow's kernels on a CPU want them last. A tensor of four axes is kept with
channels last as long as nothing asks otherwise.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from edgekit.quantization.network import Float, Layer

LAST, FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


@dataclass(frozen=True)
class Value:
    """A tensor of the ONNX graph."""

    tensor: Any  # of TensorFlow
    last: bool = False  # whether its channels are last here: [n, height, width, channels]


Given: TypeAlias = "Value | Float"  # what depends on the image, and constants
Attributes: TypeAlias = dict[str, Any]


class Unsupported(Exception):  # noqa: N818 - it is caught here, and named for people elsewhere
    """Nothing here does what the operator asks for; says what that is."""


def plain(given: Given) -> Any:
    """A tensor as ONNX has it."""
    import tensorflow as tf

    if not isinstance(given, Value):
        return tf.constant(given)
    return tf.transpose(given.tensor, FIRST) if given.last else given.tensor


def given_value(given: Given) -> Value:
    """What depends on the image; a constant is not supported there."""
    if not isinstance(given, Value):
        raise Unsupported("of a constant")
    return given


def channels_last(value: Given) -> Any:
    """An image-like tensor, [n, height, width, channels]."""
    import tensorflow as tf

    if not isinstance(value, Value) or len(value.tensor.shape) != 4:
        raise Unsupported("of other than four axes")
    return value.tensor if value.last else tf.transpose(value.tensor, LAST)


def convolution(value: Given, weights: Any, layer: Layer) -> Value:
    """A layer's convolution, without its bias.

    Args:
        value: Its input.
        weights: [height, width, inputs per group, outputs].
        layer: Says the rest.
    """
    import tensorflow as tf

    images = channels_last(value)
    if len(layer.strides) != 2:
        raise Unsupported("over other than two axes")
    inputs, outputs = int(images.shape[3]), int(weights.shape[3])
    padding, images = padded_by(images, weights.shape[:2], layer.strides, layer.pads, layer.dilations)
    if layer.groups == inputs > 1:
        kernel = tf.reshape(weights, (*weights.shape[:2], inputs, outputs // inputs))
        return Value(_by_channel(images, kernel, layer, padding), last=True)

    def one(part: Any, kernel: Any) -> Any:
        return tf.nn.conv2d(part, kernel, layer.strides, padding, dilations=layer.dilations)

    if layer.groups == 1:
        return Value(one(images, weights), last=True)
    parts = zip(tf.split(images, layer.groups, 3), tf.split(weights, layer.groups, 3), strict=True)
    return Value(tf.concat([one(*pair) for pair in parts], 3), last=True)


def _by_channel(images: Any, kernel: Any, layer: Layer, padding: str) -> Any:
    import tensorflow as tf

    if padding == "SAME" and any(map(operator.lt, images.shape[1:3], kernel.shape[:2])):
        # oneDNN computes the gradient channel by channel, unless the padding is an operation of its own
        padding, images = "VALID", _padded(images, layer.pads)
    if layer.strides[0] == layer.strides[1]:
        return tf.nn.depthwise_conv2d(
            images, kernel, (1, *layer.strides, 1), padding, dilations=layer.dilations
        )
    raise Unsupported("by channel, with strides that differ")


def padded_by(
    images: Any, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int], dilations: Sequence[int]
) -> tuple[str, Any]:
    """TensorFlow's name for a padding, and images padded if it has none."""
    if not any(pads):
        return "VALID", images
    usual = [
        max((-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size, 0)
        for size, k, stride, dilation in zip(images.shape[1:3], kernel, strides, dilations, strict=True)
    ]
    if list(pads) == [*(x // 2 for x in usual), *(x - x // 2 for x in usual)]:
        return "SAME", images
    return "VALID", _padded(images, pads)


def _padded(images: Any, pads: Sequence[int]) -> Any:
    import tensorflow as tf

    top, left, bottom, right = pads
    return tf.pad(images, ((0, 0), (top, bottom), (left, right), (0, 0)))


def alike(given: Sequence[Given]) -> tuple[bool, list[Any]]:
    """Tensors in one layout, to be computed with element by element; whether channels are last in it."""
    values = [each for each in given if isinstance(each, Value)]
    last = any(each.last for each in values) and all(len(each.tensor.shape) == 4 for each in values)
    if not last:
        return False, [plain(each) for each in given]
    return True, [channels_last(x) if isinstance(x, Value) else _turned(x) for x in given]


def _turned(constant: Float) -> Any:
    import tensorflow as tf

    if constant.ndim == 0:
        return tf.constant(constant)
    four = constant.reshape((1,) * (4 - constant.ndim) + constant.shape)
    return tf.constant(np.ascontiguousarray(four.transpose(LAST)))
