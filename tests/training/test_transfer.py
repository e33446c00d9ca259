"""Training from a trained base: two convolutions in the place of a MobileNet, real otherwise."""

import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgekit.data.folder import FileImages
from edgekit.errors import DataError, ModelError, UnavailableError, UsageError
from edgekit.files import sha256_file
from edgekit.progress import Recorder
from edgekit.quiet import import_tensorflow
from edgekit.training import TrainRequest, fit, train
from edgekit.training.features import FeatureCache
from edgekit.zoo import FAMILIES
from edgekit.zoo.card import card_of, read_card
from edgekit.zoo.load import load_model

SIZE = 12  # pixels


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A classifier of seven classes, as anybody may have trained and saved it."""
    import_tensorflow()
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            keras.layers.Conv2D(8, 3, strides=2, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(7, activation="softmax"),
        ]
    )
    path = tmp_path_factory.mktemp("base") / "theirs.keras"
    model.save(path)
    return path


def _paint(folder, classes, each, parts=("",)):
    """Write images of one colour for each class, with noise; every one is another."""
    for place, part in enumerate(parts):
        for label in range(classes):
            for i in range(each):
                pixels = np.random.default_rng([place, label, i]).integers(0, 90, (16, 16, 3))
                pixels[..., label] += 120
                path = folder / part / f"class_{label}" / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels.astype(np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Three classes of twenty images."""
    return _paint(tmp_path_factory.mktemp("data") / "photos", 3, 20)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _request(base, images, folder, **changes):
    request = TrainRequest(
        weights=str(base),
        dataset=str(images),
        epochs=2,
        head_epochs=12,
        batch_size=8,
        output=folder / "models",
        runs=folder / "runs",
    )
    return replace(request, **changes)


@pytest.fixture(scope="module")
def trained(base, photos, tmp_path_factory):
    """A whole training, and what it said."""
    folder, progress = tmp_path_factory.mktemp("trained"), Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEKIT_CACHE", str(folder / "cache"))
        return train(_request(base, photos, folder), progress), progress


def test_features_then_a_head_then_everything_each_with_its_accuracy(trained, base):
    outcome, progress = trained
    card = read_card(outcome.card_path)
    assert card == outcome.card
    features, head, tuning = card.stages
    assert (features.name, features.images, features.cached) == ("features", 45, 0)
    assert (head.name, tuning.name) == ("head", "fine-tuning")
    assert head.accuracy == outcome.history[11].validation_accuracy
    assert tuning.accuracy == outcome.history[-1].validation_accuracy
    assert [(e.stage, e.epoch) for e in outcome.history] == [
        *(("head", epoch) for epoch in range(1, 13)),
        *(("fine-tuning", epoch) for epoch in (1, 2)),
    ]
    shown = [what for what, _ in progress.steps]
    for step in ("Computing features of training images", "Training theirs_12_photos · head epoch"):
        assert any(what.startswith(step) for what in shown), step
    assert card.accuracy > 0.5, "three colours are easy"


def test_the_head_is_cut_off_and_the_base_goes_on_learning_but_for_its_statistics(trained, base):
    mine, theirs = load_model(trained[0].checkpoint), load_model(base)
    assert mine.output_shape == (None, 3)
    assert [layer.name for layer in mine.layers][-2:] == ["head_dropout", "head_predictions"]
    changed = [
        np.abs(a - b).max() for a, b in zip(mine.get_weights()[:7], theirs.get_weights()[:7], strict=True)
    ]
    assert 0 < changed[0] < 0.05, "a small rate"
    assert changed[1:5] == [0.0] * 4, "batch normalization stays"
    assert all(layer.trainable for layer in mine.layers)
    assert not mine.compiled


def test_the_card_says_how_to_do_it_again(trained, base, photos):
    card = trained[0].card
    assert card.training.weights_sha256 == sha256_file(base)
    assert card.command == (
        f"edgekit train --resolution 12 --dataset {photos} --epochs 2 --batch-size 8 --learning-rate 0.001 "
        f"--momentum 0.9 --seed 0 --weights {base} --head-epochs 12"
    )
    assert not train(_request(base, photos, trained[0].checkpoint.parents[1])).trained


def test_what_the_base_makes_of_an_image_is_computed_once(base, photos, tmp_path, monkeypatch):
    first = train(_request(base, photos, tmp_path, epochs=0))
    computed, of = [], FeatureCache.of

    def counting(self, split, compute, what, progress):
        return of(self, split, lambda images: computed.append(len(images)) or compute(images), what, progress)

    monkeypatch.setattr(FeatureCache, "of", counting)
    again = train(_request(base, photos, tmp_path, epochs=0, restart=True))
    assert again.card.stages[0].cached == again.card.stages[0].images == 45
    assert computed == []
    assert sha256_file(again.checkpoint) == first.card.sha256, "the same features, the same head"
    _paint(photos.with_name("more"), 3, 22)
    more = train(_request(base, photos.with_name("more"), tmp_path, epochs=0))
    assert more.card.stages[0].images > more.card.stages[0].cached > 30
    assert sum(computed) == more.card.stages[0].images - more.card.stages[0].cached


@pytest.mark.parametrize(
    ("module", "last"),
    [
        ("features", 'path.suffix == ".npz" and n == 2'),  # features of the training images are kept
        ("run_folder", 'path.name == "head-state.weights.h5" and n == 1'),
        ("run_folder", 'path.name == "state.weights.h5" and n == 2'),
    ],
)
def test_killed_in_any_stage_it_goes_on_and_ends_with_the_same_weights(
    base, photos, trained, tmp_path, cache, module, last
):
    request = _request(base, photos, tmp_path)
    script = textwrap.dedent(
        f"""
        import os, signal
        from collections import Counter
        from pathlib import Path, PosixPath
        from edgekit.training import TrainRequest, features, fit, run_folder, train

        fit._KEEP = 0  # every epoch
        write, seen = {module}.write_atomic, Counter()
        def write_or_die(path, data, remedy):
            seen[path.suffix if path.suffix == ".npz" else path.name] += 1
            n = seen[path.suffix if path.suffix == ".npz" else path.name]
            if {last}:
                os.kill(os.getpid(), signal.SIGKILL)
            write(path, data, remedy)
        {module}.write_atomic = write_or_die
        train({request!r})
        """
    )
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list((tmp_path / "models").iterdir()) == []
    progress = Recorder()
    outcome = train(request, progress)
    if "2" in last and module == "run_folder":
        assert any("Resuming after fine-tuning epoch 1 of 2" in note for note in progress.notes)
        assert not any(what.startswith("Computing features") for what, _ in progress.steps)
    for mine, theirs in zip(
        load_model(outcome.checkpoint).get_weights(),
        load_model(trained[0].checkpoint).get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert [(e.stage, e.epoch) for e in outcome.history] == [(e.stage, e.epoch) for e in trained[0].history]
    assert outcome.card.stages[0].images == 45


def test_other_settings_do_not_go_on_with_a_head_that_is_half_trained(base, photos, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "_KEEP", 0)
        patch.setattr(fit._Log, "batch", _stop_at(40))
        with pytest.raises(KeyboardInterrupt):
            train(_request(base, photos, tmp_path))
    with pytest.raises(UsageError, match=r"holds \d+ of 14 epochs.*head\.epochs 12 → 13.*--restart"):
        train(_request(base, photos, tmp_path, head_epochs=13))


def _stop_at(step):
    """Be interrupted at a step, as by Ctrl-C or SIGTERM."""
    seen = []

    def batch(self, number, logs):
        seen.append(number)
        if len(seen) == step:
            raise KeyboardInterrupt

    return batch


def test_another_resolution_is_built_anew_and_said(base, photos, tmp_path):
    progress = Recorder()
    outcome = train(_request(base, photos, tmp_path, epochs=0, resolution=20), progress)
    assert load_model(outcome.checkpoint).input_shape == (None, 20, 20, 3)
    assert "The base was trained at 12 pixels, and is built for 20" in " ".join(progress.notes)
    first = load_model(outcome.checkpoint).get_weights()[0]
    np.testing.assert_array_equal(first, load_model(base).get_weights()[0])


def test_a_test_part_is_respected_and_looked_at_once(base, tmp_path, monkeypatch):
    folder = _paint(tmp_path / "divided", 2, 6, parts=("train", "validation", "test"))
    read = FileImages.read
    seen = []

    def counting(self, indices):
        seen.extend(self.paths[i].relative_to(folder).parts[0] for i in indices)
        return read(self, indices)

    monkeypatch.setattr(FileImages, "read", counting)
    card = train(_request(base, folder, tmp_path)).card
    assert card.evaluated == card.splits.evaluation.n == 12
    assert seen[-12:] == ["test"] * 12
    assert seen.count("test") == 12


def test_two_classes_are_told_apart_by_one_sigmoid(base, tmp_path):
    folder = _paint(tmp_path / "two", 2, 20)
    outcome = train(_request(base, folder, tmp_path, recipe="cats-and-dogs", epochs=1, head_epochs=8))
    model = load_model(outcome.checkpoint)
    assert model.output_shape == (None, 1)
    assert [layer.units for layer in model.layers if type(layer).__name__ == "Dense"] == [256, 128, 1]
    assert [layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"] == [0.5, 0.5]
    assert outcome.card.classes == 2
    optimizer = outcome.card.training.optimizer
    assert (optimizer.name, optimizer.momentum, optimizer.nesterov) == ("sgd", 0.9, True)
    assert outcome.card.training.learning_rate == 0.005
    assert outcome.card.training.head.learning_rate == 0.01
    assert outcome.card.accuracy > 0.5


def test_a_base_of_a_family_is_recognised_by_its_card_or_by_its_weights(photos, tmp_path):
    shipped = Path(__file__).parents[2] / "models" / "mobilenet_v1_0.25_32_digits.keras"
    card = train(_request(shipped.stem, photos, tmp_path, epochs=0, head_epochs=1)).card
    assert (card.name, card.family, card.alpha) == ("mobilenet_v1_0.25_32_photos", "mobilenet_v1", 0.25)
    assert card.command.startswith("edgekit train mobilenet_v1 --alpha 0.25 --resolution 32 ")
    (tmp_path / "loose.keras").write_bytes(shipped.read_bytes())
    request = _request(tmp_path / "loose.keras", photos, tmp_path, family="mobilenet_v1", epochs=0)
    with pytest.raises(UsageError, match=r"loose\.keras is not a mobilenet_v1 of alpha 0\.5"):
        train(request)
    again = train(replace(request, alpha=0.25, head_epochs=1)).card
    assert (again.family, again.alpha) == ("mobilenet_v1", 0.25)
    with pytest.raises(UsageError, match=r"has alpha 0\.25, not 0\.5.*Leave out --alpha"):
        train(_request(shipped, photos, tmp_path, alpha=0.5))


@pytest.fixture
def keras_cache(tmp_path, monkeypatch):
    """An empty Keras cache, and no network: nothing listens on port 1."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    family = FAMILIES["mobilenet_v1"]
    unreachable = replace(family.imagenet, address="http://127.0.0.1:1/mobilenet/")
    monkeypatch.setitem(FAMILIES, family.name, replace(family, imagenet=unreachable))
    (tmp_path / "keras" / "models").mkdir(parents=True)
    return tmp_path / "keras" / "models"


def test_imagenet_weights_that_cannot_be_had_are_named(photos, tmp_path, keras_cache):
    with pytest.raises(UnavailableError) as caught:
        train(_request("imagenet", photos, tmp_path, alpha=0.25, resolution=128))
    for part in ("mobilenet_2_5_128_tf_no_top.h5", str(keras_cache), "--weights FILE"):
        assert part in str(caught.value)


@pytest.mark.parametrize("whole", [False, True])
def test_imagenet_weights_come_from_keras_cache_or_a_file_with_or_without_classes(
    photos, tmp_path, keras_cache, whole
):
    import h5py
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    import_tensorflow()
    import keras

    top = {"classes": 1000} if whole else {"include_top": False}
    model = keras.applications.MobileNet((128, 128, 3), alpha=0.25, weights=None, **top)
    name = f"mobilenet_2_5_128_tf{'' if whole else '_no_top'}.h5"
    with h5py.File(keras_cache / name, "w") as file:
        save_weights_to_hdf5_group(file, model)
    weights = keras_cache / name if whole else "imagenet"
    request = _request(weights, photos, tmp_path, alpha=0.25, resolution=96, epochs=0, head_epochs=1)
    outcome = train(request)
    mine = load_model(outcome.checkpoint)
    np.testing.assert_array_equal(
        mine.get_layer("conv_pw_13").get_weights()[0], model.get_layer("conv_pw_13").get_weights()[0]
    )
    assert outcome.card.name == "mobilenet_v1_0.25_96_photos"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:3000]), r"theirs\.keras is not a whole Keras file"),
        (lambda path: path.write_bytes(b""), r"theirs\.keras is empty"),
        (lambda path: path.unlink(), r"There is no file or trained model .*theirs\.keras"),
    ],
)
def test_a_base_that_is_damaged_is_named(base, photos, tmp_path, damage, sentence):
    path = tmp_path / "theirs.keras"
    path.write_bytes(base.read_bytes())
    damage(path)
    with pytest.raises(ModelError, match=sentence):
        train(_request(path, photos, tmp_path))
    assert not (tmp_path / "runs").exists()


def test_images_that_cannot_be_learnt_from_are_named(base, tmp_path):
    one = _paint(tmp_path / "one", 1, 5)
    with pytest.raises(DataError, match=r"only the sub-folder 'class_0'.*at least two classes"):
        train(_request(base, one, tmp_path))
    few = _paint(tmp_path / "few", 2, 5)
    for path in list((few / "class_1").iterdir())[1:]:
        path.unlink()
    with pytest.raises(DataError, match=r"Class 'class_1' has 1 .*needs at least 3"):
        train(_request(base, few, tmp_path))


def test_settings_that_need_a_base_say_so(photos, tmp_path):
    with pytest.raises(UsageError, match=r"'cats-and-dogs' starts from a trained base.*--weights"):
        train(_request("x", photos, tmp_path, weights=None, head_epochs=None, recipe="cats-and-dogs"))
    with pytest.raises(UsageError, match=r"--head-epochs 12 is for a trained base"):
        train(_request("x", photos, tmp_path, weights=None))
    with pytest.raises(UsageError, match=r"no recipe 'cats'.*Choose from: .*cats-and-dogs"):
        train(_request("x", photos, tmp_path, recipe="cats"))


def test_a_base_or_family_that_is_not_there_is_named_with_the_nearest(photos, tmp_path):
    with pytest.raises(ModelError, match=r"trained model 'imagnet'\. Did you mean 'imagenet'\?"):
        train(_request("imagnet", photos, tmp_path))
    with pytest.raises(UsageError, match=r"no model family 'mobilenet_v9'\. Did you mean 'mobilenet_v"):
        train(_request("imagenet", photos, tmp_path, family="mobilenet_v9"))


def test_a_result_never_replaces_its_own_base(base, photos, tmp_path):
    done = train(_request(base, photos, tmp_path, epochs=0, head_epochs=1))
    assert card_of(done.checkpoint).is_file()
    with pytest.raises(UsageError, match=r"would replace its own base"):
        train(_request(done.checkpoint, photos, tmp_path))
