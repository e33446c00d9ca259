"""Recipes: how to train, found by trying or well known. To add one, add a record to RECIPES."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgekit.registry import Registry
from edgekit.zoo.card import Augmentation, Optimizer

ADAMW = Optimizer()


@dataclass(frozen=True)
class Plan:
    """How long and how fast weights are changed."""

    epochs: int
    batch_size: int
    learning_rate: float  # highest of the schedule
    optimizer: Optimizer = ADAMW
    least_steps: int = 0  # few images are shown for more epochs, until the optimizer took so many

    def epochs_for(self, images: int) -> int:
        """Epochs for so many training images."""
        steps = max(1, images // self.batch_size)
        return max(self.epochs, math.ceil(self.least_steps / steps))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings that `edgekit train` takes unless they are given.

    From random weights it follows `scratch`. From a trained base it trains a head of `units` by `head`, with
    the base frozen, and then everything by `tuning`.
    """

    name: str
    description: str  # one line
    augmentation: Augmentation
    scratch: Plan | None  # None: it needs a trained base
    head: Plan = Plan(epochs=30, batch_size=32, learning_rate=1e-2, least_steps=300)
    units: tuple[int, ...] = ()  # of the head's hidden layers
    dropout: float = 0.2
    # smaller steps, or what the base has learnt is lost
    tuning: Plan = Plan(epochs=10, batch_size=32, learning_rate=1e-3, least_steps=200)
    label_smoothing: float = 0.1
    weight_decay: float = 0.01  # of `adamw`


PHOTOS = Recipe(
    name="photos",
    description="photographs of any kind, with a mirror image that means the same",
    augmentation=Augmentation(flip=True, shift=0.1, rotate=10, zoom=0.15, colour=0.2),
    scratch=Plan(epochs=40, batch_size=32, learning_rate=3e-3, least_steps=600),
)

RECIPES = Registry(
    "recipe",
    (
        PHOTOS,
        Recipe(
            name="digits",
            description="small signs that must not be mirrored",
            # 8 × 8 originals bear little turning
            augmentation=Augmentation(shift=0.1, rotate=12, zoom=0.12),
            scratch=Plan(epochs=200, batch_size=64, learning_rate=8e-3),
        ),
        Recipe(
            name="shapes",
            description="the drawn shapes that come with edgekit",
            augmentation=Augmentation(flip=True, shift=0.08, rotate=10, zoom=0.1, colour=0.2),
            scratch=Plan(epochs=16, batch_size=64, learning_rate=3e-3),
        ),
        Recipe(
            name="cats-and-dogs",
            description="from a trained base: dense layers of 256 and 128, dropout .5, plain SGD",
            # as in F. Chollet, "Building powerful image classification models using very little data", 2016,
            # but for a shear of 0.2 degrees, which nobody sees
            augmentation=Augmentation(flip=True, shift=0.2, rotate=40, zoom=0.2),
            scratch=None,
            units=(256, 128),
            dropout=0.5,
            head=Plan(30, 32, 0.01, Optimizer("sgd", schedule="constant"), least_steps=600),
            tuning=Plan(
                20, 32, 0.005, Optimizer("sgd", momentum=0.9, nesterov=True, schedule="constant"), 200
            ),
            label_smoothing=0.0,
        ),
        Recipe(
            name="cifar-10",
            description="CIFAR-10 from random weights: Nadam, shifts of a tenth, mirrored, 200 epochs",
            augmentation=Augmentation(flip=True, shift=0.1),
            # Keras' own rate for Nadam
            scratch=Plan(200, 128, 1e-3, Optimizer("nadam", schedule="constant")),
            label_smoothing=0.0,
        ),
    ),
)
_OF_DATASETS = {"digits": "digits", "shapes": "shapes"}


def recipe(dataset: str, name: str | None = None) -> Recipe:
    """Return the recipe of that name; None: the one for a dataset's name or path.

    Raises:
        UsageError: There is no such recipe.
    """
    return RECIPES.named(name or _OF_DATASETS.get(dataset, PHOTOS.name))
