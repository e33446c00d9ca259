"""`cifar10`: 60,000 photographs of ten kinds of things, 32 × 32 pixels, by Keras' loader and its cache.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import ArrayPictures
from edgekit.data.dataset import Dataset
from edgekit.data.split import split_pictures
from edgekit.errors import UnavailableError
from edgekit.progress import Progress

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_ARCHIVE = "cifar-10-python.tar.gz"
_ORIGIN = f"https://www.cs.toronto.edu/~kriz/{_ARCHIVE}"
_CACHED_AS = "datasets/cifar-10-batches-py-target_archive"  # in Keras' folder; Keras checks its hash
_PATIENCE = 30.0  # seconds without an answer from the network


def load(preprocessing: Preprocessing, _seed: int, progress: Progress) -> Dataset:
    """Load CIFAR-10; its 10,000 test pictures evaluate.

    Raises:
        UnavailableError: It is neither in Keras' cache nor can it be fetched.
    """
    # whatever the user's own settings say; Keras reads these when it is first imported
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    keras.config.set_image_data_format("channels_last")  # its loader turns the pictures by this
    progress.step("Loading CIFAR-10 (170 MB, if Keras does not have it yet)")
    try:
        with _quiet_fetch():
            (train, train_labels), (test, test_labels) = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        target = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / _CACHED_AS
        raise UnavailableError(
            f"CIFAR-10 is not in Keras' cache and could not be fetched: {' '.join(str(error).split())}.",
            f"Fetch {_ORIGIN} where there is a network and save it as {target}.",
        ) from error
    pictures = ArrayPictures(np.concatenate([train, test]), preprocessing)
    labels = np.concatenate([train_labels, test_labels]).reshape(-1).astype(np.int64)
    splits = split_pictures(
        pictures,
        labels,
        pictures.hashes(),
        NAMES,
        held_out=np.arange(len(labels)) >= len(train),
        progress=progress,
    )
    return Dataset("cifar10", NAMES, preprocessing, *splits)


@contextlib.contextmanager
def _quiet_fetch() -> Iterator[None]:
    """Keep Keras from printing, and from waiting for ever for a network that does not answer."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(before)
