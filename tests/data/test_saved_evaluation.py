import hashlib
import zipfile

import numpy as np
import pytest

from edgekit.data import Split, load_dataset, save_evaluation
from edgekit.errors import DataError, StorageError


@pytest.fixture
def split():
    return load_dataset("shapes", resolution=16).calibration


def test_pictures_and_labels_come_back(tmp_path, split):
    path = tmp_path / "evaluation.npz"
    digest = save_evaluation(path, split)
    with np.load(path, allow_pickle=False) as file:
        assert sorted(file.files) == ["images", "labels"]
        assert file["images"].dtype == np.uint8
        assert file["labels"].dtype == np.int64
        assert (file["images"] == split.pictures.read(range(len(split)))).all()
        assert (file["labels"] == split.labels).all()
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_pictures_give_the_same_bytes_at_any_time(tmp_path, split, monkeypatch):
    first = save_evaluation(tmp_path / "a.npz", split)
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: pytest.fail("the date is written"))
    assert save_evaluation(tmp_path / "other name.npz", split) == first


def test_pictures_are_read_in_batches(tmp_path, split):
    asked = []

    class Counting:
        def __len__(self):
            return len(split)

        def read(self, indices):
            asked.append(len(indices))
            return split.pictures.read(indices)

    save_evaluation(tmp_path / "a.npz", Split(Counting(), split.labels, split.hashes))
    assert max(asked) <= 256
    assert sum(asked) <= len(split) + 1


def test_it_is_compressed_and_can_be_loaded_as_a_dataset(tmp_path):
    digits = load_dataset("digits", resolution=32)
    path = tmp_path / "evaluation.npz"
    save_evaluation(path, digits.evaluation)
    assert path.stat().st_size < 450 * 32 * 32  # a third of the pixels
    assert zipfile.ZipFile(path).testzip() is None
    assert load_dataset(str(path), resolution=32).labels == digits.labels


def test_a_place_that_cannot_be_written_is_named_and_left_clean(tmp_path, split):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="is a file, not a folder"):
        save_evaluation(tmp_path / "file" / "evaluation.npz", split)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_empty_split_is_refused(tmp_path, split):
    empty = Split(split.pictures, split.labels[:0], ())
    with pytest.raises(DataError, match="empty"):
        save_evaluation(tmp_path / "a.npz", empty)
    assert not list(tmp_path.iterdir())
