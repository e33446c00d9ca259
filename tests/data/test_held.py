from dataclasses import replace

import numpy as np
import pytest

from edgekit.artefact import Preprocessing
from edgekit.data import Split, held, load_dataset
from edgekit.data.dataset import LazyHashes
from edgekit.data.shapes import ShapeImages
from edgekit.progress import SILENT

CONTRACT = Preprocessing(height=16, width=16)


@pytest.fixture
def drawn(monkeypatch):
    """How many shapes were drawn."""
    counts = []
    read = ShapeImages.read
    monkeypatch.setattr(ShapeImages, "read", lambda self, i: (counts.append(len(i)), read(self, i))[1])
    return counts


def _split(n=300):
    images = ShapeImages(n, CONTRACT, 0, 0)
    return Split(images, np.arange(n) % 12, LazyHashes(images))


def test_images_are_drawn_once_to_be_hashed_and_trained_on(drawn):
    plain = _split()
    record = plain.record()
    drawn.clear()
    dataset = replace(load_dataset("shapes", resolution=16), train=_split(), calibration=_split(12))
    dataset = held.hold_unhashed(replace(dataset, evaluation=_split(12)), SILENT)
    assert dataset.train.record() == record
    assert held.hold(dataset.train, "training", CONTRACT, SILENT) is dataset.train
    np.testing.assert_array_equal(dataset.train.images.read([299, 3, 3]), plain.images.read([299, 3, 3]))
    assert sum(drawn) == 300 + 12 + 12 + 3


def test_more_than_fits_into_memory_is_read_when_it_is_needed(monkeypatch, drawn):
    monkeypatch.setattr(held, "_IN_MEMORY", 300 * 16 * 16 * 3 - 1)
    split = _split()
    assert held.hold(split, "training", CONTRACT, SILENT) is split
    assert drawn == []
