"""A checkpoint's card, a TOML file next to it: how it was made, on what data, and how accurate it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import msgspec

from edgekit.artefact import Preprocessing, Split
from edgekit.errors import ModelError, RecordError
from edgekit.files import sha256_file, write_atomic

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = "edgekit.card/1"
SUFFIX = ".toml"


class Splits(msgspec.Struct, frozen=True):
    """The images a model was trained, calibrated and evaluated with."""

    train: Split
    calibration: Split  # shown in the learning curves; chose nothing
    evaluation: Split  # seen once, after the training


class Augmentation(msgspec.Struct, frozen=True):
    """How far training images are changed; each gets amounts drawn evenly from ± these."""

    flip: bool = False  # left and right, half of the images
    shift: float = 0.0  # fraction of the size, each axis
    rotate: float = 0.0  # degrees
    zoom: float = 0.0  # fraction of the size
    colour: float = 0.0  # fraction of brightness, contrast and saturation


class Optimizer(msgspec.Struct, frozen=True):
    """How weights follow from gradients."""

    name: Literal["adamw", "nadam", "sgd"] = "adamw"
    momentum: float = 0.0  # of `sgd`
    nesterov: bool = False
    schedule: Literal["cosine", "constant"] = "cosine"  # of the learning rate


class Head(msgspec.Struct, frozen=True):
    """The classifier that a trained base is given, and how it learns while the base is frozen."""

    units: tuple[int, ...]  # of its hidden layers, each with ReLU and dropout
    dropout: float  # fraction
    epochs: int
    batch_size: int
    learning_rate: float  # highest of the schedule
    optimizer: Optimizer


class Training(msgspec.Struct, frozen=True):
    """The settings that, with the images, decide every weight; of several stages, those of the last."""

    epochs: int
    batch_size: int
    learning_rate: float  # highest of the schedule
    momentum: float  # of batch normalization
    label_smoothing: float
    weight_decay: float
    augmentation: Augmentation
    seed: int
    weights: str | None = None  # what it started from; None: random
    weights_sha256: str | None = None
    recipe: str | None = None  # the one that was named; None: the dataset's own
    optimizer: Optimizer = Optimizer()
    head: Head | None = None  # None: trained from random weights, in one stage


class Stage(msgspec.Struct, frozen=True):
    """One stage of a training that started from a trained base."""

    name: Literal["features", "head", "fine-tuning"]
    seconds: float
    accuracy: float | None = None  # of the calibration split, after the stage; None: it trains nothing
    images: int | None = None  # whose features it needed
    cached: int | None = None  # of them, those that were in the cache


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a checkpoint."""

    schema: str
    name: str  # also the file's: <name>.keras
    family: str
    alpha: float | None = None  # width multiplier; None: the family has none
    resolution: int  # pixels
    classes: int
    dataset: str  # as given to `edgekit train`
    command: str  # that trains it again
    accuracy: float  # share of the evaluation split that is right
    evaluated: int  # images in it
    parameters: int
    multiply_adds: int  # convolutions and classifier, one image
    training_seconds: float
    date: str  # ISO 8601, UTC
    sha256: str  # of the .keras file
    labels: tuple[str, ...]  # class names, by class index
    training: Training
    splits: Splits
    preprocessing: Preprocessing
    tools: dict[str, str]  # library: version
    stages: tuple[Stage, ...] = ()  # of a training that started from a trained base


def read_card(path: Path) -> Card:
    """Read a card.

    Raises:
        RecordError: Not a card, damaged, or written by a newer edgekit.
    """
    try:
        content = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecordError(f"{path} is not a card: {error}.", "Train the model again.") from error
    schema = content.get("schema")
    if schema != SCHEMA:
        newer = str(schema).startswith("edgekit.card/")
        raise RecordError(
            f"{path} has the schema {schema!r}; this edgekit reads {SCHEMA!r}.",
            "Upgrade edgekit." if newer else "Check the path.",
        )
    try:
        return msgspec.convert(content, Card)
    except msgspec.ValidationError as error:
        raise RecordError(f"{path} is damaged: {error}.", "Train the model again.") from error


def write_card(path: Path, card: Card) -> None:
    """Write a card whole or not at all."""
    import tomli_w

    write_atomic(path, tomli_w.dumps(_without_none(msgspec.to_builtins(card))).encode())


def _without_none(value: Any) -> Any:
    """Leave out fields that are None, at any depth: TOML has no word for it."""
    if isinstance(value, dict):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


def checkpoint_of(path: Path) -> Path:
    """The `.keras` file that a card at `path` describes."""
    return path.with_suffix(".keras")


def card_of(path: Path) -> Path:
    """The path of the card that a `.keras` file may have."""
    return path.with_suffix(SUFFIX)


def check_checkpoint(path: Path, card: Card) -> None:
    """Compare a checkpoint with its card.

    Raises:
        ModelError: The file is missing, or is not the one the card describes.
    """
    if not path.is_file():
        raise ModelError(f"{path} is missing; only its card is there.", f"Make it again: {card.command}")
    found = sha256_file(path)
    if found != card.sha256:
        raise ModelError(
            f"{path} is not the file its card describes: its SHA-256 is {found[:12]}…, "
            f"the card says {card.sha256[:12]}….",
            f"Make it again with `{card.command}`, or remove {card_of(path)} to use the file as it is.",
        )
