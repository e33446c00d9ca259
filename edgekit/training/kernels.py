"""Layers computed by TensorFlow's faster kernels while a model is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from edgekit.zoo.float32 import leaves

_LEAST_EPSILON = 1.001e-5  # TensorFlow's kernel raises a smaller one to it


@contextmanager
def faster_kernels(model: Any) -> Iterator[None]:
    """Let a model's layers use faster kernels in the block.

    The results differ by rounding alone. Keras composes a batch normalization of a dozen operations, where
    TensorFlow has one kernel. And oneDNN computes the gradient of a depthwise convolution channel by channel
    if the map is smaller than the kernel, unless the padding is an operation of its own.

    Args:
        model: What is saved of it in the block is as ever. After the block, its layers are as before.
    """
    changed = []
    try:
        for layer in leaves(model):
            # a layer may be part of two nested models
            if "call" not in vars(layer) and (call := _faster(layer)) is not None:
                layer.call = call
                changed.append(layer)
        yield
    finally:
        for layer in changed:
            del layer.call


def _faster(layer: Any) -> Callable[..., Any] | None:
    """Return what computes a layer's output faster; None: nothing is known that does."""
    import keras

    if layer.compute_dtype != "float32":
        return None
    if type(layer) is keras.layers.BatchNormalization and _is_plain(layer):
        return _fused(layer)
    if type(layer) is keras.layers.DepthwiseConv2D and _is_smaller_than_kernel(layer):
        return _padded_before(layer)
    return None


def _is_plain(layer: Any) -> bool:
    """Tell whether a batch normalization is over the channels of images, and of its own batch alone."""
    return (
        len(layer.input.shape) == 4
        and layer.axis in (-1, 3)
        and layer.epsilon >= _LEAST_EPSILON
        and not (getattr(layer, "renorm", False) or layer.synchronized)
    )


def _is_smaller_than_kernel(layer: Any) -> bool:
    """Tell whether a depthwise convolution pads maps that are smaller than its kernel."""
    sides = layer.input.shape[1:3]
    return (
        layer.padding == "same"
        and layer.data_format == "channels_last"
        and {*layer.strides, *layer.dilation_rate} == {1}
        and None not in sides
        and any(side < kernel for side, kernel in zip(sides, layer.kernel_size, strict=True))
    )


def _fused(layer: Any) -> Callable[..., Any]:
    import tensorflow as tf

    normal = layer.call

    def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not (training and layer.trainable) or mask is not None:
            return normal(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            layer.gamma if layer.scale else tf.ones(channels),
            layer.beta if layer.center else tf.zeros(channels),
            epsilon=layer.epsilon,
        )
        # the kernel's variance is that of a sample, Keras' moving one is not
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        variance *= (count - 1.0) / count
        for moving, new in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + new * (1.0 - layer.momentum))
        return outputs

    return call


def _padded_before(layer: Any) -> Callable[..., Any]:
    import keras
    import tensorflow as tf

    around = [[(kernel - 1) // 2, kernel // 2] for kernel in layer.kernel_size]

    def call(inputs: Any) -> Any:
        outputs = keras.ops.depthwise_conv(
            tf.pad(inputs, [[0, 0], *around, [0, 0]]), layer.kernel, padding="valid"
        )
        if layer.use_bias:
            outputs = outputs + layer.bias
        return outputs if layer.activation is None else layer.activation(outputs)

    return call
