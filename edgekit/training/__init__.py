"""Training: augmented, deterministic by seed, resumable; a checkpoint, a card and learning curves."""

from edgekit.training.request import TrainOutcome, TrainRequest
from edgekit.training.trainer import train

__all__ = ["TrainOutcome", "TrainRequest", "train"]
