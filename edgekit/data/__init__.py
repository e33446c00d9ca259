"""Datasets behind one interface, and the preprocessing contract they are read by."""

from edgekit.data.dataset import Dataset, Pictures, Split, normalise
from edgekit.data.evaluation import save_evaluation
from edgekit.data.sources import DATASETS, load_dataset

__all__ = ["DATASETS", "Dataset", "Pictures", "Split", "load_dataset", "normalise", "save_evaluation"]
