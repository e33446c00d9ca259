"""Tiny trainings, real ones: two classes of plain images, a MobileNet of the smallest width."""

import json
import math
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgekit.errors import DataError, ModelError, StorageError, UsageError
from edgekit.files import sha256_file
from edgekit.progress import Recorder
from edgekit.training import TrainRequest, fit, train
from edgekit.zoo.card import read_card
from edgekit.zoo.load import load_model
from edgekit.zoo.source import resolve

NAME = "mobilenet_v1_0.0625_32_tiny"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Sixty dark and sixty light images with noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    images = rng.integers(0, 120, (120, 16, 16, 3)) + 120 * labels[:, None, None, None]
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    np.savez(path, images=images.astype(np.uint8), labels=labels)
    return path


def _request(images, folder, **changes):
    request = TrainRequest(
        alpha=0.0625,
        resolution=32,
        dataset=str(images),
        epochs=3,
        batch_size=16,
        output=folder / "models",
        runs=folder / "runs",
    )
    return replace(request, **changes)


def _assert_same_weights(path, other):
    for mine, theirs in zip(load_model(path).get_weights(), load_model(other).get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """A whole training, and what it said."""
    folder, progress = tmp_path_factory.mktemp("trained"), Recorder()
    return train(_request(images, folder), progress), progress


def test_a_training_ends_with_a_checkpoint_its_card_and_curves(trained, images):
    outcome, _ = trained
    assert outcome.trained
    assert outcome.checkpoint.name == f"{NAME}.keras"
    card = read_card(outcome.card_path)
    assert card == outcome.card
    assert (card.name, card.alpha, card.resolution, card.labels) == (NAME, 0.0625, 32, ("0", "1"))
    assert card.sha256 == sha256_file(outcome.checkpoint)
    assert card.parameters == load_model(outcome.checkpoint).count_params()
    assert card.splits.train.n + card.splits.calibration.n + card.splits.evaluation.n == 120
    assert card.evaluated == card.splits.evaluation.n
    assert 0 <= card.accuracy <= 1
    assert card.command == (
        f"edgekit train mobilenet_v1 --alpha 0.0625 --resolution 32 --dataset {images} --epochs 3 "
        "--batch-size 16 --learning-rate 0.003 --momentum 0.9 --seed 0"
    )
    assert [epoch.epoch for epoch in outcome.history] == [1, 2, 3]


def test_the_checkpoint_has_no_optimizer_and_the_momentum_asked_for(trained):
    model = load_model(trained[0].checkpoint)
    # float32 weights and a configuration; AdamW's two moments would make it three times that
    assert trained[0].checkpoint.stat().st_size < 4 * model.count_params() + 600_000
    with zipfile.ZipFile(trained[0].checkpoint) as archive:
        assert json.loads(archive.read("config.json"))["compile_config"] == {}
    assert {x.momentum for x in model.layers if type(x).__name__ == "BatchNormalization"} == {0.9}


def test_progress_counts_over_the_whole_training(trained):
    _, progress = trained
    shown = [(what, total) for what, total in progress.steps if what.startswith("Training")]
    assert shown
    assert all(f"Training {NAME} · epoch " in what and "loss" in what for what, _ in shown)
    (total,) = {total for _, total in shown}
    assert total % 3 == 0
    assert any(note.startswith("Epoch 3 of 3: loss") for note in progress.notes)


def test_the_curves_are_an_image_and_a_page_that_needs_no_network(trained):
    png, html = trained[0].curves
    assert png.read_bytes().startswith(b"\x89PNG")
    page = html.read_text()
    assert "<script src=" not in page
    assert "calibration split" in page


def test_the_trained_model_is_found_by_its_name(trained, monkeypatch):
    monkeypatch.setattr("edgekit.zoo.trained.models_folders", lambda: (trained[0].checkpoint.parent,))
    found = resolve(NAME)
    assert found.load().classes == 2
    assert found.card.labels == ("0", "1")


def test_a_training_killed_while_it_keeps_an_epoch_ends_with_the_same_weights(trained, images, tmp_path):
    """SIGKILL between the two files of an epoch's state: the history is ahead of the weights."""
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from edgekit.training import TrainRequest, fit, run_folder, train

        fit._KEEP = 0  # every epoch
        write, seen = run_folder.write_atomic, []
        def write_or_die(path, data, remedy):
            seen.append(path.name)
            if seen.count("history.json") == 2 and path.name.startswith("state"):
                os.kill(os.getpid(), signal.SIGKILL)
            write(path, data, remedy)
        run_folder.write_atomic = write_or_die
        train(TrainRequest(alpha=0.0625, resolution=32, dataset={str(images)!r}, epochs=3, batch_size=16,
            output=Path({str(tmp_path / "models")!r}), runs=Path({str(tmp_path / "runs")!r})))
        """
    )
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list((tmp_path / "models").iterdir()) == []

    with pytest.raises(UsageError, match=r"of 3 epochs.*epochs 3 → 5.*--restart"):
        train(_request(images, tmp_path, epochs=5))

    progress = Recorder()
    outcome = train(_request(images, tmp_path), progress)
    assert any(note.startswith("Resuming after epoch 1 of 3") for note in progress.notes)
    assert [epoch.epoch for epoch in outcome.history] == [1, 2, 3]
    _assert_same_weights(outcome.checkpoint, trained[0].checkpoint)
    assert sorted(p.name for p in (tmp_path / "models").iterdir()) == [f"{NAME}.keras", f"{NAME}.toml"]


def test_what_is_trained_is_not_trained_again(trained, images, tmp_path):
    shutil.copytree(trained[0].checkpoint.parent, tmp_path / "models")
    progress = Recorder()
    outcome = train(_request(images, tmp_path), progress)
    assert not outcome.trained
    assert outcome.card == trained[0].card
    assert any("trained already" in note for note in progress.notes)
    assert not (tmp_path / "runs").exists()


def test_a_lost_or_damaged_checkpoint_comes_back_from_its_finished_run(trained, images, tmp_path):
    for part in ("models", "runs"):
        shutil.copytree(trained[0].checkpoint.parent.parent / part, tmp_path / part)
    (tmp_path / "models" / f"{NAME}.keras").write_bytes(b"damaged")
    outcome = train(_request(images, tmp_path))
    assert outcome.trained
    assert outcome.card.sha256 == sha256_file(outcome.checkpoint)
    assert outcome.history == trained[0].history, "no epoch is trained again"
    _assert_same_weights(outcome.checkpoint, trained[0].checkpoint)


def test_a_damaged_state_is_said_with_what_to_do(trained, images, tmp_path):
    shutil.copytree(trained[0].checkpoint.parent.parent / "runs", tmp_path / "runs")
    state = tmp_path / "runs" / NAME / "state.weights.h5"
    state.write_bytes(state.read_bytes()[:5000])
    with pytest.raises(UsageError, match=r"unfinished training in .* is damaged.*--restart"):
        train(_request(images, tmp_path))


def test_a_state_without_its_history_is_not_trained_on(trained, images, tmp_path):
    shutil.copytree(trained[0].checkpoint.parent.parent / "runs", tmp_path / "runs")
    (tmp_path / "runs" / NAME / "history.json").unlink()
    with pytest.raises(UsageError, match=r"history\.json has 0 of 3 epochs.*--restart"):
        train(_request(images, tmp_path))


def test_a_full_temporary_folder_is_said_before_hdf5_falls_over_it(images, tmp_path, monkeypatch):
    monkeypatch.setattr("edgekit.training.trainer.fit", _fit_a_small_model())
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000))
    with pytest.raises(StorageError, match=r"has 100,000 bytes free.*TMPDIR"):
        train(_request(images, tmp_path))
    assert list((tmp_path / "models").iterdir()) == []
    assert not list((tmp_path / "runs" / NAME).glob("*.h5"))


def test_a_run_folder_that_cannot_be_written_advises_its_own_option(images, tmp_path):
    with pytest.raises(StorageError, match=r"No permission.*--runs"):
        train(_request(images, tmp_path, runs=Path("/sys/runs")))


def test_an_image_that_vanishes_during_a_training_is_named(tmp_path, monkeypatch):
    from PIL import Image

    rng = np.random.default_rng(0)
    for name in ("a/0", "a/1", "a/2", "a/3", "b/0", "b/1", "b/2", "b/3"):
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    monkeypatch.setattr("edgekit.data.held._IN_MEMORY", 0)
    monkeypatch.setattr(
        "edgekit.training.trainer.fit", _fit_a_small_model(lambda: shutil.rmtree(tmp_path / "photos"))
    )
    with pytest.raises(DataError, match=r"photos.*changed while it was in use"):
        train(_request(tmp_path / "photos", tmp_path, epochs=1, batch_size=2))


def _fit_a_small_model(first=lambda: None):
    """Fit a model of one layer in the place of the MobileNet, whose first step takes half a minute."""

    def run(model, *arguments):
        import keras

        first()
        layers = keras.layers.Flatten(), keras.layers.Dense(model.output_shape[-1], "softmax")
        return fit.fit(keras.Sequential([keras.Input(model.input_shape[1:]), *layers]), *arguments)

    return run


def test_a_loss_that_runs_away_is_said_and_keeps_no_epoch(tmp_path):
    training = TrainRequest(learning_rate=1e30).training()
    run = SimpleNamespace(folder=tmp_path)
    log = fit._Log(model=None, steps=1, run=run, history=[], progress=Recorder(), settings=training)
    with pytest.raises(UsageError, match=r"loss became nan in epoch 1, with learning rate 1e\+30.*smaller"):
        log.end(0, {"loss": math.nan, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5})
    assert log.history == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"alpha": -1.0}, "alpha.*received -1.0"),
        ({"resolution": 31}, "received 31"),
        ({"epochs": 0}, "epochs must be at least 1, received 0"),
        ({"batch_size": 1}, "batch-size must be at least 2, received 1"),
        ({"learning_rate": math.nan}, "learning-rate must be above 0, received nan"),
        ({"momentum": 1.0}, "momentum must be between 0 and 1, received 1.0"),
        ({"seed": -1}, "seed must be from 0 to 4294967295, received -1"),
    ],
)
def test_a_setting_out_of_range_is_refused_before_anything_is_written(tmp_path, changes, sentence):
    with pytest.raises(UsageError, match=sentence):
        train(_request("digits", tmp_path, **changes))
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_or_weights_that_are_not_there_are_named(images, tmp_path):
    with pytest.raises((DataError, UsageError), match=r"gone\.npz"):
        train(_request("gone.npz", tmp_path))
    with pytest.raises(ModelError, match=r"gone\.keras"):
        train(_request(images, tmp_path, weights="gone.keras"))


def test_an_output_that_is_a_file_is_refused_at_once(images, tmp_path):
    (tmp_path / "models").touch()
    with pytest.raises(UsageError, match="models is a file, not a folder"):
        train(_request(images, tmp_path))


def test_an_output_that_cannot_be_written_is_refused_at_once(images, tmp_path):
    # not even root makes folders in /sys
    with pytest.raises(StorageError, match="No permission"):
        train(_request(images, tmp_path, output=Path("/sys/models")))
