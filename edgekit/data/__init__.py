"""Datasets behind one interface, and the preprocessing contract they are read by."""

from edgekit.data.dataset import Dataset, Images, Split, normalise
from edgekit.data.evaluation import save_evaluation
from edgekit.data.sources import DATASETS, load_dataset

__all__ = ["DATASETS", "Dataset", "Images", "Split", "load_dataset", "normalise", "save_evaluation"]
