import numpy as np

from edgekit.artefact import Split
from edgekit.data import load_dataset

RECORDS = [
    Split(1147, "9d67f58ea0fff8052b47f1b1bcc464eb7a646d4002661b23de484c920e683fa3"),
    Split(200, "e9a8401334bf6c33934a7fac328c231dd66b7b0d83288369f6cd1b50b795cf91"),
    Split(450, "31ff3221f823ca223d221e47f763df27a96ae60e78329051b728dd39793e001c"),
]


def test_digits_are_divided_as_the_shipped_models_were_trained():
    # A different division would evaluate the shipped checkpoints on images they were trained on.
    dataset = load_dataset("digits", resolution=32)
    assert [dataset.train.record(), dataset.calibration.record(), dataset.evaluation.record()] == RECORDS


def test_every_digit_is_evaluated_and_calibrated_equally_often():
    dataset = load_dataset("digits", resolution=32)
    assert dataset.labels == tuple("0123456789")
    assert np.bincount(dataset.evaluation.labels).tolist() == [45] * 10
    assert np.bincount(dataset.calibration.labels).tolist() == [20] * 10
    assert len(dataset.train) == 1797 - 650


def test_digits_are_grey_use_the_whole_range_and_are_enlarged():
    images = load_dataset("digits", resolution=32).evaluation.images.read(range(450))
    assert images.shape == (450, 32, 32, 3)
    assert images.dtype == np.uint8
    assert (images == images[..., :1]).all()
    assert (images.min(), images.max()) == (0, 255)


def test_neither_resolution_nor_seed_moves_a_digit():
    small, large = load_dataset("digits", resolution=8), load_dataset("digits", resolution=64, seed=7)
    assert small.evaluation.record() == large.evaluation.record()
    assert small.train.record() == large.train.record()


def test_at_their_own_size_digits_are_not_resampled():
    from sklearn.datasets import load_digits

    dataset = load_dataset("digits", resolution=8)
    own = {np.rint(image * 255 / 16).astype(np.uint8).tobytes() for image in load_digits().images}
    images = dataset.train.images.read(range(len(dataset.train)))
    assert all(image[..., 0].tobytes() in own for image in images)
