"""What is expected of images beyond those that were seen."""

import numpy as np

from edgekit.quantization.network import Network, Passage
from edgekit.quantization.statistics import collect, cut_tensors, empty_channels, extremes, see


def _seen(images, *, at_a_time=50):
    channels = empty_channels(images.shape[1])
    for start in range(0, len(images), at_a_time):
        channels.include(*extremes(images[start : start + at_a_time], 1))
    return channels


def test_the_highest_of_many_images_is_expected_from_few():
    chance = np.random.default_rng(0)
    many = chance.gumbel(2.0, [0.01, 0.1, 1.0], (100_000, 5, 3)).max(axis=1)
    expected = _seen(many[:200]).highest_of(len(many))
    assert np.all(np.abs(expected / many.max(axis=0) - 1) < 0.2)
    assert np.all(expected >= many[:200].max(axis=0))


def test_a_channel_that_never_changes_is_expected_to_stay():
    images = np.full((40, 1, 6, 6), 3.0, np.float32)
    assert np.allclose(_seen(images).highest_of(10**6), 3.0, atol=1e-6)


def test_what_two_passes_saw_is_as_if_one_had_seen_it():
    images = np.random.default_rng(0).normal(size=(60, 4, 3, 3)).astype(np.float32)
    whole, first, second = _seen(images), _seen(images[:25]), _seen(images[25:])
    first.join(second)
    assert np.array_equal(first.low, whole.low) and np.array_equal(first.high, whole.high)
    assert np.allclose(first.highest_of(1000), whole.highest_of(1000))


def test_the_extremes_of_what_is_cut_follow_from_what_was_cut():
    values = np.random.default_rng(0).normal(3, 3, (20, 4, 5, 5)).astype(np.float32)
    cut = np.clip(values, 0, 6)
    network = Network((), (Passage(("a", "b"), 6.0, "a"),), frozenset(), {"a": 4, "b": 4})
    batches = [{"a": values[:12]}, {"a": values[12:]}]
    found = collect(network, [see(network, batch, 20, moments=False) for batch in batches]).channels["b"]
    looked_at = _seen(cut)
    assert np.array_equal(found.low, looked_at.low) and np.array_equal(found.high, looked_at.high)
    assert np.allclose(found.highest_of(1000), looked_at.highest_of(1000))
    assert cut_tensors(network).keys() == {"b"}
