"""What each operator of a float ONNX graph does, in TensorFlow: to add one, add a function to OPERATORS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgekit.conversion.qat.tensors import (
    FIRST,
    LAST,
    Attributes,
    Given,
    Unsupported,
    Value,
    alike,
    channels_last,
    given_value,
    padded_by,
    plain,
)


def _each(compute: Callable[..., Any]) -> Callable[[Sequence[Given], Attributes], Value]:
    """An operator that computes element by element, given TensorFlow and the tensors."""

    def run(given: Sequence[Given], _: Attributes) -> Value:
        import tensorflow as tf

        last, tensors = alike(given)
        return Value(compute(tf, *tensors), last)

    return run


def _clip(given: Sequence[Given], _: Attributes) -> Value:
    import tensorflow as tf

    value = given_value(given[0])
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
        padding, padded = padded_by(images, kernel, strides, pads, dilations)
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

    value, order = given_value(given[0]), tuple(attributes["perm"])
    if order == FIRST and not value.last:
        return Value(value.tensor, last=True)
    if order == LAST and value.last:
        return Value(value.tensor)
    return Value(tf.transpose(plain(value), order))


def _concat(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    last, tensors = alike(given)
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

    value = given_value(given[0])
    return Value(tf.nn.leaky_relu(value.tensor, attributes.get("alpha", 0.01)), value.last)


def _hard_sigmoid(given: Sequence[Given], attributes: Attributes) -> Value:
    import tensorflow as tf

    value = given_value(given[0])
    slope, offset = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    return Value(tf.clip_by_value(value.tensor * slope + offset, 0.0, 1.0), value.last)


OPERATORS: dict[str, Callable[[Sequence[Given], Attributes], Value]] = {
    "Add": _each(lambda _, a, b: a + b),
    "Sub": _each(lambda _, a, b: a - b),
    "Mul": _each(lambda _, a, b: a * b),
    "Div": _each(lambda _, a, b: a / b),
    "Pow": _each(lambda _, a, b: a**b),
    "Neg": _each(lambda _, x: -x),
    "Identity": _each(lambda _, x: x),
    "Relu": _each(lambda tf, x: tf.nn.relu(x)),
    "Sigmoid": _each(lambda tf, x: tf.sigmoid(x)),
    "Tanh": _each(lambda tf, x: tf.tanh(x)),
    "Elu": _each(lambda tf, x: tf.nn.elu(x)),
    "Erf": _each(lambda tf, x: tf.math.erf(x)),
    "Exp": _each(lambda tf, x: tf.exp(x)),
    "Softplus": _each(lambda tf, x: tf.nn.softplus(x)),
    "Sqrt": _each(lambda tf, x: tf.sqrt(x)),
    "Reciprocal": _each(lambda tf, x: tf.math.reciprocal(x)),
    "HardSwish": _each(lambda tf, x: x * tf.nn.relu6(x + 3.0) / 6.0),
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky,
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
    found = OPERATORS.get(kind)
    if found is None:
        raise Unsupported("")
    return found(given, attributes)
