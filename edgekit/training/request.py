"""What is asked of a training, and what comes back."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edgekit.errors import UsageError
from edgekit.training.recipes import Recipe, recipe
from edgekit.training.run_folder import Epoch
from edgekit.zoo import FAMILIES, ModelSpec
from edgekit.zoo.card import Card, Head, Training
from edgekit.zoo.families import DEFAULT_FAMILY
from edgekit.zoo.spec import model_spec

MOMENTUM = 0.9  # of batch normalization; Keras' .99 needs thousands of steps
_LARGEST_SEED = 2**32 - 1  # NumPy's

T = TypeVar("T", int, float)


@dataclass(frozen=True)
class TrainRequest:
    """A training. What is None comes from the family, the trained base or the recipe."""

    family: str | None = None  # None: that of the trained base, or MobileNet v1
    alpha: float | None = None  # width multiplier
    resolution: int | None = None  # pixels
    dataset: str = "digits"
    recipe: str | None = None  # a name in RECIPES; None: the dataset's own
    epochs: int | None = None  # of everything; 0, with a trained base: its head is all that is trained
    head_epochs: int | None = None  # of the head alone, on a trained base
    batch_size: int | None = None
    learning_rate: float | None = None  # highest of the schedule, when everything is trained
    momentum: float | None = None  # of batch normalization
    weights: str | None = None  # `imagenet`, a checkpoint's name or a file: a trained base; None: random
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
            UsageError: A setting is outside its range, or belongs to a trained base and there is none.
        """
        if self.weights is None:
            self.spec()  # says what is wrong with family, width and resolution
        base = recipe(self.dataset, self.recipe)
        plan = base.tuning if self.weights else base.scratch
        if plan is None:
            raise UsageError(
                f"The recipe {base.name!r} starts from a trained base.", "Add --weights imagenet, or a file."
            )
        if self.head_epochs is not None and not self.weights:
            raise UsageError(
                f"--head-epochs {self.head_epochs} is for a trained base, whose head learns first.",
                "Add --weights imagenet or a file, or leave out --head-epochs.",
            )
        training = Training(
            epochs=_or(self.epochs, plan.epochs_for(images)),
            batch_size=_or(self.batch_size, plan.batch_size),
            learning_rate=_or(self.learning_rate, plan.learning_rate),
            momentum=_or(self.momentum, MOMENTUM),
            label_smoothing=base.label_smoothing,
            weight_decay=base.weight_decay,
            augmentation=base.augmentation,
            seed=self.seed,
            weights=self.weights,
            weights_sha256=weights_sha256,
            recipe=self.recipe,
            optimizer=plan.optimizer,
            head=self._head(base, images) if self.weights else None,
        )
        least = 0 if self.weights else 1
        for option, value, fits, range_ in (
            ("epochs", training.epochs, training.epochs >= least, f"at least {least}"),
            ("head-epochs", self.head_epochs, (self.head_epochs or 1) >= 1, "at least 1"),
            ("batch-size", training.batch_size, training.batch_size >= 2, "at least 2"),
            ("learning-rate", training.learning_rate, 0 < training.learning_rate < math.inf, "above 0"),
            ("momentum", training.momentum, 0 < training.momentum < 1, "between 0 and 1"),
            ("seed", training.seed, 0 <= training.seed <= _LARGEST_SEED, f"from 0 to {_LARGEST_SEED}"),
        ):
            if not fits:
                raise UsageError(f"{option} must be {range_}, received {value}.", f"Change --{option}.")
        return training

    def _head(self, base: Recipe, images: int) -> Head:
        return Head(
            units=base.units,
            dropout=base.dropout,
            epochs=_or(self.head_epochs, base.head.epochs_for(images)),
            batch_size=_or(self.batch_size, base.head.batch_size),
            learning_rate=base.head.learning_rate,
            optimizer=base.head.optimizer,
        )

    def spec(self, classes: int = 2) -> ModelSpec:
        """Return the model to train.

        Raises:
            UsageError: There is no such family, or it cannot be built like this.
        """
        family, resolution = self.family or DEFAULT_FAMILY, self.resolution
        if resolution is None:
            resolution = FAMILIES.named(family).resolution
        return model_spec(family, self.alpha, resolution, classes)

    def command(self, training: Training, family: str | None, alpha: float | None, resolution: int) -> str:
        """The command line that trains again with these settings.

        Augmentation, label smoothing, weight decay and most of the head have no option: they are those of the
        recipe in this edgekit. The card holds all of them.

        Args:
            training: The settings.
            family: The model's; None: it is of no known family.
            alpha: Its width multiplier; None: it has none.
            resolution: Its input's height and width in pixels.
        """
        words = [
            *("edgekit", "train", *((family,) if family else ())),
            *(() if alpha is None else ("--alpha", str(float(alpha)))),
            *("--resolution", str(resolution), "--dataset", self.dataset),
            *(("--recipe", self.recipe) if self.recipe else ()),
            *("--epochs", str(training.epochs), "--batch-size", str(training.batch_size)),
            *("--learning-rate", str(training.learning_rate), "--momentum", str(training.momentum)),
            *("--seed", str(self.seed)),
            *(("--weights", self.weights) if self.weights else ()),
            *(("--head-epochs", str(training.head.epochs)) if training.head else ()),
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
