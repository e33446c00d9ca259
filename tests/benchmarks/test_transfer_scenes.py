"""The task of the transfer benchmark is one that can be learnt, and none of it is learnt from what judges."""

import numpy as np
import pytest
from support.benchmarks import script


@pytest.fixture(scope="module")
def transfer():
    """The script as a module."""
    return script("transfer")


def test_a_scene_shows_its_digit_brighter_than_what_is_around(transfer):
    digit = np.zeros((8, 8))
    digit[:, 3:5] = 16
    images = transfer.scenes(np.stack([digit] * 20), np.random.default_rng(0)).astype(float)
    brightest = images.mean(axis=(1, 3)).max(axis=1)
    assert (brightest - images.mean(axis=(1, 2, 3)) > 15).mean() > 0.9
    assert len({image.tobytes() for image in images}) == 20


def test_a_task_has_twenty_images_a_class_to_learn_from_and_others_to_judge_by(transfer, tmp_path):
    from edgekit.data import load_dataset

    transfer.task(tmp_path / "scenes.npz", 3)
    dataset = load_dataset(str(tmp_path / "scenes.npz"), resolution=64)
    assert [len(part) for part in (dataset.train, dataset.calibration, dataset.evaluation)] == [200, 40, 1000]
    assert np.bincount(dataset.train.labels).tolist() == [transfer.LEARN] * 10


def test_equal_time_is_never_less_for_the_one_that_is_compared(transfer):
    short, long = (2, 14.0), (12, 19.0)  # half a second an epoch, and thirteen before the first
    assert transfer.epochs_within(20.0, short, long) == 14
    assert transfer.epochs_within(20.1, short, long) == 15
    assert transfer.epochs_within(1.0, short, long) == 1
