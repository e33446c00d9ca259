import errno
import hashlib
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest

from edgekit.data import Split, load_dataset, save_evaluation
from edgekit.data.evaluation import Packing
from edgekit.errors import DataError, StorageError


@pytest.fixture
def split():
    return load_dataset("shapes", resolution=16).calibration


def test_images_and_labels_come_back(tmp_path, split):
    path = tmp_path / "evaluation.npz"
    digest = save_evaluation(path, split)
    with np.load(path, allow_pickle=False) as file:
        assert sorted(file.files) == ["images", "labels"]
        assert file["images"].dtype == np.uint8
        assert file["labels"].dtype == np.int64
        assert (file["images"] == split.images.read(range(len(split)))).all()
        assert (file["labels"] == split.labels).all()
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_images_give_the_same_bytes_at_any_time(tmp_path, split, monkeypatch):
    first = save_evaluation(tmp_path / "a.npz", split)
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: pytest.fail("the date is written"))
    assert save_evaluation(tmp_path / "other name.npz", split) == first


def test_images_are_read_in_batches(tmp_path, split):
    asked = []

    class Counting:
        def __len__(self):
            return len(split)

        def read(self, indices):
            asked.append(len(indices))
            return split.images.read(indices)

    save_evaluation(tmp_path / "a.npz", Split(Counting(), split.labels, split.hashes))
    assert max(asked) <= 256
    assert sum(asked) <= len(split) + 1


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    class Noise:
        def __len__(self):
            return 4000

        def read(self, indices):
            chance = np.random.default_rng(indices[0])
            return chance.integers(0, 256, (len(indices), 32, 32, 3), np.uint8)

    tracemalloc.start()
    try:
        save_evaluation(tmp_path / "a.npz", Split(Noise(), np.zeros(4000, np.int64), ()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "a.npz").stat().st_size > 12e6
    assert peak < 6e6


def test_the_references_answers_are_written_and_hashed_with_the_rest(tmp_path, split):
    path = tmp_path / "evaluation.npz"
    answers = split.labels[::-1]
    digest = save_evaluation(path, split, answers)
    with np.load(path, allow_pickle=False) as file:
        assert sorted(file.files) == ["images", "keras", "labels"]
        assert file["keras"].dtype == np.int64
        assert (file["keras"] == answers).all()
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_images_that_fail_while_being_written_leave_no_file(tmp_path, split):
    class Failing:
        def __len__(self):
            return len(split)

        def read(self, indices):
            if len(indices) > 1:
                raise DataError("unreadable")
            return split.images.read(indices)

    with pytest.raises(DataError, match="unreadable"):
        save_evaluation(tmp_path / "a.npz", Split(Failing(), split.labels, split.hashes))
    assert not list(tmp_path.iterdir())


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
    empty = Split(split.images, split.labels[:0], ())
    with pytest.raises(DataError, match="empty"):
        save_evaluation(tmp_path / "a.npz", empty)
    assert not list(tmp_path.iterdir())


def test_a_set_packed_meanwhile_is_the_very_same_file(tmp_path, split):
    with Packing(split, split.labels) as packing:
        digest = packing.save(tmp_path / "a.npz")
    assert digest == save_evaluation(tmp_path / "b.npz", split, split.labels)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_without_room_for_it_meanwhile_it_is_packed_when_it_is_written(tmp_path, split, monkeypatch):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("edgekit.data.evaluation.TemporaryFile", full)
    with Packing(split) as packing:
        assert packing.save(tmp_path / "a.npz") == save_evaluation(tmp_path / "b.npz", split)


def test_packing_stops_when_the_set_is_not_wanted_any_more(split):
    read = []

    class Slow:
        def __len__(self):
            return len(split)

        def read(self, indices):
            read.append(len(indices))
            stopped.wait(10)
            return split.images.read(indices)

    stopped = threading.Event()
    with Packing(Split(Slow(), split.labels, split.hashes)) as packing:
        packing._stopped.set()
        stopped.set()
    assert len(read) <= 2


def test_an_image_that_cannot_be_read_meanwhile_is_named_when_the_set_is_written(tmp_path, split):
    class Failing:
        def __len__(self):
            return len(split)

        def read(self, indices):
            raise DataError("unreadable")

    with (
        Packing(Split(Failing(), split.labels, split.hashes)) as packing,
        pytest.raises(DataError, match="unreadable"),
    ):
        packing.save(tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())
