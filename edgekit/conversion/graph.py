"""A Keras model as one frozen inference graph, from which every format is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgekit.conversion.noise import converter
from edgekit.data.dataset import Float32
from edgekit.errors import ModelError
from edgekit.quiet import import_tensorflow
from edgekit.words import listed
from edgekit.zoo.float32 import types_of
from edgekit.zoo.frozen import frozen, runs_as_it_is
from edgekit.zoo.source import LoadedModel

_INPUT = "input"
# what stands between a model's last operation and its output, and changes no value
_PASSIVE = ("Identity", "Reshape", "Squeeze", "ExpandDims", "Cast", "StopGradient")


@dataclass(frozen=True)
class FloatGraph:
    """The model for one image; its variables are constants, its training-only parts are gone."""

    function: Any  # concrete TensorFlow function: float32 [1, *input_shape] → [1, …], or several
    input: str  # tensor name in the graph
    outputs: tuple[str, ...]  # likewise, in the model's order
    names: tuple[str, ...] = ("output",)  # what the outputs are called in files

    @property
    def graph_def(self) -> Any:
        """The graph as TensorFlow's protocol buffer."""
        return self.function.graph.as_graph_def()

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The outputs' shapes, the batch's size first."""
        return tuple(tuple(output.shape) for output in self.function.outputs)

    @property
    def last_operation(self) -> str:
        """The type of the last operation that changes values, before the first output.

        It is `Sigmoid` also for a hard one, which is a ReLU6 of x + 3, divided by 6 (Keras' `hard_sigmoid`).
        """
        operation = self.function.outputs[0].op
        while operation.type in _PASSIVE:
            operation = operation.inputs[0].op
        if operation.type in ("Mul", "RealDiv") and any(x.op.type == "Relu6" for x in operation.inputs):
            return "Sigmoid"
        return str(operation.type)


def freeze(loaded: LoadedModel) -> FloatGraph:
    """Trace a model for one image and turn its variables into constants.

    Raises:
        ModelError: It computes in another type than float32, or cannot be traced.
    """
    tf = import_tensorflow()
    model, contract = loaded.model, loaded.preprocessing
    _check_types(model)
    image = tf.TensorSpec((1, *contract.input_shape), tf.float32, name=_INPUT)
    with converter("an inference graph"):
        function = frozen(model, image)
    (source,), results = function.inputs, tuple(output.name for output in function.outputs)
    return FloatGraph(function, source.name, results, _names(model, len(results)))


def _names(model: Any, count: int) -> tuple[str, ...]:
    """What the outputs are called in files: `output`; of several, the model's own names if they will do."""
    if count == 1:
        return ("output",)
    own = tuple(getattr(model, "output_names", ()))
    usable = len(set(own)) == count and _INPUT not in own and all(name.isidentifier() for name in own)
    return own if usable else tuple(f"output_{i}" for i in range(count))


def keras_outputs(loaded: LoadedModel) -> Callable[[Float32], tuple[Float32, ...]]:
    """Return the Keras model as a function, float32 [n, *input_shape] → its outputs [n, …]: the reference."""
    tf = import_tensorflow()
    model, contract = loaded.model, loaded.preprocessing
    batch = tf.TensorSpec((None, *contract.input_shape), tf.float32)
    if runs_as_it_is(model):
        traced = tf.function(lambda x: model(x, training=False), input_signature=[batch], autograph=False)
    else:
        traced = frozen(model, batch)

    def outputs(images: Float32) -> tuple[Float32, ...]:
        found = traced(tf.constant(images))  # a frozen function takes no arrays
        return tuple(np.asarray(x, dtype=np.float32) for x in tf.nest.flatten(found))

    return outputs


def _check_types(model: Any) -> None:
    if other := sorted(types_of(model) - {"float32"}):
        raise ModelError(
            f"The model computes in {listed(other)}; edgekit converts float32 models.",
            "Load its weights into the same model built under the policy float32 and save that.",
        )
