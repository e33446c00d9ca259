import os
import subprocess
import sys

import numpy as np
import pytest

from edgekit.data import load_dataset

OFFLINE = """
from edgekit.data import load_dataset
from edgekit.errors import UnavailableError
try:
    load_dataset("cifar10", resolution=32)
except UnavailableError as error:
    print(f"exit code {error.exit_code}: {error}")
"""


def test_without_a_network_the_file_and_its_place_are_named(tmp_path):
    nowhere = "http://127.0.0.1:9"  # nothing listens there
    environment = {
        **os.environ,
        "KERAS_HOME": str(tmp_path),
        "KERAS_BACKEND": "no such backend",
        "https_proxy": nowhere,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    environment.pop("no_proxy", None)
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("exit code 3: CIFAR-10 is not in Keras' cache and could not be fetched: ")
    assert "cs.toronto.edu/~kriz/cifar-10-python.tar.gz" in done.stdout
    assert str(tmp_path / "datasets" / "cifar-10-batches-py-target_archive") in done.stdout
    assert len(done.stdout.splitlines()) == 1  # Keras prints nothing of its own


@pytest.fixture
def small_cifar10(monkeypatch):
    """Keras' loader with few images: the real ones are 170 MB away."""
    import keras

    rng = np.random.default_rng(0)

    def load_data():
        assert keras.config.image_data_format() == "channels_last", "it would turn the images"
        print("Downloading data from …")
        labels = np.arange(200, dtype=np.uint8)[:, None] % 10
        images = rng.integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
        return (images[:150], labels[:150]), (images[150:], labels[150:])

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", load_data)


@pytest.mark.usefixtures("small_cifar10")
def test_its_test_images_evaluate(progress, capsys):
    import keras

    keras.config.set_image_data_format("channels_first")
    dataset = load_dataset("cifar10", resolution=48, progress=progress)
    assert dataset.labels[3] == "cat"
    assert len(dataset.evaluation) == 50
    assert len(dataset.train) + len(dataset.calibration) == 150
    assert dataset.evaluation.labels.dtype == np.int64
    assert dataset.evaluation.images.read([0, 1]).shape == (2, 48, 48, 3)
    assert progress.steps
    assert capsys.readouterr().out == ""
