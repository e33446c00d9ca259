"""`digits`: 1,797 real handwritten digits of 8 × 8 pixels, which come with scikit-learn.

Source: UCI "Optical Recognition of Handwritten Digits", test part (E. Alpaydin, C. Kaynak, 1998).
"""

from __future__ import annotations

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import ArrayImages
from edgekit.data.dataset import Dataset
from edgekit.data.split import Sizes, split_images
from edgekit.progress import Progress


def load(preprocessing: Preprocessing, _seed: int, progress: Progress) -> Dataset:
    """Load the digits: 450 for evaluation, 200 for calibration, the other 1,147 for training."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # 17 grey levels, 0–16, spread over 0–255; both products are exact integers before rounding
    pixels = np.rint(bunch.images * 255 / 16).astype(np.uint8)
    labels = bunch.target.astype(np.int64)
    names = tuple(str(digit) for digit in range(10))
    images = ArrayImages(pixels, preprocessing)
    sizes = Sizes(calibration=20, evaluation=45)
    splits = split_images(images, labels, images.hashes(), names, sizes=sizes, progress=progress)
    return Dataset("digits", names, preprocessing, *splits)
