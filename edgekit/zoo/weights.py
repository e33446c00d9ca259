"""Weights from elsewhere: Keras' ImageNet files, weights files, other models."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgekit.errors import ModelError, UnavailableError, UsageError
from edgekit.progress import SILENT, Progress
from edgekit.words import first_line
from edgekit.zoo.load import WEIGHTS_SUFFIX, check_exists, load_model
from edgekit.zoo.quiet import import_tensorflow
from edgekit.zoo.safety import NOT_WHOLE
from edgekit.zoo.spec import ModelSpec

IMAGENET = "imagenet"
IMAGENET_CLASSES = 1000
IMAGENET_ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}  # as Keras' file names write them
IMAGENET_RESOLUTIONS = (128, 160, 192, 224)
_BASE = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
_HEADLESS = "_no_top.h5"  # Keras' name for files without the classifier
_PATIENCE = 30.0  # seconds without an answer before the network counts as absent


def check_imagenet(spec: ModelSpec) -> None:
    """Raise a UsageError unless Keras has ImageNet weights for exactly this model."""
    for what, value, there_are in (
        ("alpha", spec.alpha, tuple(IMAGENET_ALPHAS)),
        ("resolution", spec.resolution, IMAGENET_RESOLUTIONS),
        ("classes", spec.classes, (IMAGENET_CLASSES,)),
    ):
        if value not in there_are:
            raise UsageError(
                f"There are no ImageNet weights for {what} {value}.",
                f"They exist for alpha {_list(IMAGENET_ALPHAS)}, resolution {_list(IMAGENET_RESOLUTIONS)} "
                f"and {IMAGENET_CLASSES} classes; `edgekit train` fine-tunes them to your own classes.",
            )


def imagenet_file(
    alpha: float, resolution: int, *, classifier: bool = True, progress: Progress = SILENT
) -> Path:
    """Return Keras' ImageNet weights file from Keras' cache, downloaded if it is not there.

    Raises:
        UsageError: There are no such weights.
        UnavailableError: Not in the cache and not to be had from the network.
    """
    check_imagenet(ModelSpec("mobilenet_v1", alpha, resolution, IMAGENET_CLASSES))
    end = ".h5" if classifier else _HEADLESS
    name = f"mobilenet_{IMAGENET_ALPHAS[alpha]}_{resolution}_tf{end}"
    return _fetch(name, _BASE + name, progress)


def load_weights(model: Any, path: Path) -> None:
    """Give a model the weights of a weights file, or of a whole model file, that fit it exactly.

    Raises:
        ModelError: The file cannot be read, or holds the weights of another model.
    """
    check_exists(path)
    if is_weights_only(path):
        try:
            model.load_weights(path)
        except Exception as error:  # h5py and Keras raise many kinds
            raise ModelError(
                f"The weights in {path} are not of {_describe(model)}: {first_line(error)}",
                "Check --alpha, --resolution and --classes.",
            ) from error
        return
    source = load_model(path)
    mine, theirs = ([w.shape for w in m.weights] for m in (model, source))
    if mine != theirs:
        raise ModelError(
            f"The model in {path} has other weights ({source.count_params():,} parameters) than "
            f"{_describe(model)} ({model.count_params():,}).",
            "Check --alpha and --classes.",
        )
    model.set_weights(source.get_weights())


def starting_file(spec: ModelSpec, weights: str, progress: Progress = SILENT) -> Path:
    """Return the file to start a training from.

    Args:
        spec: Of the model to train.
        weights: `imagenet`, or the path of a model or weights file.

    Raises:
        UsageError: There are no ImageNet weights of that width.
        ModelError: There is no such file.
        UnavailableError: ImageNet weights that are not at hand.
    """
    if weights == IMAGENET:
        # convolutions fit any input; those trained nearest to its size serve it best
        nearest = min(IMAGENET_RESOLUTIONS, key=lambda r: (abs(r - spec.resolution), -r))
        return imagenet_file(spec.alpha, nearest, classifier=False, progress=progress)
    check_exists(Path(weights))
    return Path(weights)


def start_from(model: Any, spec: ModelSpec, path: Path) -> None:
    """Give a new model the weights of a trained one, except its classifier where that does not fit.

    Args:
        model: As `build` returned it.
        spec: Of that model.
        path: A model file, a weights file of the same model, or Keras' ImageNet file without classifier.

    Raises:
        ModelError: The file cannot be read, or holds another family or width.
    """
    if path.name.endswith(_HEADLESS):
        headless = _headless(spec)
        load_weights(headless, path)
        _copy_layers(headless, model, path)
    elif is_weights_only(path):
        load_weights(model, path)
    else:
        _copy_layers(load_model(path), model, path)


def _copy_layers(source: Any, model: Any, path: Path) -> None:
    """Copy weights by layer name; only the classifier may differ."""
    theirs = {layer.name: layer for layer in source.layers}
    for layer in (layer for layer in model.layers if layer.weights):
        other = theirs.get(layer.name)
        fits = other is not None and [w.shape for w in other.weights] == [w.shape for w in layer.weights]
        if fits and other is not None:
            layer.set_weights(other.get_weights())
        elif layer.name != "conv_preds":
            raise ModelError(
                f"The model in {path} does not fit {_describe(model)}: layer {layer.name} differs.",
                "Fine-tune from a model of the same family and alpha.",
            )


def _headless(spec: ModelSpec) -> Any:
    import_tensorflow()
    import keras

    shape = (spec.resolution, spec.resolution, 3)
    return keras.applications.MobileNet(input_shape=shape, alpha=spec.alpha, weights=None, include_top=False)


def is_weights_only(path: Path) -> bool:
    """Whether a file holds weights without a model.

    Raises:
        ModelError: It cannot be told, as the file is damaged.
    """
    if path.name.endswith(WEIGHTS_SUFFIX):
        return True
    if path.suffix.lower() not in (".h5", ".hdf5"):
        return False
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            return "model_config" not in file.attrs
    except OSError as error:
        raise ModelError(f"{path} is not a whole HDF5 file: {error}.", NOT_WHOLE) from error


def _describe(model: Any) -> str:
    return f"a MobileNet with input {model.input_shape[1:]} and output {model.output_shape[1:]}"


def _fetch(name: str, url: str, progress: Progress) -> Path:
    """Return a file of Keras' cache, downloaded by Keras if it is not there."""
    import_tensorflow()
    import keras

    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    cached = home / "models" / name
    if cached.is_file():
        return cached
    progress.step(f"Downloading {name}")
    try:
        with _quiet_keras():
            return Path(keras.utils.get_file(name, url, cache_subdir="models"))
    except Exception as error:  # Keras raises bare Exception for network errors
        raise UnavailableError(
            f"{name} is not in Keras' cache and cannot be downloaded: {first_line(error)}",
            f"Connect to the network, or download {url} elsewhere and put it at {cached}.",
        ) from error


@contextmanager
def _quiet_keras() -> Iterator[None]:
    """Keep Keras' own progress bar off standard output; do not wait for a dead network."""
    import keras

    interactive, timeout = keras.config.is_interactive_logging_enabled(), socket.getdefaulttimeout()
    keras.config.disable_interactive_logging()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(timeout)
        if interactive:
            keras.config.enable_interactive_logging()


def _list(values: Any) -> str:
    *head, last = (str(v) for v in values)
    return f"{', '.join(head)} and {last}"
