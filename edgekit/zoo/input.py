"""How a model takes images: their size, their channels, and which axis those are on."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.artefact import DEPTHS, USUAL_CHANNELS, Channels, Layout
from edgekit.errors import ModelError, UsageError
from edgekit.words import first_line

Size = int | tuple[int, int]  # pixels: of both sides, or (height, width)


@dataclass(frozen=True)
class ImageInput:
    """A model's only input."""

    height: int | None  # pixels; None: any
    width: int | None
    channels: Channels
    layout: Layout


def size_of(size: Size) -> tuple[int, int]:
    """Return (height, width)."""
    return (size, size) if isinstance(size, int) else size


def shown(size: Size) -> str:
    """Write a size as people type it: `96`, or `64x96`."""
    height, width = size_of(size)
    return str(height) if height == width else f"{height}x{width}"


def image_input(model: Any, path: Path) -> ImageInput:
    """Say how a Keras model takes images; a last axis of 1, 3 or 4 is taken for the channels.

    Raises:
        ModelError: It takes something else than images.
    """
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, (dict, list)) and len(shape) > 1:
        raise ModelError(
            f"{path} has {len(shape)} inputs; edgekit converts models of one.",
            f"TensorFlow makes a file that `edgekit bench` measures: {_with_tensorflow(model, path)}",
        )
    if isinstance(shape, tuple) and len(shape) == 4:
        for layout, axis in (("NHWC", 3), ("NCHW", 1)):
            if shape[axis] in USUAL_CHANNELS:
                height, width = shape[1:3] if layout == "NHWC" else shape[2:]
                return ImageInput(height, width, USUAL_CHANNELS[shape[axis]], layout)  # type: ignore[arg-type]
    raise ModelError(
        f"{path} takes {shape}, not images of 1, 3 or 4 channels: [n, height, width, channels] or "
        "[n, channels, height, width].",
        "edgekit converts image classifiers only. TensorFlow makes a file that `edgekit bench` measures: "
        + _with_tensorflow(model, path),
    )


def _with_tensorflow(model: Any, path: Path) -> str:
    """A command that converts a Keras model of any inputs to float32 TFLite, and measures that."""
    target = path.with_suffix(".tflite").name
    if path.is_dir():
        loading, made = "", "from_saved_model(sys.argv[1])"
    else:
        keras = keras_of(model).__name__
        loading = f"import {keras}; model = {keras}.models.load_model(sys.argv[1], compile=False); "
        made = "from_keras_model(model)"
    code = (
        f"import pathlib, sys, tensorflow as tf; {loading}"
        f"file = tf.lite.TFLiteConverter.{made}.convert(); "
        "pathlib.Path(sys.argv[2]).write_bytes(file)"
    )
    return f'python -c "{code}" {shlex.join((str(path), target))} && edgekit bench {shlex.quote(target)}'


def with_fixed_size(model: Any, size: Size | None, path: Path) -> Any:
    """Give a model that takes images of any size the one asked for.

    Raises:
        ModelError: Its layers cannot work at that size, or no size was asked for.
        UsageError: It has another size of its own.
    """
    own = image_input(model, path)
    found = (own.height, own.width)
    if None not in found:
        if size is not None and size_of(size) != found:
            raise UsageError(
                f"{path} has resolution {shown(found)}, not {shown(size)}.",  # type: ignore[arg-type]
                "Leave out --resolution.",
            )
        return model
    if size is None:
        raise ModelError(
            f"{path} takes images of any size: {model.input_shape}.",
            "Choose one with --resolution 224, or --resolution 192x256 for height and width.",
        )
    height, width = size_of(size)
    if any(asked not in (None, given) for asked, given in zip(found, (height, width), strict=True)):
        raise UsageError(f"{path} takes images of {found}, not {shown(size)}.", "Change --resolution.")
    depth = DEPTHS[own.channels]
    shape = (height, width, depth) if own.layout == "NHWC" else (depth, height, width)
    keras = keras_of(model)
    try:
        image = keras.Input(shape, dtype="float32")
        return keras.Model(image, model(image), name=model.name)
    except Exception as error:  # Keras raises whatever its layers raise
        raise ModelError(
            f"{path} cannot take images of {height} × {width} pixels: {first_line(error)}",
            "Choose another --resolution.",
        ) from error


def keras_of(model: Any) -> Any:
    """Return the Keras that a model is of: version 3, or 2 as `tf_keras`."""
    import sys

    import keras

    legacy = sys.modules.get("tf_keras")  # a model of it has loaded it
    return legacy if legacy is not None and isinstance(model, legacy.Model) else keras
