"""Weights from elsewhere: Keras' ImageNet files, weights files, other models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from edgekit.errors import ModelError, UnavailableError, UsageError
from edgekit.lookup import keras_home
from edgekit.progress import SILENT, Progress
from edgekit.quiet import import_tensorflow, quiet_download
from edgekit.words import first_line, listed
from edgekit.zoo.families import FAMILIES, IMAGENET_CLASSES, ImageNet
from edgekit.zoo.load import WEIGHTS_SUFFIX, check_exists, load_model
from edgekit.zoo.safety import NOT_WHOLE
from edgekit.zoo.spec import ModelSpec

IMAGENET = "imagenet"


def imagenet_file(spec: ModelSpec, *, classifier: bool = True, progress: Progress = SILENT) -> Path:
    """Return Keras' ImageNet weights file for a model from Keras' cache, downloaded if it is not there.

    Raises:
        UsageError: There are no ImageNet weights for exactly this model.
        UnavailableError: Not in the cache, and the network does not provide it.
    """
    known = _imagenet(spec)
    for what, value, there_are in (
        ("alpha", spec.alpha, known.alphas),
        ("resolution", spec.resolution, known.resolutions),
        ("classes", spec.classes, (IMAGENET_CLASSES,)),
    ):
        if value not in there_are:
            raise UsageError(
                f"There are no ImageNet weights of {spec.family} for {what} {value}.", _existing(spec, known)
            )
    ending = known.whole if classifier else known.headless
    if ending is None:
        raise UsageError(
            f"The ImageNet weights of {spec.family} come only {'without' if classifier else 'with'} a "
            "classifier.",
            "Fine-tune them with `edgekit train`." if classifier else "Leave out --weights.",
        )
    name = known.file(spec.alpha, spec.resolution) + ending
    return _fetch(name, known.address + name, known.hashes.get(name), progress)


def _existing(spec: ModelSpec, known: ImageNet) -> str:
    """Say what there is, and how the nearest is fine-tuned to classes of one's own."""
    widths, option = "", ""
    if spec.alpha is not None:
        alphas = [alpha for alpha in known.alphas if alpha is not None]
        widths = f"alpha {listed(alphas)}, "
        option = f" --alpha {min(alphas, key=lambda alpha: abs(alpha - (spec.alpha or 0)))}"
    return (
        f"They exist for {widths}resolution {listed(known.resolutions)} and {IMAGENET_CLASSES} classes. "
        f"To train on your own classes: edgekit train {spec.family}{option} --weights imagenet"
    )


def _imagenet(spec: ModelSpec) -> ImageNet:
    if (known := spec.record.imagenet) is None:
        having = [family.name for family in FAMILIES.values() if family.imagenet]
        raise UsageError(
            f"There are no ImageNet weights for {spec.family}.",
            f"Leave out --weights, or choose a family that has some: {', '.join(having)}.",
        )
    return known


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


def imagenet_base(spec: ModelSpec, progress: Progress = SILENT) -> Path:
    """Return the file of ImageNet weights without classifier that a training starts from.

    Raises:
        UsageError: There are none of that width.
        UnavailableError: They are neither cached nor can be downloaded.
    """
    # convolutions fit any input; those trained nearest to its size serve it best
    nearest = min(_imagenet(spec).resolutions, key=lambda r: (abs(r - spec.resolution), -r))
    theirs = replace(spec, resolution=nearest, classes=IMAGENET_CLASSES)
    return imagenet_file(theirs, classifier=False, progress=progress)


def is_weights_only(path: Path) -> bool:
    """Whether a file holds weights without a model.

    Raises:
        ModelError: The file is damaged.
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
    return f"a model with input {model.input_shape[1:]} and output {model.output_shape[1:]}"


def _fetch(name: str, url: str, digest: str | None, progress: Progress) -> Path:
    """Return a file of Keras' cache, downloaded by Keras if it is not there or has another hash."""
    import_tensorflow()
    import keras

    cached = keras_home() / "models" / name
    if cached.is_file() and digest is None:
        return cached
    progress.step(f"Downloading {name}")
    try:
        with quiet_download():
            return Path(keras.utils.get_file(name, url, cache_subdir="models", file_hash=digest))
    except Exception as error:  # Keras raises bare Exception for network errors
        where = "has another hash in Keras' cache" if cached.is_file() else "is not in Keras' cache"
        raise UnavailableError(
            f"{name} {where} and cannot be downloaded: {first_line(error)}",
            f"Connect to the network, or download {url} elsewhere and put it at {cached}.",
        ) from error
