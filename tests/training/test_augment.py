import numpy as np
import pytest

from edgekit.quiet import import_tensorflow
from edgekit.training.augment import augment
from edgekit.zoo.card import Augmentation

EVERYTHING = Augmentation(flip=True, shift=0.1, rotate=20, zoom=0.2, colour=0.3)


@pytest.fixture(scope="module")
def images():
    import_tensorflow()
    return np.random.default_rng(0).uniform(0, 255, (64, 24, 24, 3)).astype(np.float32)


def _augment(images, seed, step, settings):
    return augment(images, seed, np.int64(step), settings).numpy()


def test_without_settings_images_stay_as_they_are(images):
    np.testing.assert_allclose(_augment(images, 0, 0, Augmentation()), images, atol=1e-3)


def test_seed_and_step_decide_everything(images):
    once = _augment(images, 3, 7, EVERYTHING)
    np.testing.assert_array_equal(once, _augment(images, 3, 7, EVERYTHING))
    assert not np.array_equal(once, _augment(images, 3, 8, EVERYTHING))
    assert not np.array_equal(once, _augment(images, 4, 7, EVERYTHING))


def test_a_flip_mirrors_about_half_of_the_images_exactly(images):
    changed = _augment(images, 0, 0, Augmentation(flip=True))
    mirrored = [np.allclose(c, i[:, ::-1], atol=1e-3) for c, i in zip(changed, images, strict=True)]
    same = [np.allclose(c, i, atol=1e-3) for c, i in zip(changed, images, strict=True)]
    assert sum(mirrored) + sum(same) == len(images)
    assert 16 < sum(mirrored) < 48


def test_a_shift_stays_within_its_limit(images):
    dots = np.zeros((64, 40, 40, 3), np.float32)
    dots[:, 20, 20] = 255
    moved = _augment(dots, 0, 0, Augmentation(shift=0.1))
    grid = np.arange(40)
    mass = moved[..., 0].sum(axis=(1, 2))
    rows = (moved[..., 0].sum(axis=2) * grid).sum(axis=1) / mass
    columns = (moved[..., 0].sum(axis=1) * grid).sum(axis=1) / mass
    assert np.abs(rows - 20).max() <= 4 + 1e-3
    assert np.abs(columns - 20).max() <= 4 + 1e-3
    assert rows.std() > 1
    assert columns.std() > 1


def test_a_turn_keeps_the_middle_and_moves_the_rim(images):
    image = np.zeros((64, 41, 41, 3), np.float32)
    image[:, 20, 20] = 255
    image[:, 20, 38] = 255
    turned = _augment(image, 0, 0, Augmentation(rotate=30))
    np.testing.assert_allclose(turned[:, 20, 20, 0], 255, atol=1)
    assert (turned[:, 20, 38, 0] < 100).mean() > 0.8


def test_colours_stay_within_0_and_255_and_change(images):
    changed = _augment(images, 0, 0, Augmentation(colour=0.3))
    assert changed.min() >= 0
    assert changed.max() <= 255
    assert np.abs(changed.mean(axis=(1, 2, 3)) - images.mean(axis=(1, 2, 3))).max() > 20
