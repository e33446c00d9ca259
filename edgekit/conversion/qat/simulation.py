"""A folded float graph in TensorFlow that computes as its int8 files will: what is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgekit.conversion.onnx_network import OnnxNetwork
from edgekit.conversion.onnx_reading import attributes
from edgekit.conversion.qat.operators import compute
from edgekit.conversion.qat.places import Places, nudged
from edgekit.conversion.qat.tensors import Given, Unsupported, Value, convolution, plain
from edgekit.conversion.ranges import Ranges
from edgekit.errors import ModelError
from edgekit.quantization.network import Float, Layer

_FASTER = 10.0  # times as fast as weights are ranges trained: they are few, and may be far off
_ANY = (-np.inf, np.inf)


@dataclass
class _Trained:
    """A layer's weights and bias, each in units of its channel's size: one learning rate suits all of them.

    Channels may differ a thousandfold in size once batch norms are folded.
    """

    layer: Layer
    unit: Float  # [outputs], of the weights: the largest of each
    bias_unit: Float  # [outputs]
    weights: Any  # Keras variable, [height, width, inputs, outputs] or [inputs, outputs]
    bias: Any | None

    def now(self) -> Layer:
        """The layer with the weights that were trained so far."""
        values = np.asarray(self.weights) * self.unit
        values = values.transpose(3, 2, 0, 1) if values.ndim == 4 else values.T
        layer = replace(self.layer, weights=np.ascontiguousarray(values, dtype=np.float32))
        if self.bias is None:
            return layer
        return layer.with_bias((np.asarray(self.bias) * self.bias_unit).astype(np.float32))


class Simulation:
    """The graph with weights and ranges that can be trained.

    Weights are rounded per output channel so that the largest is the largest integer, biases are not, and
    activations are rounded to 255 steps of one range per tensor. The gradient passes rounding as if it were
    not there (Bengio et al. 2013); ranges learn by what they cut off and by the rounding error (Esser et al.
    2020, equation 3).

    Args:
        source: The float file.
        places: What is rounded.
        layers: What to start from.
        rounding: Ranges to start from, where a tensor that has none is not rounded; the size of each output
            channel of each layer, [channels], by layer; and the largest integer of a weight.
    """

    def __init__(
        self,
        source: OnnxNetwork,
        places: Places,
        layers: Sequence[Layer],
        rounding: tuple[Ranges, Mapping[str, Float], int],
    ) -> None:
        import keras

        self._source, self._places = source, places
        ranges, units, self._levels = rounding
        self._trained = {layer.name: _variables(layer, units[layer.name]) for layer in layers}
        trainable = places.rounded - places.fixed.keys()
        known = {name: self._cut(name, ranges[name]) for name in sorted(trainable) if name in ranges}
        self._starts = {name: limits for name, limits in known.items() if _wide(limits)}
        # how much wider each end is than at the start, as logarithms: zero stays within, and the end's sign
        self._wider = {
            name: keras.Variable(np.zeros(2, np.float32), name=f"range_{i}")
            for i, name in enumerate(self._starts)
        }

    @property
    def variables(self) -> list[Any]:
        """Everything that is trained."""
        weights = [x for t in self._trained.values() for x in (t.weights, t.bias) if x is not None]
        return [*weights, *self._wider.values()]

    def layers(self) -> tuple[Layer, ...]:
        """The layers as they were trained so far."""
        return tuple(trained.now() for trained in self._trained.values())

    def ranges(self) -> dict[str, tuple[float, float]]:
        """The range of every tensor that is rounded, as they were trained so far."""
        return dict(self._places.fixed) | {
            name: nudged(*(float(x) for x in self._ends(name))) for name in self._starts
        }

    def __call__(self, images: Any, *, rounded: bool = True) -> list[Any]:
        """Compute the scores before a softmax or sigmoid at the end, and other outputs, [n, …] each.

        Args:
            images: [n, *input_shape].
            rounded: Whether as int8 files do, or as the float file does.

        Raises:
            ModelError: An operator cannot be computed here; named with its layer.
        """
        known: dict[str, Given] = {
            self._source.input: self._rounded(self._source.input, Value(images), rounded)
        }
        for node in self._source.nodes:
            name = node.output[0]
            value = self._node(node, known, rounded)
            known[name] = value if name in self._source.images else self._rounded(name, value, rounded)
            if all(end in known for end in self._places.squashed):
                break
        return [plain(known[name]) for name in self._places.squashed]

    def _node(self, node: Any, known: Mapping[str, Given], rounded: bool) -> Value:
        given = [known[x] if x in known else self._constant(x) for x in node.input]
        try:
            if node.output[0] in self._trained:
                return self._layer(self._trained[node.output[0]], given[0], rounded)
            if node.op_type == "Conv":
                raise Unsupported("with weights that another layer shares")
            return compute(node.op_type, given, attributes(node))
        except Unsupported as error:
            raise ModelError(
                f"The model cannot be trained for 8 bits: nothing here trains through {node.op_type} "
                f"{error}".rstrip()
                + f", in the layer {_layer_name(node.name)}.",
                "Leave out --qat, which quantizes it without training.",
            ) from error

    def _layer(self, trained: _Trained, value: Given, rounded: bool) -> Value:
        import tensorflow as tf

        weights = trained.weights.value
        if rounded:
            weights = self._on_grid(weights)
        weights = weights * tf.constant(trained.unit, tf.float32)
        if weights.shape.rank == 4:
            result = convolution(value, weights, trained.layer)
        else:
            result = Value(tf.matmul(plain(value), weights))
        if trained.bias is None:
            return result
        return Value(
            result.tensor + trained.bias.value * tf.constant(trained.bias_unit, tf.float32), result.last
        )

    def _on_grid(self, weights: Any) -> Any:
        """Weights as rounded per output, the last axis; the gradient is that of the weights themselves."""
        import tensorflow as tf

        axes = tuple(range(weights.shape.rank - 1))
        steps = tf.maximum(tf.reduce_max(tf.abs(weights), axes, keepdims=True), 1e-30) / self._levels
        return weights + tf.stop_gradient(tf.round(weights / steps) * steps - weights)

    def _ends(self, name: str) -> Any:
        import tensorflow as tf

        start = tf.constant(self._starts[name], tf.float32)
        ends = start * tf.exp(_FASTER * self._wider[name].value)
        return ends + tf.stop_gradient(tf.clip_by_value(ends, *self._places.cut.get(name, _ANY)) - ends)

    def _cut(self, name: str, limits: tuple[float, float]) -> tuple[float, float]:
        low, high = self._places.cut.get(name, _ANY)
        return max(limits[0], low), min(limits[1], high)

    def _rounded(self, name: str, value: Value, rounded: bool) -> Value:
        import tensorflow as tf

        if not rounded or name not in self._places.rounded:
            return value
        if name in self._places.fixed:
            low, high = (tf.constant(end, tf.float32) for end in self._places.fixed[name])
        elif name in self._starts:
            ends = self._ends(name)
            low, high = ends[0], ends[1]
        else:
            return value  # it is always zero
        return Value(_to_steps()(value.tensor, low, high), value.last)

    def _constant(self, name: str) -> Float:
        return self._source.constants.get(name, np.zeros(0, np.float32))


def _variables(layer: Layer, bias_unit: Float) -> _Trained:
    import keras

    unit = np.abs(layer.rows).max(axis=1)
    unit = np.where(unit > 0, unit, 1.0).astype(np.float32)
    values = layer.weights / unit.reshape(-1, *(1,) * (layer.weights.ndim - 1))
    if values.ndim not in (2, 4):
        values = values.reshape(len(values), -1)
    stored = values.transpose(2, 3, 1, 0) if values.ndim == 4 else values.T
    weights = keras.Variable(np.ascontiguousarray(stored, dtype=np.float32), name="weights")
    bias = None
    if layer.bias is not None:
        bias = keras.Variable((layer.bias / bias_unit).astype(np.float32), name="bias")
    return _Trained(layer, unit, bias_unit.astype(np.float32), weights, bias)


def _wide(limits: tuple[float, float]) -> bool:
    return max(limits[1], 0.0) - min(limits[0], 0.0) > 0


def _layer_name(node: str) -> str:
    """The layer that an ONNX node is of: TensorFlow's names are paths, with the model's own first."""
    return node.strip("/").partition("/")[2] or node or "without a name"


def _to_steps() -> Any:
    """Rounding to 255 steps between two ends, with gradients for all three."""
    import tensorflow as tf

    def run(values: Any, low: Any, high: Any) -> Any:
        found = tf.quantization.fake_quant_with_min_max_vars(values, low, high)

        def gradient(up: Any) -> Any:
            within, below, above = tf.raw_ops.FakeQuantWithMinMaxVarsGradient(
                gradients=up, inputs=values, min=low, max=high
            )
            error = tf.reduce_sum(within * (found - values)) / (high - low)
            return within, below - error, above + error

        return found, gradient

    return tf.custom_gradient(run)
