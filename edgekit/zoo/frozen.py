"""A Keras model as a graph without variables."""

from __future__ import annotations

from typing import Any

from edgekit.quiet import import_tensorflow


def frozen(model: Any, *inputs: Any) -> Any:
    """Trace a model for inference; return a concrete function whose variables are constants.

    Functions that Keras compiles for some layers, and those of a SavedModel, are inlined: ONNX has no word
    for a call, and work is counted operation by operation.

    Args:
        model: Keras model.
        inputs: A TensorSpec for each of its inputs.
    """
    tf = import_tensorflow()
    # TensorFlow has no public name for this function; its own converters use it too
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def run(*images: Any) -> Any:
        return model(images[0] if len(images) == 1 else list(images), training=False)

    eagerly = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        traced = tf.function(run, autograph=False).get_concrete_function(*inputs)
        return convert_variables_to_constants_v2(traced)
    finally:
        tf.config.run_functions_eagerly(eagerly)
