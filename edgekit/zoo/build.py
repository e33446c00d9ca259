"""Building a model of a family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgekit.errors import UsageError
from edgekit.quiet import import_tensorflow
from edgekit.zoo.spec import ModelSpec


def build(spec: ModelSpec, *, momentum: float = 0.99, weights: Path | None = None) -> Any:
    """Build a Keras model: float32 [n, resolution, resolution, 3], scaled as its family wants → [n, classes].

    Args:
        spec: What to build.
        momentum: For every batch normalization. Keras' .99 needs thousands of steps to settle; on a
            small dataset use .9.
        weights: A weights file of exactly this model, or a whole model file whose weights fit it;
            None leaves the weights random. See also `edgekit.zoo.weights`.

    Raises:
        UsageError: The momentum is not within (0, 1).
        ModelError: The file cannot be read, or holds the weights of another model.
    """
    if not 0 < momentum < 1:
        raise UsageError(f"momentum must be between 0 and 1, received {momentum}.", "Keras' own is 0.99.")
    import_tensorflow()
    import keras

    model = spec.record.build(alpha=spec.alpha, resolution=spec.resolution, classes=spec.classes)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = momentum
    if weights is not None:
        from edgekit.zoo.weights import load_weights

        load_weights(model, weights)
    return model
