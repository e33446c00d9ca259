import errno
import tempfile
from dataclasses import replace

import numpy as np
import pytest

from edgekit.artefact import Preprocessing
from edgekit.data import Split, held, load_dataset
from edgekit.data.dataset import LazyHashes
from edgekit.data.shapes import ShapeImages
from edgekit.progress import SILENT, Recorder

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


def test_many_images_are_drawn_once_into_a_file_that_leaves_no_name(monkeypatch, tmp_path, drawn):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(held, "_FEW", 300 * 16 * 16 * 3 - 1)
    plain = _split()
    split = held.hold_in_file(_split(), "evaluation", CONTRACT, SILENT)
    assert isinstance(split.images, held.FiledImages)
    assert list(tmp_path.iterdir()) == []
    assert sum(drawn) == 300
    assert split.record() == plain.record()
    np.testing.assert_array_equal(split.images.read([299, 3, 3, -1]), plain.images.read([299, 3, 3, 299]))


@pytest.mark.parametrize("fault", ["no folder", "no room", "full"])
def test_images_that_find_no_room_in_a_file_are_read_again_and_a_note_says_so(monkeypatch, tmp_path, fault):
    monkeypatch.setattr(held, "_FEW", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none" if fault == "no folder" else tmp_path))
    if fault == "no room":
        monkeypatch.setattr(held, "_FREE", 1 << 50)
    if fault == "full":
        monkeypatch.setattr(held.FiledImages, "append", _full)
    split, recorder = _split(), Recorder()
    assert held.hold_in_file(split, "evaluation", CONTRACT, recorder) is split
    assert recorder.notes == [
        "The evaluation images are decoded again for each file, which takes longer: there is no room for "
        "0 MB of temporary files. Set TMPDIR to a folder with room."
    ]


def _full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")
