"""The trained base that a training starts from: a file of weights or a model, without its classifier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgekit.artefact import Channels, PerChannel
from edgekit.errors import ModelError, UnavailableError, UsageError
from edgekit.progress import Progress
from edgekit.training.cut import at_resolution, without_head
from edgekit.training.request import TrainRequest
from edgekit.words import first_line, nearest
from edgekit.zoo import FAMILIES, ModelSpec
from edgekit.zoo.card import Card, card_of, check_checkpoint, read_card
from edgekit.zoo.families import DEFAULT_FAMILY, IMAGENET_CLASSES, Family
from edgekit.zoo.float32 import as_float32, check_finite, leaves
from edgekit.zoo.input import image_input, keras_of
from edgekit.zoo.load import check_exists, load_model
from edgekit.zoo.source import sha256_path
from edgekit.zoo.spec import model_spec
from edgekit.zoo.trained import checkpoint, checkpoints, dataset_name
from edgekit.zoo.weights import IMAGENET, imagenet_base, is_weights_only, load_weights

_SCALED: PerChannel = (127.5, 127.5, 127.5)  # −1 … 1, where nothing else is known
_PIXELS: tuple[PerChannel, PerChannel] = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))  # 0 … 255


@dataclass(frozen=True)
class Base:
    """A trained model that is to be given another classifier."""

    file: Path
    sha256: str
    family: str  # one of FAMILIES, or what the file is called
    alpha: float | None
    resolution: int  # pixels, that it is to be trained at
    own_resolution: int | None  # pixels, that the file's model has; None: any
    mean: PerChannel
    std: PerChannel
    channels: Channels = "rgb"
    spec: ModelSpec | None = None  # what to build, where the file has weights only
    model: Any = None  # as loaded, where that was needed to know the above

    def load(self) -> Any:
        """Return the base at its resolution: float32 [n, H, W, 3] → [n, h, w, channels].

        Raises:
            ModelError: It cannot be read, has no image features, or cannot work at the resolution.
        """
        if self.spec is not None:
            return _of_weights(self.spec, self.file)
        model = self.model if self.model is not None else _read(self.file)
        base = without_head(model, self.file)
        if base.input_shape[1:3] == (self.resolution, self.resolution):
            return base
        return at_resolution(base, self.resolution, self.file)


def find_base(request: TrainRequest, weights: str, progress: Progress) -> Base:
    """Find the trained base that is meant.

    Raises:
        UsageError: It is of another family or width than was asked for.
        ModelError: There is no such file, or it is not a model that can be trained.
        UnavailableError: ImageNet weights that are neither cached nor can be downloaded.
    """
    if request.family is not None:
        FAMILIES.named(request.family)  # says so if there is none
    if weights == IMAGENET:
        family = FAMILIES.named(request.family or DEFAULT_FAMILY)
        spec = _spec(request, family, family.published_resolution)
        try:
            return _from_spec(spec, imagenet_base(spec, progress))
        except UnavailableError as error:
            hint = f"{error.hint.removesuffix('.')}, or name it here: --weights FILE."
            raise UnavailableError(error.what, hint) from error
    path = Path(weights)
    if not path.exists():
        path = _named(weights)
    check_exists(path)
    if path.is_dir():
        raise ModelError(
            f"{path} is a SavedModel, which runs but cannot be trained further.",
            "Name the .keras file that it was exported from.",
        )
    if path.suffix == ".keras" and card_of(path).is_file():
        card = read_card(card_of(path))
        check_checkpoint(path, card)
        return _from_card(request, path, card)
    if is_weights_only(path):
        family = FAMILIES.named(request.family or DEFAULT_FAMILY)
        return _from_spec(_spec(request, family, family.published_resolution), path)
    progress.step(f"Loading {path.name}")
    return _from_model(request, path, progress)


def _named(name: str) -> Path:
    """Return the file of a trained model."""
    if (found := checkpoint(name)) is None:
        known = [IMAGENET, *(card.name for _, card in checkpoints())]
        raise ModelError(
            f"There is no file or trained model {name!r}.{nearest(name, known)}",
            "--weights is `imagenet`, the name of a trained model, or a file of a model or of weights.",
        )
    return found[0]


def _spec(request: TrainRequest, family: Family, resolution: int) -> ModelSpec:
    return model_spec(family.name, request.alpha, request.resolution or resolution, 2)


def _from_spec(spec: ModelSpec, path: Path) -> Base:
    return Base(
        file=path,
        sha256=sha256_path(path),
        family=spec.family,
        alpha=spec.alpha,
        resolution=spec.resolution,
        own_resolution=None,
        mean=spec.record.mean,
        std=spec.record.std,
        channels=spec.record.channels,
        spec=spec,
    )


def _from_card(request: TrainRequest, path: Path, card: Card) -> Base:
    for what, asked, found, option in (
        ("family", request.family, card.family, "the family"),
        ("alpha", request.alpha, card.alpha, "--alpha"),
    ):
        if asked not in (None, found):
            raise UsageError(f"{path} has {what} {found}, not {asked}.", f"Leave out {option}.")
    known = card.family in FAMILIES
    resolution = request.resolution or card.resolution
    if known:
        model_spec(card.family, card.alpha, resolution, 2)  # says what is wrong with the resolution
    return Base(
        file=path,
        sha256=card.sha256,
        family=card.family,
        alpha=card.alpha,
        resolution=resolution,
        own_resolution=card.resolution,
        mean=card.preprocessing.mean,
        std=card.preprocessing.std,
        channels=card.preprocessing.channels,
    )


def _from_model(request: TrainRequest, path: Path, progress: Progress) -> Base:
    """Say what can be known of a model that nobody wrote a card for."""
    model = _read(path)
    own = image_input(model, path)
    if (own.channels, own.layout) != ("rgb", "NHWC"):
        raise ModelError(
            f"{path} takes {own.channels} images as {own.layout}; edgekit trains on rgb images as NHWC.",
            "Start from a model with input [n, height, width, 3].",
        )
    square = own.height if own.height == own.width else None
    if request.resolution is None and square is None:
        takes = "any size" if own.height is None else f"{own.height} × {own.width} pixels"
        raise UsageError(f"{path} takes images of {takes}.", "Choose a square one: --resolution 224.")
    base = Base(
        file=path,
        sha256=sha256_path(path),
        family=_name(path),
        alpha=None,
        resolution=request.resolution or square or 0,
        own_resolution=square,
        mean=_SCALED,
        std=_SCALED,
        model=model,
    )
    if request.family is not None:
        return _as_family(request, base, progress)
    if request.alpha is not None:
        raise UsageError(
            f"--alpha {request.alpha} cannot be applied to {path}: a file holds its model's width.",
            "Leave out --alpha.",
        )
    inside = next((x for x in leaves(model) if type(x).__name__ in ("Rescaling", "Normalization")), None)
    if inside is not None:
        progress.note(f"{path.name} scales pixels itself, in its layer {inside.name!r}: it gets 0 to 255.")
        return replace(base, mean=_PIXELS[0], std=_PIXELS[1])
    progress.note(
        f"The pixel scaling of {path.name} is not known: it gets −1 to 1. If it belongs to a family, name "
        "it: edgekit train FAMILY."
    )
    return base


def _as_family(request: TrainRequest, base: Base, progress: Progress) -> Base:
    """Take a model for one of the family asked for, if its weights are."""
    family = FAMILIES.named(request.family or DEFAULT_FAMILY)
    spec = _spec(request, family, base.resolution)
    progress.step(f"Building {spec.family}")
    theirs, ours = (
        sorted(tuple(weight.shape) for weight in model.weights)
        for model in (without_head(base.model, base.file), _headless(spec))
    )
    if theirs != ours:
        width = "" if spec.alpha is None else f" of alpha {spec.alpha}"
        raise UsageError(
            f"{base.file} is not a {family.name}{width}: its layers have other weights.",
            f"Leave out {family.name}, or name the right family and --alpha.",
        )
    return replace(
        base,
        family=spec.family,
        alpha=spec.alpha,
        mean=family.mean,
        std=family.std,
        channels=family.channels,
    )


def _name(path: Path) -> str:
    """What a model of no known family is called, after its file."""
    name = dataset_name(path.stem)
    return f"{name}-file" if name in FAMILIES else name


def _read(path: Path) -> Any:
    """Load a model that can be trained."""
    model = load_model(path)
    import keras

    if keras_of(model) is not keras:
        raise ModelError(
            f"{path} is of Keras 2, whose layers cannot be trained on here.",
            "Load it with Keras 3 where it was made, and save it as .keras.",
        )
    if not isinstance(model, keras.Model) or len(getattr(model, "outputs", None) or ()) != 1:
        raise ModelError(f"{path} does not have one output.", "Start from a classifier, or its backbone.")
    check_finite(model, path)
    return as_float32(model, path)[0]


def _headless(spec: ModelSpec) -> Any:
    return spec.record.build(alpha=spec.alpha, resolution=spec.resolution, classes=None)


def _of_weights(spec: ModelSpec, path: Path) -> Any:
    """Build a base and give it the weights of a file, that has them with or without ImageNet's classifier."""
    from edgekit.quiet import import_tensorflow

    import_tensorflow()
    base = _headless(spec)
    try:
        load_weights(base, path)
    except ModelError as error:
        whole = spec.record.build(alpha=spec.alpha, resolution=spec.resolution, classes=IMAGENET_CLASSES)
        try:
            load_weights(whole, path)
        except ModelError:
            raise ModelError(
                f"The weights in {path} are not of {spec.family}"
                + ("" if spec.alpha is None else f" with alpha {spec.alpha}")
                + f": {first_line(error.__cause__ or error)}",
                "Name their family and --alpha, or a file of a whole model.",
            ) from error
        return without_head(whole, path)
    return base if len(base.output_shape) == 4 else without_head(base, path)
