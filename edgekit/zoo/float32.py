"""Models as edgekit converts them: computing in float32, of any number of images, with finite weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import ModelError
from edgekit.quiet import import_tensorflow
from edgekit.words import first_line, listed, plural

_POLICIES = ("DTypePolicy", "FloatDTypePolicy", "Policy")  # how Keras 3 and 2 write one
_FLOATS = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64", "float32")


def check_finite(model: Any, path: Path) -> None:
    """Look for NaN and infinity among a model's weights.

    Raises:
        ModelError: There are some; the layer is named.
    """
    for layer in leaves(model):
        for weight in layer.weights:
            values = np.asarray(weight)
            if values.dtype.kind not in "fV" or (finite := np.isfinite(values.astype(np.float32))).all():
                continue
            bad = values.astype(np.float32)[~finite]
            what = "NaN" if np.isnan(bad).any() else "infinity"
            part = weight.name.split("/")[-1].split(":")[0]
            raise ModelError(
                f"{path} holds {what} in the layer {layer.name!r}: {len(bad):,} of the "
                f"{plural(values.size, 'number')} of its {part}.",
                "Its training diverged. Convert a copy saved before that, `edgekit convert EARLIER.keras`, "
                "or train again with a lower learning rate.",
            )


def leaves(model: Any) -> Iterator[Any]:
    """Yield a model's layers, those of nested models in the nested model's place."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer)
        else:
            yield layer


def types_of(model: Any) -> set[str]:
    """Name the types that a model takes its images in and computes in."""
    computed = {str(layer.compute_dtype) for layer in leaves(model) if layer.compute_dtype}
    return {dtype_of(model.inputs[0]), *computed}


def as_float32(model: Any, path: Path) -> tuple[Any, str]:
    """Build a model again where it computes in another type, or takes a fixed number of images.

    Returns:
        The model, and what was changed as a sentence; empty: nothing.

    Raises:
        ModelError: It cannot be built again.
    """
    others = sorted(types_of(model) - {"float32"})
    fixed = model.inputs[0].shape[0] not in (None, 1)
    if any(type(layer).__name__ == "TFSMLayer" for layer in model.layers):
        return _taking_floats(model) if others else (model, "")
    if not (others or fixed):
        return model, ""
    changes = [
        *([f"works in float32 instead of {listed(others)}"] if others else []),
        *([f"takes any number of images instead of {model.inputs[0].shape[0]}"] if fixed else []),
    ]
    return computing_in("float32", model, path), f"The model {listed(changes)}; its weights are the same."


def _taking_floats(model: Any) -> tuple[Any, str]:
    """Give the graph of a SavedModel an input of float32; `frozen` makes float32 what is inside."""
    import keras

    image = keras.Input(batch_shape=model.inputs[0].shape)
    other = keras.Model(image, model(keras.ops.cast(image, dtype_of(model.inputs[0]))), name=model.name)
    return other, "The model takes float32 images instead of uint8; its weights are the same."


def computing_in(policy: str, model: Any, path: Path) -> Any:
    """Build a model again, with the same weights, that takes and computes in one type of float.

    Raises:
        ModelError: It cannot be built again.
    """
    import_tensorflow()
    try:
        other = type(model).from_config(_retyped(model.get_config(), policy))
        other.set_weights(model.get_weights())
    except Exception as error:  # Keras raises whatever its layers raise
        raise ModelError(
            f"{path} cannot be made to compute in {policy}: {first_line(error)}",
            "Load its weights into the same model, built under the policy float32, and save that.",
        ) from error
    return other


def _retyped(config: Any, policy: str, *, image: bool = False) -> Any:
    """Return a configuration with every type of float replaced, and with a free batch size."""
    if isinstance(config, (list, tuple)):
        return type(config)(_retyped(item, policy, image=image) for item in config)
    if not isinstance(config, dict):
        return config
    if config.get("class_name") in _POLICIES:
        return policy if config.get("config", {}).get("name") in _FLOATS else config
    image = image or config.get("class_name") == "InputLayer"
    changed: dict[str, Any] = {}
    for key, value in config.items():
        if key == "dtype" and (image or value in _FLOATS):
            changed[key] = policy
        elif key in ("batch_shape", "batch_input_shape") and isinstance(value, (list, tuple)) and value:
            changed[key] = (None, *value[1:])
        else:
            changed[key] = _retyped(value, policy, image=image)
    return changed


def dtype_of(tensor: Any) -> str:
    """Return the name of a Keras tensor's type; Keras 3 has the name itself, Keras 2 TensorFlow's type."""
    return str(getattr(tensor.dtype, "name", tensor.dtype))
