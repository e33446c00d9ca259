"""One conversion of a shipped model, shared by the tests, and small models of a user's kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.once import once

from edgekit.artefact import ArtefactSet, Preprocessing, read_set
from edgekit.conversion import ConvertRequest, convert
from edgekit.conversion.feed import Feed
from edgekit.conversion.quality import Reference
from edgekit.data import load_dataset
from edgekit.progress import Recorder
from edgekit.quiet import import_tensorflow


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> ArtefactSet:
    """MobileNet v1 α .5 of digits in every format and precision. Read only."""

    def make(folder: Path) -> None:
        request = ConvertRequest(
            alpha=0.5,
            resolution=32,
            output=folder / "set",
            float16=True,
            command="edgekit convert --alpha 0.5 --int8 --float16",
        )
        convert(request)

    return read_set(once(tmp_path_factory, "converted_here", make) / "set")


@pytest.fixture(scope="session")
def calibration() -> Feed:
    """A few calibration images of digits at 32 pixels."""
    dataset = load_dataset("digits", resolution=32)
    return Feed(dataset.calibration, Preprocessing(height=32, width=32), 20)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model that scales its own images, is not square and gives logits."""
    import_tensorflow()
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((24, 40, 3)),
            layers.RandomFlip(),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    path = tmp_path_factory.mktemp("small") / "small.keras"
    model.save(path)
    return path


@pytest.fixture
def reference() -> Reference:
    """What a model of 10 classes says about 1,000 images, of which it is wrong on 100."""
    chance = np.random.default_rng(0)
    scores = chance.uniform(0, 1, (1000, 10)).astype(np.float32)
    labels = scores.argmax(axis=1)
    labels[:100] = (labels[:100] + 1) % 10
    return Reference(labels.astype(np.int64), scores)
