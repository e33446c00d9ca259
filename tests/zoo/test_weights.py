from dataclasses import replace

import numpy as np
import pytest

from edgekit.errors import ModelError, UnavailableError, UsageError
from edgekit.zoo import FAMILIES, ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.source import resolve


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty Keras cache, and no network: nothing listens on port 1."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    family = FAMILIES["mobilenet_v1"]
    unreachable = replace(family.imagenet, address="http://127.0.0.1:1/mobilenet/")
    monkeypatch.setitem(FAMILIES, family.name, replace(family, imagenet=unreachable))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def _legacy_weights(model, path):
    """A weights file in the format of Keras' own ImageNet files."""
    import h5py
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, model)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"alpha": 0.33}, "alpha 0.33.*0.25, 0.5, 0.75 and 1.0"),
        ({"alpha": 0.5, "resolution": 96}, "resolution 96.*128, 160, 192 and 224"),
        ({"alpha": 0.5, "classes": 10}, "classes 10.*1000 classes"),
    ],
)
def test_imagenet_weights_that_do_not_exist_are_answered_with_those_that_do(cache, asked, sentence):
    with pytest.raises(UsageError, match=sentence):
        resolve("mobilenet_v1", weights="imagenet", **asked)


def test_offline_the_missing_file_and_its_place_are_named(cache):
    place = cache / "mobilenet_5_0_224_tf.h5"
    with pytest.raises(UnavailableError) as caught:
        resolve("mobilenet_v1", weights="imagenet")
    assert caught.value.exit_code == 3
    assert "mobilenet_5_0_224_tf.h5 is not in Keras' cache" in caught.value.what
    assert str(place) in caught.value.hint


def test_imagenet_weights_are_taken_from_keras_cache(cache):
    model = build(ModelSpec("mobilenet_v1", 0.25, 128, 1000))
    _legacy_weights(model, cache / "mobilenet_2_5_128_tf.h5")
    found = resolve("mobilenet_v1", alpha=0.25, resolution=128, weights="imagenet")
    assert (found.name, found.origin, found.dataset) == ("mobilenet_v1_0.25_128_imagenet", "imagenet", None)
    image = np.zeros((1, 128, 128, 3), np.float32)
    np.testing.assert_array_equal(found.load().model.predict_on_batch(image), model.predict_on_batch(image))


def test_a_damaged_file_in_the_cache_is_refused(cache):
    (cache / "mobilenet_2_5_128_tf.h5").write_bytes(b"half a download")
    with pytest.raises(ModelError, match=r"mobilenet_2_5_128_tf.h5 is not a whole HDF5 file"):
        resolve("mobilenet_v1", alpha=0.25, resolution=128, weights="imagenet").load()


def test_a_family_without_imagenet_weights_says_which_have_some(cache, monkeypatch):
    bare = replace(FAMILIES["mobilenet_v1"], name="bare", imagenet=None)
    monkeypatch.setitem(FAMILIES, "bare", bare)
    with pytest.raises(UsageError, match=r"no ImageNet weights for bare\..*has some: mobilenet_v1, "):
        resolve("bare", weights="imagenet")


def test_a_cached_file_with_another_hash_than_published_is_not_used(cache, monkeypatch):
    family = FAMILIES["mobilenet_v1"]
    hashes = {"mobilenet_2_5_128_tf.h5": "0" * 64}
    known = replace(family, imagenet=replace(family.imagenet, hashes=hashes))
    monkeypatch.setitem(FAMILIES, family.name, known)
    (cache / "mobilenet_2_5_128_tf.h5").write_bytes(b"something else")
    with pytest.raises(UnavailableError, match=r"mobilenet_2_5_128_tf.h5 has another hash in Keras"):
        resolve("mobilenet_v1", alpha=0.25, resolution=128, weights="imagenet")
