"""`cifar10`: 60,000 photographs of ten kinds of things, 32 × 32 pixels, by Keras' loader and its cache.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import ArrayImages
from edgekit.data.dataset import Dataset
from edgekit.data.split import split_images
from edgekit.errors import UnavailableError
from edgekit.lookup import keras_home
from edgekit.progress import Progress
from edgekit.quiet import import_tensorflow, quiet_download

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_ARCHIVE = "cifar-10-python.tar.gz"
_ORIGIN = f"https://www.cs.toronto.edu/~kriz/{_ARCHIVE}"
_CACHED_AS = "datasets/cifar-10-batches-py-target_archive"  # in Keras' folder; Keras checks its hash


def load(preprocessing: Preprocessing, _seed: int, progress: Progress) -> Dataset:
    """Load CIFAR-10; its 10,000 test images evaluate.

    Raises:
        UnavailableError: It is neither in Keras' cache nor can it be downloaded.
    """
    import_tensorflow()
    import keras

    progress.step("Loading CIFAR-10 (170 MB, if Keras does not have it yet)")
    try:
        with quiet_download():
            (train, train_labels), (test, test_labels) = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        target = keras_home() / _CACHED_AS
        raise UnavailableError(
            f"CIFAR-10 is not in Keras' cache and could not be fetched: {' '.join(str(error).split())}.",
            f"Fetch {_ORIGIN} where there is a network and save it as {target}.",
        ) from error
    images = ArrayImages(np.concatenate([train, test]), preprocessing)
    labels = np.concatenate([train_labels, test_labels]).reshape(-1).astype(np.int64)
    splits = split_images(
        images,
        labels,
        images.hashes(),
        NAMES,
        held_out=np.arange(len(labels)) >= len(train),
        progress=progress,
    )
    return Dataset("cifar10", NAMES, preprocessing, *splits)
