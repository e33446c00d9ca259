"""What is asked of a training, and what comes back."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edgekit.errors import UsageError
from edgekit.training.recipes import FINE_TUNING_RATE, recipe
from edgekit.training.run_folder import Epoch
from edgekit.zoo import FAMILIES, ModelSpec
from edgekit.zoo.card import Card, Training
from edgekit.zoo.families import DEFAULT_FAMILY
from edgekit.zoo.spec import model_spec

MOMENTUM = 0.9  # of batch normalization; Keras' .99 needs thousands of steps
_LARGEST_SEED = 2**32 - 1  # NumPy's

T = TypeVar("T", int, float)


@dataclass(frozen=True)
class TrainRequest:
    """A training. What is None comes from the family or from the dataset's recipe."""

    family: str = DEFAULT_FAMILY
    alpha: float | None = None  # width multiplier
    resolution: int | None = None  # pixels
    dataset: str = "digits"
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None  # highest of the cosine schedule
    momentum: float | None = None  # of batch normalization
    weights: str | None = None  # `imagenet`, or a file, to start from; None: random
    seed: int = 0
    output: Path = Path("models")  # folder for the checkpoint and its card
    runs: Path = Path("runs")  # folder for what an unfinished training needs to go on
    restart: bool = False  # forget an earlier run

    def training(self, images: int = 0, weights_sha256: str | None = None) -> Training:
        """The settings with the recipe's filled in.

        Args:
            images: In the training split.
            weights_sha256: Hash of the file to start from.

        Raises:
            UsageError: A setting is outside its range.
        """
        self.spec()  # says what is wrong with family, width and resolution
        base = recipe(self.dataset)
        rate = base.learning_rate if self.weights is None else FINE_TUNING_RATE
        training = Training(
            epochs=_or(self.epochs, base.epochs_for(images)),
            batch_size=_or(self.batch_size, base.batch_size),
            learning_rate=_or(self.learning_rate, rate),
            momentum=_or(self.momentum, MOMENTUM),
            label_smoothing=base.label_smoothing,
            weight_decay=base.weight_decay,
            augmentation=base.augmentation,
            seed=self.seed,
            weights=self.weights,
            weights_sha256=weights_sha256,
        )
        for option, value, fits, range_ in (
            ("epochs", training.epochs, training.epochs >= 1, "at least 1"),
            ("batch-size", training.batch_size, training.batch_size >= 2, "at least 2"),
            ("learning-rate", training.learning_rate, 0 < training.learning_rate < math.inf, "above 0"),
            ("momentum", training.momentum, 0 < training.momentum < 1, "between 0 and 1"),
            ("seed", training.seed, 0 <= training.seed <= _LARGEST_SEED, f"from 0 to {_LARGEST_SEED}"),
        ):
            if not fits:
                raise UsageError(f"{option} must be {range_}, received {value}.", f"Change --{option}.")
        return training

    def spec(self, classes: int = 2) -> ModelSpec:
        """Return the model to train.

        Raises:
            UsageError: There is no such family, or it cannot be built like this.
        """
        resolution = self.resolution
        if resolution is None:
            resolution = FAMILIES.named(self.family).resolution
        return model_spec(self.family, self.alpha, resolution, classes)

    def command(self, training: Training) -> str:
        """The command line that trains again with these settings.

        Augmentation, label smoothing and weight decay have no option: they are those of the dataset's
        recipe in this edgekit. The card holds all of them.
        """
        spec = self.spec()
        words = [
            *("edgekit", "train", self.family),
            *(() if spec.alpha is None else ("--alpha", str(float(spec.alpha)))),
            *("--resolution", str(spec.resolution), "--dataset", self.dataset),
            *("--epochs", str(training.epochs), "--batch-size", str(training.batch_size)),
            *("--learning-rate", str(training.learning_rate), "--momentum", str(training.momentum)),
            *("--seed", str(self.seed)),
            *(("--weights", self.weights) if self.weights else ()),
        ]
        return shlex.join(words)


@dataclass(frozen=True)
class TrainOutcome:
    """A trained checkpoint."""

    card: Card
    checkpoint: Path
    card_path: Path
    history: tuple[Epoch, ...]  # empty if `trained` is False
    curves: tuple[Path, ...]  # PNG and HTML
    trained: bool  # False: the checkpoint was there already, made with the same settings


def _or(value: T | None, default: T) -> T:
    return default if value is None else value
