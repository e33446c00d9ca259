"""`digits`: 1,797 real handwritten digits of 8 × 8 pixels, which come with scikit-learn.

Source: UCI "Optical Recognition of Handwritten Digits", test part (E. Alpaydin, C. Kaynak, 1998).
"""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import ArrayImages
from edgekit.data.dataset import Dataset
from edgekit.data.split import Sizes, split_images
from edgekit.errors import DataError
from edgekit.progress import Progress


def load(preprocessing: Preprocessing, _seed: int, progress: Progress) -> Dataset:
    """Load the digits: 450 for evaluation, 200 for calibration, the other 1,147 for training."""
    rows = _rows()
    # 17 grey levels, 0–16, spread over 0–255; both products are exact integers before rounding
    pixels = np.rint(rows[:, :-1].reshape(-1, 8, 8) * 255 / 16).astype(np.uint8)
    labels = rows[:, -1].astype(np.int64)
    names = tuple(str(digit) for digit in range(10))
    images = ArrayImages(pixels, preprocessing)
    sizes = Sizes(calibration=20, evaluation=45)
    splits = split_images(images, labels, images.hashes(), names, sizes=sizes, progress=progress)
    return Dataset("digits", names, preprocessing, *splits)


def _rows() -> npt.NDArray[np.float64]:
    """Return 64 grey levels and the digit of each image, from scikit-learn's file.

    Importing scikit-learn for its own loader would take a second.
    """
    package = PathFinder.find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataError(
            "The digits come with scikit-learn, which is not installed.", "pip install scikit-learn"
        )
    return np.loadtxt(Path(package.origin).parent / "datasets/data/digits.csv.gz", delimiter=",")
