from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgekit.errors import ModelError, RecordError, UsageError
from edgekit.files import sha256_file
from edgekit.quiet import import_tensorflow
from edgekit.zoo import ModelSpec, source
from edgekit.zoo.build import build
from edgekit.zoo.card import write_card
from edgekit.zoo.source import resolve
from edgekit.zoo.trained import dataset_name
from tests.zoo.test_card import make_card


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with an empty models folder, and no user's or shipped models."""
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("edgekit.zoo.trained.models_folders", lambda: (tmp_path / "models",))
    return tmp_path / "models"


def _checkpoint(folder, alpha, resolution, dataset, content=b"stand-in"):
    """A card beside a file that need not be a model as long as it is only looked up."""
    name = f"mobilenet_v1_{alpha}_{resolution}_{dataset_name(dataset)}"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.keras").write_bytes(content)
    card = make_card(
        name=name,
        alpha=alpha,
        resolution=resolution,
        dataset=dataset,
        sha256=sha256_file(folder / f"{name}.keras"),
    )
    write_card(folder / f"{name}.toml", card)
    return card


def test_a_family_means_its_digits_checkpoint_of_half_width(folder):
    for alpha in (0.25, 0.5):
        _checkpoint(folder, alpha, 32, "digits")
        _checkpoint(folder, alpha, 64, "shapes")
    found = resolve("mobilenet_v1")
    assert (found.name, found.origin) == ("mobilenet_v1_0.5_32_digits",) * 2
    assert (found.alpha, found.resolution, found.classes, found.dataset) == (0.5, 32, 2, "digits")
    assert found.card.labels == ("nil", 'quoted "one"')
    assert resolve("mobilenet_v1", alpha=0.25).name == "mobilenet_v1_0.25_32_digits"
    assert resolve("mobilenet_v1", resolution=64).name == "mobilenet_v1_0.5_64_shapes"
    assert resolve("mobilenet_v1", dataset="shapes", alpha=0.25).name == "mobilenet_v1_0.25_64_shapes"
    assert resolve("mobilenet_v1_0.25_64_shapes").alpha == 0.25


def test_a_checkpoint_trained_on_a_folder_is_found_by_that_folder(folder):
    _checkpoint(folder, 0.5, 96, "./My photos/")
    assert resolve("mobilenet_v1", dataset="My photos").name == "mobilenet_v1_0.5_96_My-photos"


def test_what_is_not_there_is_answered_with_what_is_and_how_to_make_it(folder):
    _checkpoint(folder, 0.5, 32, "digits")
    with pytest.raises(
        UsageError,
        match=r"no trained mobilenet_v1 with alpha 0.33.*There are: mobilenet_v1_0.5_32_digits.*"
        r"edgekit train mobilenet_v1 --alpha 0.33 --resolution 32 --dataset digits",
    ):
        resolve("mobilenet_v1", alpha=0.33)
    with pytest.raises(UsageError, match=r"resolution 96.*--resolution 96 --dataset digits"):
        resolve("mobilenet_v1", resolution=96)


def test_several_that_fit_equally_are_all_named(folder):
    _checkpoint(folder, 0.5, 96, "cats")
    _checkpoint(folder, 0.5, 96, "dogs")
    with pytest.raises(UsageError, match=r"Several.*0.5_96_cats, mobilenet_v1_0.5_96_dogs"):
        resolve("mobilenet_v1")


def test_the_projects_checkpoint_shadows_one_of_the_same_name(folder, tmp_path, monkeypatch):
    own = _checkpoint(folder, 0.5, 32, "digits", b"mine")
    shipped = tmp_path / "shipped"
    _checkpoint(shipped, 0.5, 32, "digits", b"theirs")
    monkeypatch.setattr("edgekit.zoo.trained.models_folders", lambda: (folder, shipped))
    assert resolve("mobilenet_v1").sha256 == own.sha256


def test_a_misspelt_name_gets_a_suggestion(folder):
    _checkpoint(folder, 0.5, 32, "digits")
    with pytest.raises(
        UsageError, match=r"no model 'mobilenet_v1_0.5_32_digit'.*Did you mean 'mobilenet_v1_0.5_32"
    ):
        resolve("mobilenet_v1_0.5_32_digit")


def test_a_missing_file_is_named(folder):
    with pytest.raises(ModelError, match=r"no file gone\.keras"):
        resolve("gone.keras")
    with pytest.raises(ModelError, match=r"no file gone\.keras"):
        resolve("mobilenet_v1", weights="gone.keras")


def test_a_damaged_card_is_not_passed_over(folder):
    card = _checkpoint(folder, 0.5, 32, "digits")
    (folder / f"{card.name}.toml").write_text("schema = 3")
    with pytest.raises(RecordError, match=r"schema 3"):
        resolve("mobilenet_v1")


def test_a_damaged_card_stops_only_who_means_its_checkpoint(folder):
    _checkpoint(folder, 0.5, 32, "digits")
    broken = _checkpoint(folder, 0.25, 64, "shapes").name
    (folder / f"{broken}.toml").write_text("half a ca")
    model = build(ModelSpec("mobilenet_v1", 0.25, 32, 2))
    model.save("mine.keras")
    assert resolve("mine.keras").name == "mine"
    assert resolve("mobilenet_v1").name == resolve("mobilenet_v1_0.5_32_digits").name
    with pytest.raises(UsageError, match=r"There are: mobilenet_v1_0.5_32_digits"):
        resolve("mobilenet_v1", alpha=0.75)
    for asked in (broken, f"models/{broken}.keras"):
        with pytest.raises(RecordError, match=f"{broken}.toml is not a card"):
            resolve(asked)
    with pytest.raises(RecordError, match=f"{broken}.toml is not a card"):
        resolve("mobilenet_v1", alpha=0.25)


def test_a_damaged_card_still_shadows_what_ships(folder, tmp_path, monkeypatch):
    name = _checkpoint(folder, 0.5, 32, "digits").name
    (folder / f"{name}.toml").write_text("half a ca")
    _checkpoint(tmp_path / "shipped", 0.5, 32, "digits")
    monkeypatch.setattr("edgekit.zoo.trained.models_folders", lambda: (folder, tmp_path / "shipped"))
    for asked in ("mobilenet_v1", name):
        with pytest.raises(RecordError, match="not a card"):
            resolve(asked)


@pytest.mark.parametrize("alpha", [0, -1])
def test_an_impossible_width_is_refused_before_anything_is_looked_for(folder, alpha):
    with pytest.raises(UsageError, match=f"received {alpha}"):
        resolve("mobilenet_v1", alpha=alpha)


def test_a_checkpoint_whose_bytes_changed_is_refused_when_loaded(folder):
    card = _checkpoint(folder, 0.5, 32, "digits")
    (folder / f"{card.name}.keras").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"not the file its card describes"):
        resolve("mobilenet_v1").load()


def test_a_file_without_a_card_is_read_at_its_own_size(folder, tmp_path):
    model = build(ModelSpec("mobilenet_v1", 0.25, 40, 3))
    model.save(tmp_path / "mine.keras")
    found = resolve("mine.keras")
    assert (found.name, found.origin, found.dataset) == ("mine", "mine.keras", None)
    assert found.sha256 == sha256_file(tmp_path / "mine.keras")
    loaded = found.load()
    assert (loaded.preprocessing.height, loaded.preprocessing.width, loaded.classes) == (40, 40, 3)
    assert loaded.preprocessing.mean == loaded.preprocessing.std == (127.5, 127.5, 127.5)
    with pytest.raises(UsageError, match=r"has resolution 40, not 64"):
        resolve("mine.keras", resolution=64).load()
    with pytest.raises(UsageError, match=r"--alpha 0.5 cannot be applied"):
        resolve("mine.keras", alpha=0.5)


def test_a_file_of_weights_needs_its_model_named(folder, tmp_path):
    model = build(ModelSpec("mobilenet_v1", 0.25, 32, 3))
    model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(UsageError, match=r"--alpha, --resolution and --classes"):
        resolve("mobilenet_v1", alpha=0.25, weights="w.weights.h5")
    found = resolve("mobilenet_v1", alpha=0.25, resolution=32, classes=3, weights="w.weights.h5")
    image = np.zeros((1, 32, 32, 3), np.float32)
    np.testing.assert_array_equal(found.load().model.predict_on_batch(image), model.predict_on_batch(image))
    with pytest.raises(ModelError, match=r"not of a model with input"):
        resolve("mobilenet_v1", alpha=0.5, resolution=32, classes=3, weights="w.weights.h5").load()
    with pytest.raises(ModelError, match=r"holds weights, but no model"):
        resolve("w.weights.h5").load()


def test_weights_only_are_known_by_what_the_file_holds(folder):
    import h5py
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    model = build(ModelSpec("mobilenet_v1", 0.25, 32, 3))
    with h5py.File("plain.h5", "w") as file:
        save_weights_to_hdf5_group(file, model)
    with pytest.raises(
        UsageError, match=r"plain\.h5 holds weights only.*--alpha, --resolution and --classes"
    ):
        resolve("mobilenet_v1", weights="plain.h5")
    found = resolve("mobilenet_v1", alpha=0.25, resolution=32, classes=3, weights="plain.h5")
    assert (found.family, found.alpha) == ("mobilenet_v1", 0.25)
    for mine, theirs in zip(found.load().model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_whole_model_given_as_weights_speaks_for_itself(folder):
    build(ModelSpec("mobilenet_v1", 0.25, 40, 3)).save("mine.keras")
    found = resolve("mobilenet_v1", weights="mine.keras")
    assert found == resolve("mine.keras")
    assert (found.family, found.alpha) == (None, None), "nobody has looked"
    with pytest.raises(UsageError, match=r"--alpha 0.25 cannot be applied"):
        resolve("mobilenet_v1", alpha=0.25, weights="mine.keras")
    with pytest.raises(UsageError, match=r"has resolution 40, not 64"):
        resolve("mobilenet_v1", resolution=64, weights="mine.keras").load()

    card = _checkpoint(folder, 0.25, 32, "digits")
    path = str(folder / f"{card.name}.keras")
    assert resolve("mobilenet_v1", weights=path).card == card
    with pytest.raises(UsageError, match=r"has alpha 0.25, not 0.5"):
        resolve("mobilenet_v1", alpha=0.5, weights=path)


def test_a_model_for_images_of_any_size_gets_the_one_asked_for(folder, tmp_path):
    import_tensorflow()
    import keras

    layers = keras.layers
    free = keras.Sequential(
        [keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(2)]
    )
    free.save(tmp_path / "free.keras")
    with pytest.raises(ModelError, match=r"any size.*--resolution"):
        resolve("free.keras").load()
    assert resolve("free.keras", resolution=48).load().model.input_shape == (None, 48, 48, 3)
    with pytest.raises(ModelError, match=r"free\.keras cannot take images of 2 × 2 pixels.*--resolution"):
        resolve("free.keras", resolution=2).load()


@pytest.mark.parametrize("asked", [{"resolution": 0}, {"resolution": -5}, {"classes": 0}])
def test_a_size_or_number_of_classes_below_the_least_is_refused_before_anything_is_read(folder, asked):
    Path("free.keras").write_bytes(b"not read")
    for model in ("free.keras", "mobilenet_v1"):
        with pytest.raises(UsageError, match=rf"at least .*received {next(iter(asked.values()))}"):
            resolve(model, **asked)


def test_a_model_that_does_not_take_images_is_refused(folder, tmp_path):
    import_tensorflow()
    import keras

    layers = [keras.Input((8, 8, 5)), keras.layers.Flatten(), keras.layers.Dense(2)]
    keras.Sequential(layers).save("odd.keras")
    with pytest.raises(ModelError, match="not images"):
        resolve("odd.keras").load()


@pytest.mark.parametrize(
    ("shape", "classes"),
    [
        ((None, 7), 7),
        ((None, 1), 2),
        ((None, 1, 1, 5), 5),
        ([(None, 5)], 5),
        ([(None, 2), (None, 1)], 0),
        ({"boxes": (None, 4), "scores": (None, 2)}, 0),
        ((None, 8, 8, 2), 0),
    ],
)
def test_the_classes_are_counted_by_the_shape_of_the_output(shape, classes):
    from edgekit.zoo.image import number_of_classes

    assert number_of_classes(SimpleNamespace(output_shape=shape)) == classes


def test_the_hash_of_a_folder_follows_names_and_contents(tmp_path):
    def digest():
        return source.sha256_path(tmp_path / "saved")

    (tmp_path / "saved" / "variables").mkdir(parents=True)
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "saved" / "variables" / "data").write_bytes(b"weights")
    first = digest()
    assert digest() == first
    (tmp_path / "saved" / "variables" / "data").write_bytes(b"weight$")
    assert digest() != first
