"""Where results of steps are kept."""

import shutil
from pathlib import Path

import pytest

from edgekit.errors import StorageError
from edgekit.sweeping import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def _result(folder: Path, text: str = "made") -> Path:
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "text").write_text(text)
    return folder


def test_what_was_put_is_held_and_its_folder_is_moved(store, tmp_path):
    made = _result(tmp_path / "made")
    assert not store.holds("key")
    store.put("key", made)
    assert store.holds("key")
    assert (store.path("key") / "deep" / "text").read_text() == "made"
    assert not made.exists()


def test_of_two_results_the_first_stays(store, tmp_path):
    store.put("key", _result(tmp_path / "first", "first"))
    store.put("key", _result(tmp_path / "second", "second"))
    assert (store.path("key") / "deep" / "text").read_text() == "first"


def test_a_result_on_another_file_system_is_copied(store, tmp_path, monkeypatch):
    made = _result(tmp_path / "made")
    rename = Path.rename

    def elsewhere(self, target):
        if self == made:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", elsewhere)
    store.put("key", made)
    assert (store.path("key") / "deep" / "text").read_text() == "made"
    assert made.exists()


def test_a_result_that_cannot_be_copied_whole_is_not_held(store, tmp_path, monkeypatch):
    made = _result(tmp_path / "made")
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda self, target: (_ for _ in ()).throw(OSError(18, "elsewhere")))

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(StorageError, match="The disk is full"):
        store.put("key", made)
    monkeypatch.setattr(Path, "rename", rename)
    assert not store.holds("key")
    assert list(store.folder.iterdir()) == []


def test_a_failure_is_kept_until_the_step_gives_something(store, tmp_path):
    store.fail("key", "measuring", "It was not there.", "Plug it in.")
    failure = store.failure("key")
    assert (failure.name, failure.reason, failure.hint) == ("measuring", "It was not there.", "Plug it in.")
    assert not store.holds("key")
    store.put("key", _result(tmp_path / "made"))
    assert store.failure("key") is None


def test_what_an_interrupted_step_left_is_there_for_the_next_try(store):
    with pytest.raises(KeyboardInterrupt), store.working("key") as folder:
        (folder / "epoch").write_text("3")
        raise KeyboardInterrupt
    with store.working("key") as folder:
        assert (folder / "epoch").read_text() == "3"
    with store.working("key") as folder:
        assert not (folder / "epoch").exists()
