import hashlib

import numpy as np
import pytest

from edgekit.data import load_dataset
from edgekit.data.outlines import OUTLINES
from edgekit.data.shapes import ShapeImages

PIXELS = "c5cd7693b3a89da101a95616063fa5bfadbce5d81d3b1369eb7c7f5853997ad1"  # of 48 images of 32 × 32


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("shapes", resolution=32)


def test_the_pixels_are_the_same_on_every_machine(dataset):
    # Shipped checkpoints were trained and are evaluated on these very bytes.
    images = dataset.evaluation.images.read(range(48))
    assert hashlib.sha256(images.tobytes()).hexdigest() == PIXELS


def test_an_image_does_not_depend_on_what_else_is_read(dataset):
    images = dataset.train.images
    together = images.read(range(200))
    assert (images.read([199, 7, 7, 0]) == together[[199, 7, 7, 0]]).all()
    assert (images.read(np.arange(50, 150)) == together[50:150]).all()


def test_reading_nothing_gives_no_images(dataset):
    assert dataset.train.images.read([]).shape == (0, 32, 32, 3)


def test_seeds_and_splits_draw_different_images(dataset):
    other = load_dataset("shapes", resolution=32, seed=1)
    splits = [dataset.train, dataset.calibration, dataset.evaluation, other.train, other.evaluation]
    first = {split.images.read([0]).tobytes() for split in splits}
    assert len(first) == len(splits)


def test_the_largest_seed_is_not_the_smallest():
    last, first = (load_dataset("shapes", resolution=8, seed=seed).train for seed in (2**64 - 1, 0))
    assert (last.images.read([0]) != first.images.read([0])).any()


def test_splits_are_large_balanced_and_disjoint_by_content():
    dataset = load_dataset("shapes", resolution=16)
    splits = [dataset.train, dataset.calibration, dataset.evaluation]
    assert [len(split) for split in splits] == [10_080, 504, 2_004]
    for split in splits:
        assert len(split.hashes) == len(split.labels) == len(split.images) == len(split)
        assert len(set(np.bincount(split.labels).tolist())) == 1
    hashes = [digest for split in splits for digest in split.hashes]
    assert len(set(hashes)) == len(hashes) == 12_588
    image = dataset.calibration.images.read([17])[0]
    assert dataset.calibration.hashes[17] == hashlib.sha256(image.tobytes()).hexdigest()


def test_a_dataset_that_is_not_read_is_not_drawn(monkeypatch):
    monkeypatch.setattr(ShapeImages, "read", lambda *_: pytest.fail("drawn"))
    assert len(load_dataset("shapes", resolution=2048).train) == 10_080


@pytest.mark.parametrize(("height", "width"), [(1, 1), (33, 33), (224, 224), (20, 50), (50, 20)])
def test_any_size_can_be_drawn(height, width):
    dataset = load_dataset("shapes", resolution=(height, width))
    images = dataset.train.images.read(range(24))
    assert images.shape == (24, height, width, 3)
    assert images.dtype == np.uint8
    assert height == 1 or all(image.std() > 2 for image in images)


def test_a_scene_is_the_same_scene_at_every_resolution():
    def thumbnails(resolution):
        images = load_dataset("shapes", resolution=resolution).train.images.read(range(24)).astype(float)
        return images.reshape(24, 8, resolution // 8, 8, resolution // 8, 3).mean(axis=(2, 4))

    small, large = thumbnails(32), thumbnails(128)
    assert np.abs(small - large).mean() < 6
    assert np.abs(small - np.roll(large, 1, axis=0)).mean() > 30


def test_every_outline_has_an_inside_within_its_radius_and_is_unlike_the_others():
    y, x = np.mgrid[-1.5:1.5:120j, -1.5:1.5:120j].astype(np.float32)
    inside = {name: outline(x, y) < 0 for name, outline in OUTLINES.items()}
    for name, mask in inside.items():
        assert mask.mean() > 0.08, name
        assert not mask[np.hypot(x, y) > 1.4].any(), name
        assert all((mask != other).mean() > 0.02 for key, other in inside.items() if key != name), name


def test_images_vary(dataset):
    images = dataset.train.images.read(range(0, 1200, 12)).astype(float)  # all of one class
    assert images.mean(axis=(1, 2)).std(axis=0).min() > 15  # in colour
    assert images.std(axis=(1, 2, 3)).std() > 5  # in contrast
    differences = np.abs(np.diff(images, axis=2)).mean(axis=(1, 2, 3))
    assert differences.max() > 3 * differences.min()  # in texture and noise
