"""Cutting the classifier off a Keras model, and building what is left for another size of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgekit.errors import ModelError
from edgekit.words import first_line

_POOLING = ("GlobalAveragePooling2D", "GlobalMaxPooling2D")


def without_head(model: Any, path: Path) -> Any:
    """Return a model until before its last global pooling: [n, H, W, channels] → [n, h, w, channels].

    Going back from the output, one layer after the other: until the global pooling; without one, until the
    layer that flattens the features. A model that ends with features is a backbone, and is left as it is.

    Args:
        model: Of Keras 3, with one input and one output.
        path: Its file, for the error.

    Raises:
        ModelError: It has no features with height and width.
    """
    import keras

    output = model.outputs[0]
    if len(output.shape) == 4:
        return model
    flattened = None
    for operation, tensor in _backwards(output):
        if isinstance(operation, keras.Model) and len(operation.inputs) == 1:
            inner = without_head(operation, path)
            return keras.Model(model.inputs[0], inner(tensor), name=model.name)
        if type(operation).__name__ in _POOLING:
            return keras.Model(model.inputs[0], tensor, name=model.name)
        if flattened is None and len(tensor.shape) == 4 and len(operation.output.shape) != 4:
            flattened = tensor
    if flattened is None or flattened is model.inputs[0]:
        raise ModelError(
            f"{path} has no image features to train on: none of its layers keeps height and width.",
            "Start from a convolutional classifier, or its backbone.",
        )
    return keras.Model(model.inputs[0], flattened, name=model.name)


def _backwards(tensor: Any) -> Any:
    """Yield the operations that lead to a tensor, each with its input, as long as it has only one."""
    while True:
        operation, node_index, _ = tensor._keras_history
        inputs = operation._inbound_nodes[node_index].input_tensors
        if len(inputs) != 1:
            return
        tensor = inputs[0]
        yield operation, tensor


def at_resolution(base: Any, resolution: int, path: Path) -> Any:
    """Build a base again, with the same weights, for square images of another size.

    Raises:
        ModelError: It has layers that fit their own size alone.
    """
    height, width = base.input_shape[1:3]
    try:
        other = type(base).from_config(_resized(base.get_config(), resolution))
        other.set_weights(base.get_weights())
    except Exception as error:  # Keras raises whatever its layers raise
        raise ModelError(
            f"{path} takes images of {height} × {width} pixels, and cannot be built for {resolution} × "
            f"{resolution}: {first_line(error)}",
            "Leave out --resolution." if height == width else "Start from a model of square images.",
        ) from error
    return other


def _resized(config: Any, resolution: int) -> Any:
    """Return a configuration whose inputs, those of nested models too, are of another size."""
    if isinstance(config, (list, tuple)):
        return type(config)(_resized(item, resolution) for item in config)
    if not isinstance(config, dict):
        return config
    changed = {key: _resized(value, resolution) for key, value in config.items() if key != "build_config"}
    shape = changed.get("batch_shape")
    if isinstance(shape, (list, tuple)) and len(shape) == 4:
        changed["batch_shape"] = (shape[0], resolution, resolution, shape[3])
    return changed
