from dataclasses import replace

import numpy as np
import pytest

from edgekit.artefact import Preprocessing
from edgekit.data import Split, load_dataset
from edgekit.data.dataset import LazyHashes
from edgekit.data.shapes import ShapePictures
from edgekit.progress import SILENT
from edgekit.training import held

CONTRACT = Preprocessing(height=16, width=16)


@pytest.fixture
def drawn(monkeypatch):
    """How many shapes were drawn."""
    counts = []
    read = ShapePictures.read
    monkeypatch.setattr(ShapePictures, "read", lambda self, i: (counts.append(len(i)), read(self, i))[1])
    return counts


def _split(n=300):
    pictures = ShapePictures(n, CONTRACT, 0, 0)
    return Split(pictures, np.arange(n) % 12, LazyHashes(pictures))


def test_pictures_are_drawn_once_to_be_hashed_and_trained_on(drawn):
    plain = _split()
    record = plain.record()
    drawn.clear()
    dataset = replace(load_dataset("shapes", resolution=16), train=_split(), calibration=_split(12))
    dataset = held.hold_unhashed(replace(dataset, evaluation=_split(12)), SILENT)
    assert dataset.train.record() == record
    assert held.hold(dataset.train, "training", CONTRACT, SILENT) is dataset.train
    np.testing.assert_array_equal(dataset.train.pictures.read([299, 3, 3]), plain.pictures.read([299, 3, 3]))
    assert sum(drawn) == 300 + 12 + 12 + 3


def test_more_than_fits_into_memory_is_read_when_it_is_needed(monkeypatch, drawn):
    monkeypatch.setattr(held, "_IN_MEMORY", 300 * 16 * 16 * 3 - 1)
    split = _split()
    assert held.hold(split, "training", CONTRACT, SILENT) is split
    assert drawn == []
