"""How each dataset is best trained, found by trying: the settings that a user starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgekit.zoo.card import Augmentation


@dataclass(frozen=True)
class Recipe:
    """Settings for a dataset; `edgekit train` takes each of them from here unless it is given."""

    epochs: int
    batch_size: int
    learning_rate: float  # highest of the cosine schedule, for AdamW
    augmentation: Augmentation
    label_smoothing: float = 0.1
    weight_decay: float = 0.01
    least_steps: int = 0  # few images are shown for more epochs, until the optimizer took so many

    def epochs_for(self, images: int) -> int:
        """Epochs for so many training images."""
        steps = max(1, images // self.batch_size)
        return max(self.epochs, math.ceil(self.least_steps / steps))


RECIPES = {
    # digits must not be mirrored; 8 × 8 originals bear little turning
    "digits": Recipe(
        epochs=200,
        batch_size=64,
        learning_rate=8e-3,
        augmentation=Augmentation(shift=0.1, rotate=12, zoom=0.12),
    ),
    "shapes": Recipe(
        epochs=16,
        batch_size=64,
        learning_rate=3e-3,
        augmentation=Augmentation(flip=True, shift=0.08, rotate=10, zoom=0.1, colour=0.2),
    ),
}

# photographs of any kind, with a mirror image that means the same
DEFAULT = Recipe(
    epochs=40,
    batch_size=32,
    learning_rate=3e-3,
    least_steps=600,
    augmentation=Augmentation(flip=True, shift=0.1, rotate=10, zoom=0.15, colour=0.2),
)

# from trained weights: smaller steps, or what was learnt is lost
FINE_TUNING_RATE = 1e-3


def recipe(dataset: str) -> Recipe:
    """Return the recipe for a dataset's name or path."""
    return RECIPES.get(dataset, DEFAULT)
