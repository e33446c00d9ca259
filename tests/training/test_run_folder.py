import fcntl
from pathlib import Path

import msgspec
import pytest

from edgekit.artefact import Preprocessing, Split
from edgekit.errors import UsageError
from edgekit.training.run_folder import Epoch, Settings, open_run
from edgekit.zoo.card import Augmentation, Splits, Training


def _settings(epochs=4):
    training = Training(
        epochs=epochs,
        batch_size=32,
        learning_rate=0.003,
        momentum=0.9,
        label_smoothing=0.1,
        weight_decay=0.01,
        augmentation=Augmentation(),
        seed=0,
    )
    splits = Splits(Split(10, "a"), Split(5, "b"), Split(7, "c"))
    return Settings("mobilenet_v1", 0.5, 32, ("0", "1"), training, splits, Preprocessing(32, 32))


def _pretend(folder, settings, done):
    """Leave a run folder as a training of `done` epochs leaves it."""
    with open_run(folder, settings, restart=False) as run:
        epochs = [Epoch(i + 1, 1.0, 0.1, 0.5, 0.9, 0.6, 0.8) for i in range(done)]
        (run.folder / "history.json").write_bytes(msgspec.json.encode(epochs))
        (run.folder / "state.weights.h5").write_bytes(b"weights")


def _epochs(folder, settings, *, restart=False):
    with open_run(folder, settings, restart=restart) as run:
        return len(run.history()), (run.folder / "state.weights.h5").exists()


def test_equal_settings_find_what_was_done(tmp_path):
    _pretend(tmp_path, _settings(), done=2)
    assert _epochs(tmp_path, _settings()) == (2, True)


def test_restart_forgets_it(tmp_path):
    _pretend(tmp_path, _settings(), done=2)
    assert _epochs(tmp_path, _settings(), restart=True) == (0, False)


def test_forgetting_removes_the_weights_first(tmp_path, monkeypatch):
    _pretend(tmp_path, _settings(), done=2)
    removed = []
    monkeypatch.setattr(Path, "unlink", lambda path, **_: removed.append(path.name))
    _epochs(tmp_path, _settings(), restart=True)
    assert removed[0] == "state.weights.h5"


def test_other_settings_never_continue_an_unfinished_run(tmp_path):
    _pretend(tmp_path, _settings(), done=2)
    with pytest.raises(UsageError, match=r"2 of 4 epochs.*training\.epochs 4 → 5.*--restart"):
        _epochs(tmp_path, _settings(epochs=5))
    assert _epochs(tmp_path, _settings()) == (2, True), "the refusal loses nothing"
    assert _epochs(tmp_path, _settings(epochs=5), restart=True) == (0, False)


def test_other_settings_begin_anew_where_the_run_is_complete(tmp_path):
    _pretend(tmp_path, _settings(), done=4)
    assert _epochs(tmp_path, _settings(epochs=5)) == (0, False)


def test_settings_of_another_edgekit_begin_anew(tmp_path):
    _pretend(tmp_path, _settings(), done=2)
    (tmp_path / "settings.json").write_text('{"family": "other"}')
    assert _epochs(tmp_path, _settings()) == (0, False)


def test_two_trainings_never_share_a_run_folder(tmp_path):
    with Path(tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="Another process is training"):
            _epochs(tmp_path, _settings())
