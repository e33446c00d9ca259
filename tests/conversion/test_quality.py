import numpy as np
import pytest

from edgekit.conversion.quality import Reference, judge, sqnr_db
from edgekit.stats import paired_drop, wilson

N, CLASSES = 1000, 10


def test_a_file_that_says_the_same_loses_nothing(reference):
    quality = judge(reference, (reference.scores,))
    assert (quality.n, quality.accuracy, quality.drop, quality.agreement) == (N, 0.9, 0.0, 1.0)
    assert (quality.accuracy_low, quality.accuracy_high) == wilson(900, N)


def test_the_drop_is_paired_image_by_image(reference):
    scores = reference.scores.copy()
    scores[100:120] = -scores[100:120]
    quality = judge(reference, (scores,))
    right = scores.argmax(axis=1) == reference.labels
    assert (quality.drop, quality.drop_low, quality.drop_high) == paired_drop(reference.right, right)
    assert quality.agreement == pytest.approx(0.98)


def test_sqnr_is_ten_decibels_for_a_tenth_of_the_power():
    real = {"a": np.array([1.0, -1.0], np.float32), "only here": np.ones(1, np.float32)}
    noisy = {"a": real["a"] + np.sqrt(0.1, dtype=np.float32)}
    assert sqnr_db([(real, noisy), (real, noisy)]) == pytest.approx({"a": 10.0}, abs=1e-4)


def test_guessing_is_recognised():
    chance = np.random.default_rng(1)
    labels = chance.integers(0, CLASSES, N)
    assert Reference(labels, chance.uniform(size=(N, CLASSES)).astype(np.float32)).guesses
    sure = np.eye(CLASSES, dtype=np.float32)[labels]
    assert not Reference(labels, sure).guesses
