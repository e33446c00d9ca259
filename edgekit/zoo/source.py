"""Which model is meant: a family, a checkpoint's name, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgekit.artefact import DEPTHS, TOP1, Head, Preprocessing
from edgekit.errors import UsageError
from edgekit.files import sha256_bytes, sha256_file
from edgekit.progress import SILENT, Progress
from edgekit.words import nearest
from edgekit.zoo.build import build
from edgekit.zoo.card import Card, card_of, check_checkpoint, read_card
from edgekit.zoo.families import FAMILIES
from edgekit.zoo.float32 import as_float32, check_finite, dtype_of
from edgekit.zoo.image import number_of_classes
from edgekit.zoo.input import Size, image_input, shown, size_of, with_fixed_size
from edgekit.zoo.load import WEIGHTS_SUFFIX, check_exists, load_model
from edgekit.zoo.spec import ModelSpec, model_spec
from edgekit.zoo.trained import checkpoint, checkpoints, find_checkpoint
from edgekit.zoo.weights import IMAGENET, imagenet_file, is_weights_only

_SUFFIXES = (".keras", ".h5", ".hdf5", ".onnx", ".tflite")


@dataclass(frozen=True)
class LoadedModel:
    """A model with what is needed to feed it: float32 [n, *input_shape] → [n, classes]."""

    model: Any  # of Keras 3, of Keras 2 as `tf_keras`, or a float file
    preprocessing: Preprocessing
    classes: int
    head: Head = TOP1
    changed: str = ""  # what edgekit changed in it, as a sentence
    reference: str = "Keras"  # what its files are compared with, in messages; or a float file's name


@dataclass(frozen=True)
class Source:
    """Where a model comes from. Nothing is loaded before `load`."""

    name: str  # mobilenet_v1_0.5_32_digits
    origin: str  # the checkpoint's name, `imagenet`, or the file's name
    file: Path
    sha256: str  # of that file
    card: Card | None = None
    spec: ModelSpec | None = None  # the model to build where the file holds weights only
    family: str | None = None
    alpha: float | None = None
    resolution: Size | None = None  # pixels, as asked for or known from the card
    classes: int | None = None
    dataset: str | None = None  # the one to calibrate and evaluate with, if known

    def load(self) -> LoadedModel:
        """Load the model, and check that it is what was asked for and that it classifies images.

        Raises:
            ModelError: Unreadable, unsafe, changed since its card was written, or of another shape.
        """
        if self.card is not None:
            check_checkpoint(self.file, self.card)
        model = load_model(self.file) if self.spec is None else build(self.spec, weights=self.file)
        check_finite(model, self.file)
        takes_bytes = np.dtype(dtype_of(model.inputs[0])).kind in "iu"
        model, changed = as_float32(model, self.file)
        model = with_fixed_size(model, self.resolution, self.file)
        classes = number_of_classes(model)
        if self.classes not in (None, classes):
            raise UsageError(
                f"{self.file} has classes {classes}, not {self.classes}.", "Leave out --classes."
            )
        own = self.card.preprocessing if self.card else _usual_preprocessing(model, self.file, takes_bytes)
        if self.spec is not None:
            known = self.spec.record
            own = msgspec.structs.replace(own, channels=known.channels, mean=known.mean, std=known.std)
        return LoadedModel(model, own, classes, changed=changed)


def _usual_preprocessing(model: Any, path: Path, takes_bytes: bool) -> Preprocessing:
    """What a model of a fixed size and without a card is given if nothing else is known: −1 … 1, or bytes."""
    shape = image_input(model, path)
    mean, std = (0.0, 1.0) if takes_bytes else (127.5, 127.5)
    depth = DEPTHS[shape.channels]
    return Preprocessing(
        height=shape.height or 0,
        width=shape.width or 0,
        channels=shape.channels,
        layout=shape.layout,
        mean=(mean,) * depth,
        std=(std,) * depth,
    )


def resolve(
    model: str,
    *,
    alpha: float | None = None,
    resolution: Size | None = None,
    weights: str | None = None,
    classes: int | None = None,
    dataset: str | None = None,
    progress: Progress = SILENT,
) -> Source:
    """Find the model that is meant.

    Args:
        model: A family, the name of a checkpoint, or the path of a Keras file or SavedModel.
        alpha: Width multiplier; None: a family's usual one.
        resolution: Pixels of both sides, or (height, width) for a file; None: any.
        weights: For a family: `imagenet`, or the path of a model or weights file.
        classes: Number of classes; needed for a file of weights only.
        dataset: What the checkpoint was trained on; `digits` wins where several fit.

    Raises:
        UsageError: Nothing fits; the message lists what there is and how to make the missing one.
        ModelError: The file does not exist or cannot be read.
        RecordError: The card of what is named is damaged, or of a newer edgekit.
        UnavailableError: ImageNet weights that are neither cached nor can be downloaded.
    """
    if model in FAMILIES:
        side = _square(resolution, model)
        asked = model_spec(model, alpha, side, classes)  # says what is wrong with a value
        if weights is None:
            return _from_card(*find_checkpoint(model, asked.alpha, side, classes, dataset))
        if weights == IMAGENET:
            return _from_imagenet(asked, progress)
        path = Path(weights)
        check_exists(path)
        if not is_weights_only(path):
            return _from_path(path, alpha, resolution, classes)
        if resolution is None or classes is None:
            raise UsageError(
                f"{weights} holds weights only; the model they belong to is not known.",
                "Add --alpha, --resolution and --classes.",
            )
        return _from_weights(asked, path, name=_stem(path), origin=path.name)
    if weights is not None:
        raise UsageError(
            f"--weights {weights} needs a model family, received the model {model!r}.",
            f"Name a family ({', '.join(FAMILIES)}), or leave out --weights.",
        )
    if not _is_path(model) and (found := checkpoint(model)) is not None:
        return _from_card(*found, alpha, resolution, classes)
    if _is_path(model) or Path(model).exists():
        return _from_path(Path(model), alpha, resolution, classes)
    known = [*FAMILIES, *(card.name for _, card in checkpoints())]
    raise UsageError(
        f"There is no model {model!r}.{nearest(model, known)}",
        f"Name one of {', '.join(known)}, or the path of a .keras, .h5, .onnx or .tflite file or of a "
        "SavedModel.",
    )


def _from_card(
    path: Path,
    card: Card,
    alpha: float | None = None,
    resolution: Size | None = None,
    classes: int | None = None,
) -> Source:
    resolution = _square(resolution, card.name)
    for what, asked, found in (
        ("alpha", alpha, card.alpha),
        ("resolution", resolution, card.resolution),
        ("classes", classes, card.classes),
    ):
        if asked not in (None, found):
            raise UsageError(f"{card.name} has {what} {found}, not {asked}.", f"Leave out --{what}.")
    return Source(
        name=card.name,
        origin=card.name,
        file=path,
        sha256=card.sha256,
        card=card,
        family=card.family,
        alpha=card.alpha,
        resolution=card.resolution,
        classes=card.classes,
        dataset=card.dataset,
    )


def _from_imagenet(spec: ModelSpec, progress: Progress) -> Source:
    file = imagenet_file(spec, progress=progress)
    return _from_weights(spec, file, name=spec.name(IMAGENET), origin=IMAGENET)


def _from_weights(spec: ModelSpec, path: Path, *, name: str, origin: str) -> Source:
    return Source(
        name=name,
        origin=origin,
        file=path,
        sha256=sha256_file(path),
        spec=spec,
        family=spec.family,
        alpha=spec.alpha,
        resolution=spec.resolution,
        classes=spec.classes,
    )


def _square(resolution: Size | None, model: str) -> int | None:
    """Return the side of a square size."""
    if resolution is None or isinstance(resolution, int):
        return resolution
    height, width = resolution
    if height != width:
        raise UsageError(
            f"{model} takes square images, not {shown(resolution)}.",
            f"Choose one: --resolution {height}.",
        )
    return height


def _from_path(path: Path, alpha: float | None, resolution: Size | None, classes: int | None) -> Source:
    check_exists(path)
    least_side = None if resolution is None else min(size_of(resolution))
    for what, value, least in (("resolution", least_side, 1), ("classes", classes, 2)):
        if value is not None and value < least:
            raise UsageError(f"{what} must be at least {least}, received {value}.", f"Change --{what}.")
    if card_of(path).is_file() and path.suffix == ".keras":
        return _from_card(path, read_card(card_of(path)), alpha, resolution, classes)
    if alpha is not None:
        raise UsageError(
            f"--alpha {alpha} cannot be applied to {path}: a file holds its model's width.",
            "Leave out --alpha.",
        )
    return Source(
        name=_stem(path),
        origin=path.name,
        file=path,
        sha256=sha256_path(path),
        resolution=resolution,
        classes=classes,
    )


def _is_path(model: str) -> bool:
    """Whether it is a path by its look; a checkpoint may have the name of a file or folder."""
    return "/" in model or "\\" in model or Path(model).suffix in _SUFFIXES


def _stem(path: Path) -> str:
    name = path.resolve().name.removesuffix(WEIGHTS_SUFFIX)
    return name.removesuffix(Path(name).suffix) if Path(name).suffix in _SUFFIXES else name


def sha256_path(path: Path) -> str:
    """A file's hash; a folder's is that of its files' names and hashes, in order."""
    if path.is_file():
        return sha256_file(path)
    files = sorted(p for p in path.rglob("*") if p.is_file())
    return sha256_bytes(
        "\n".join(f"{p.relative_to(path).as_posix()} {sha256_file(p)}" for p in files).encode()
    )
