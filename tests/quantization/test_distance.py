"""Distances that tell apart what top-1 cannot."""

import numpy as np
import pytest

from edgekit.quantization.distance import decibels, distance, noises, significantly_less


def _scores(n=500, classes=10):
    logits = np.random.default_rng(0).normal(0, 3, (n, classes))
    shares = np.exp(logits)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def test_the_same_scores_have_no_distance():
    real = _scores()
    assert distance(real, real, probabilities=True).sqnr_db is None
    assert distance(real, real, probabilities=True).divergence == pytest.approx(0, abs=1e-3)


def test_ten_decibels_are_a_tenth_of_the_power_and_lie_in_their_interval():
    real = np.random.default_rng(0).normal(size=(400, 10))
    off = np.random.default_rng(1).normal(size=real.shape) * np.sqrt(0.1)
    found = distance(real, real + off, probabilities=False)
    assert found.sqnr_db == pytest.approx(10, abs=0.3)
    assert found.sqnr_low_db < 10 < found.sqnr_high_db
    assert found.divergence is None


def test_the_interval_holds_what_more_images_show():
    chance = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        real = chance.normal(size=(100, 5)) * chance.exponential(1, (100, 1))
        found = distance(real, real + chance.normal(size=real.shape) * 0.3, probabilities=False)
        held += found.sqnr_low_db < 10 * np.log10(2 / 0.09) < found.sqnr_high_db
    assert 175 <= held <= 200


def test_scores_that_8_bits_show_as_zero_do_not_make_the_divergence_infinite():
    real = _scores()
    rounded = np.rint(real * 256) / 256
    assert 0 <= distance(real, rounded, probabilities=True).divergence < 0.05


def test_the_divergence_has_an_interval_that_holds_what_more_images_show():
    chance = np.random.default_rng(0)

    def found(images):
        logits = chance.normal(0, 3, (images, 5))
        real, here = (np.exp(each) for each in (logits, logits + chance.normal(0, 0.5, logits.shape)))
        return distance(*(x / x.sum(axis=1, keepdims=True) for x in (real, here)), probabilities=True)

    truth = found(100_000).divergence
    few = [found(300) for _ in range(100)]
    held = sum(each.divergence_low < truth < each.divergence_high for each in few)
    assert 88 <= held <= 100
    assert found(1).divergence_low is None


def test_a_softmax_ignores_what_all_scores_have_in_common():
    real = np.random.default_rng(0).normal(size=(50, 10))
    assert np.allclose(noises(real, real + 3, centred=True), 0)
    assert decibels(noises(real, real + 3)) < 0


def test_a_gain_counts_only_where_the_images_can_show_it():
    chance = np.random.default_rng(0)
    noise = chance.exponential(1, 60)
    assert significantly_less(0.7 * noise * np.exp(chance.normal(0, 0.2, 60)), noise)
    assert not significantly_less(noise * np.exp(chance.normal(0, 0.2, 60)), noise)
    assert not significantly_less(noise[:1] / 2, noise[:1])
