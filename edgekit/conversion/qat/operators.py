"""What each operator of a float ONNX graph does, in TensorFlow.

ONNX has channels first, TensorFlow's kernels on a CPU want them last. A tensor of four axes is kept with
channels last as long as nothing asks otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def _value(given: Given) -> Value:
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
    padding, images = _padded(images, weights.shape[:2], layer.strides, layer.pads, layer.dilations)
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

    if layer.strides[0] == layer.strides[1]:
        return tf.nn.depthwise_conv2d(
            images, kernel, (1, *layer.strides, 1), padding, dilations=layer.dilations
        )
    raise Unsupported("by channel, with strides that differ")


def _padded(
    images: Any, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int], dilations: Sequence[int]
) -> tuple[str, Any]:
    """TensorFlow's name for a padding, and images padded if it has none."""
    import tensorflow as tf

    if not any(pads):
        return "VALID", images
    usual = [
        max((-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size, 0)
        for size, k, stride, dilation in zip(images.shape[1:3], kernel, strides, dilations, strict=True)
    ]
    if list(pads) == [*(x // 2 for x in usual), *(x - x // 2 for x in usual)]:
        return "SAME", images
    top, left, bottom, right = pads
    return "VALID", tf.pad(images, ((0, 0), (top, bottom), (left, right), (0, 0)))


def _alike(given: Sequence[Given]) -> tuple[bool, list[Any]]:
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


def _each(compute: Callable[..., Any]) -> Callable[[Sequence[Given], Attributes], Value]:
    """An operator that computes element by element."""

    def run(given: Sequence[Given], _: Attributes) -> Value:
        last, tensors = _alike(given)
        return Value(compute(*tensors), last)

    return run


def _clip(given: Sequence[Given], _: Attributes) -> Value:
    import tensorflow as tf

    value = _value(given[0])
    limits = [float(x) for x in given[1:] if not isinstance(x, Value) and np.size(x)]
    if len(limits) != 2:
        raise Unsupported("without constant limits")
    tensor = tf.nn.relu6(value.tensor) if limits == [0.0, 6.0] else tf.clip_by_value(value.tensor, *limits)
    return Value(tensor, value.last)


def _global_average(given: Sequence[Given], _: Attributes) -> Value:
    import tensorflow as tf

    return Value(tf.reduce_mean(channels_last(given[0]), (1, 2), keepdims=True), last=True)


def _reduce_mean(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    axes = given[1] if len(given) > 1 else attributes.get("axes")
    if axes is None or isinstance(axes, Value):
        raise Unsupported("over axes that are not constant")
    wanted = [int(axis) for axis in np.asarray(axes).ravel()]
    keep, value = bool(attributes.get("keepdims", 1)), given[0]
    if isinstance(value, Value) and value.last and sorted(axis % 4 for axis in wanted) == [2, 3]:
        return Value(tf.reduce_mean(value.tensor, (1, 2), keepdims=keep), last=keep)
    return Value(tf.reduce_mean(plain(value), wanted, keepdims=keep))


def _pool(kind: str) -> Callable[[Sequence[Given], Attributes], Value]:
    def run(given: Sequence[Given], attributes: Attributes) -> Value:
        import tensorflow as tf

        images, kernel = channels_last(given[0]), attributes["kernel_shape"]
        if len(kernel) != 2 or attributes.get("ceil_mode", 0):
            raise Unsupported("over other than two axes, or with sizes rounded up")
        strides = attributes.get("strides", (1, 1))
        pads, dilations = attributes.get("pads", (0,) * 4), attributes.get("dilations", (1, 1))
        padding, padded = _padded(images, kernel, strides, pads, dilations)
        if padded is not images and (kind == "AVG" or any(x > 1 for x in dilations)):
            raise Unsupported("with such a padding")
        if padded is not images:  # what is outside is never the largest
            top, left, bottom, right = pads
            edges = ((0, 0), (top, bottom), (left, right), (0, 0))
            padded = tf.pad(images, edges, constant_values=images.dtype.min)
        return Value(tf.nn.pool(padded, kernel, kind, strides, padding, dilations=dilations), last=True)

    return run


def _reshape(given: Sequence[Given], _: Attributes) -> Value:
    import tensorflow as tf

    if isinstance(given[1], Value):
        raise Unsupported("to a size that is not constant")
    tensor, wanted = plain(given[0]), [int(size) for size in given[1]]
    sizes = [(tensor.shape[axis] if axis else -1) if size == 0 else size for axis, size in enumerate(wanted)]
    if sizes and sizes[0] == 1:  # one image; here they are several
        sizes[0] = tf.shape(tensor)[0]
    return Value(tf.reshape(tensor, sizes))


def _squeeze(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    tensor = plain(given[0])
    axes = given[1] if len(given) > 1 else attributes.get("axes")
    if isinstance(axes, Value):
        raise Unsupported("axes that are not constant")
    rank = len(tensor.shape)
    every = [axis for axis in range(1, rank) if tensor.shape[axis] == 1]
    wanted = every if axes is None else [int(axis) % rank for axis in np.asarray(axes).ravel()]
    if 0 in wanted:
        raise Unsupported("the number of images")
    return Value(tf.squeeze(tensor, wanted))


def _unsqueeze(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    axes = given[1] if len(given) > 1 else attributes.get("axes")
    if axes is None or isinstance(axes, Value):
        raise Unsupported("axes that are not constant")
    tensor = plain(given[0])
    for axis in sorted(int(axis) for axis in np.asarray(axes).ravel()):
        tensor = tf.expand_dims(tensor, axis)
    return Value(tensor)


def _flatten(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    tensor = plain(given[0])
    if attributes.get("axis", 1) != 1:
        raise Unsupported("from another axis than the first")
    return Value(tf.reshape(tensor, (tf.shape(tensor)[0], int(np.prod(tensor.shape[1:])))))


def _transpose(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    value, order = _value(given[0]), tuple(attributes["perm"])
    if order == FIRST and not value.last:
        return Value(value.tensor, last=True)
    if order == LAST and value.last:
        return Value(value.tensor)
    return Value(tf.transpose(plain(value), order))


def _concat(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    last, tensors = _alike(given)
    axis = int(attributes["axis"])
    return Value(tf.concat(tensors, {1: 3, -3: 3, 2: 1, -2: 1, 3: 2, -1: 2}[axis] if last else axis), last)


def _pad(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    pads, fill = given[1], given[2] if len(given) > 2 else np.zeros(())
    if attributes.get("mode", b"constant") != b"constant" or len(given) > 3:
        raise Unsupported("with other than a constant")
    if isinstance(pads, Value) or isinstance(fill, Value):
        raise Unsupported("by sizes that are not constant")
    half = len(pads) // 2
    edges = [(int(pads[axis]), int(pads[axis + half])) for axis in range(half)]
    value = given[0]
    last = isinstance(value, Value) and value.last
    edges = [edges[axis] for axis in LAST] if last else edges
    tensor = channels_last(value) if last else plain(value)
    return Value(tf.pad(tensor, edges, constant_values=float(fill) if np.size(fill) else 0.0), last)


def _softmax(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    return Value(tf.nn.softmax(plain(given[0]), attributes.get("axis", -1)))


def _products(given: Sequence[Given], _: Attributes) -> Value:
    import tensorflow as tf

    return Value(tf.matmul(*map(plain, given)))


def _leaky(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    value = _value(given[0])
    return Value(tf.nn.leaky_relu(value.tensor, attributes.get("alpha", 0.01)), value.last)


def _hard_sigmoid(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    value = _value(given[0])
    slope, offset = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    return Value(tf.clip_by_value(value.tensor * slope + offset, 0.0, 1.0), value.last)


def _operators() -> dict[str, Callable[[Sequence[Given], Attributes], Value]]:
    import tensorflow as tf

    return {
        "Add": _each(tf.add),
        "Sub": _each(tf.subtract),
        "Mul": _each(tf.multiply),
        "Div": _each(tf.divide),
        "Pow": _each(tf.pow),
        "Relu": _each(tf.nn.relu),
        "Sigmoid": _each(tf.sigmoid),
        "Tanh": _each(tf.tanh),
        "Elu": _each(tf.nn.elu),
        "Erf": _each(tf.math.erf),
        "Exp": _each(tf.exp),
        "Softplus": _each(tf.nn.softplus),
        "Sqrt": _each(tf.sqrt),
        "Neg": _each(tf.negative),
        "Reciprocal": _each(tf.math.reciprocal),
        "HardSwish": _each(lambda x: x * tf.nn.relu6(x + 3.0) / 6.0),
        "HardSigmoid": _hard_sigmoid,
        "LeakyRelu": _leaky,
        "Identity": _each(tf.identity),
        "Clip": _clip,
        "GlobalAveragePool": _global_average,
        "ReduceMean": _reduce_mean,
        "MaxPool": _pool("MAX"),
        "AveragePool": _pool("AVG"),
        "Reshape": _reshape,
        "Squeeze": _squeeze,
        "Unsqueeze": _unsqueeze,
        "Flatten": _flatten,
        "Transpose": _transpose,
        "Concat": _concat,
        "Pad": _pad,
        "Softmax": _softmax,
        "MatMul": _products,
    }


def compute(kind: str, given: Sequence[Given], attributes: Attributes) -> Value:
    """Compute an operator that has no weights.

    Raises:
        Unsupported: There is none of that kind here, or it asks for what is not.
    """
    found = _operators().get(kind)
    if found is None:
        raise Unsupported("")
    return found(given, attributes)
