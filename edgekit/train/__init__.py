"""Training: augmented, deterministic by seed, resumable; a checkpoint, a card and learning curves."""

from edgekit.train.request import TrainOutcome, TrainRequest
from edgekit.train.trainer import train

__all__ = ["TrainOutcome", "TrainRequest", "train"]
