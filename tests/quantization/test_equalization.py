"""The same function after equalization, with channels of like size."""

from dataclasses import replace

import numpy as np
import pytest

from edgekit.quantization.equalization import equalize, spaces
from edgekit.quantization.network import Layer, Network, Passage
from edgekit.quantization.statistics import collect, see

CHANNELS = 6


def _network(cap=np.inf, fixed=()):
    """Two matrices with a ReLU between them, whose channels are 1,000 times apart."""
    chance = np.random.default_rng(0)
    first = np.abs(chance.normal(size=(CHANNELS, 4)))
    sizes = np.geomspace(1, 1e-3, CHANNELS)
    first *= sizes[:, None] / first.sum(axis=1, keepdims=True)
    second = chance.normal(size=(3, CHANNELS)) / sizes
    layers = (
        Layer("a", "in", "x", first, np.zeros(CHANNELS)),
        Layer("b", "y", "out", second, np.zeros(3)),
    )
    passage = Passage(("x", "y"), cap, "x" if cap < np.inf else "")
    channels = {"in": 4, "x": CHANNELS, "y": CHANNELS, "out": 3}
    return Network(layers, (passage,), frozenset(("in", "out", *fixed)), channels)


def _run(network, images, cap=np.inf):
    first, second = network.layers
    x = images @ first.rows.T + first.bias
    y = np.clip(x, 0, cap)
    return {"in": images, "x": x, "y": y, "out": y @ second.rows.T + second.bias}


IMAGES = np.random.default_rng(1).uniform(0, 1, (200, 4)).astype(np.float32)


def _seen(network, batch):
    return collect(network, [see(network, batch, len(IMAGES))])


def test_channels_come_to_like_size_and_the_function_stays():
    network = _network()
    before = _run(network, IMAGES)
    seen = _seen(network, before)
    made, after = equalize(network, seen, seen.channels, 1.1)
    now = _run(made, IMAGES)
    assert np.allclose(now["out"], before["out"], rtol=1e-6)
    assert np.ptp(np.log(before["y"].max(axis=0))) > 6
    assert np.ptp(np.log(now["y"].max(axis=0))) < 0.1
    assert np.allclose(after.channels["y"].high, now["y"].max(axis=0), rtol=1e-5)
    assert np.allclose(after.moments["b"].mean[0], now["y"].mean(axis=0), rtol=1e-4)


def test_no_channel_comes_nearer_to_the_cap_than_the_margin():
    network = _network(cap=1.0)
    before = _run(network, IMAGES, 1.0)
    seen = _seen(network, before)
    made, _ = equalize(network, seen, seen.channels, 1.5)
    now = _run(made, IMAGES, 1.0)
    largest = now["y"].max(axis=0)
    assert largest[0] == before["y"][:, 0].max() > 1 / 1.5
    assert largest[1:] == pytest.approx(np.full(CHANNELS - 1, 1 / 1.5), rel=1e-3)
    assert np.allclose(now["out"], before["out"], rtol=1e-5)


def test_a_channel_that_is_cut_at_the_cap_is_left_alone():
    network = _network(cap=0.5)  # the first channel reaches 1
    before = _run(network, IMAGES, 0.5)
    seen = _seen(network, before)
    made, _ = equalize(network, seen, seen.channels, 1.1)
    assert np.allclose(made.layers[0].rows[0], network.layers[0].rows[0])
    assert np.allclose(_run(made, IMAGES, 0.5)["out"], before["out"], rtol=1e-5)


def test_images_that_go_farther_keep_channels_from_the_cap():
    network = _network(cap=6.0)
    seen, reach = (_seen(network, _run(network, scale * IMAGES, 6.0)) for scale in (1, 3))
    made, _ = equalize(network, seen, reach.channels, 1.1)
    far = 3 * IMAGES
    assert np.allclose(_run(made, far, 6.0)["out"], _run(network, far, 6.0)["out"], rtol=1e-5)


@pytest.mark.parametrize("factor", [1e-5, 1e-7])
def test_a_channel_of_next_to_nothing_is_made_larger_if_its_readers_weights_are_heavy(factor):
    """Their steps would leave the weights of all other channels nothing."""
    network, sizes = _network(), np.array([1.0, 1.0, factor, 1.0, 1.0, 1.0])
    first, second = network.layers
    plain = np.abs(np.random.default_rng(2).normal(size=(CHANNELS, 4)))
    for heavy in (True, False):
        first = replace(first, weights=plain * sizes[:, None])
        second = replace(second, weights=second.weights * 0 + (1 / sizes if heavy else 1.0))
        made = replace(network, layers=(first, second))
        seen = _seen(made, _run(made, IMAGES))
        after, _ = equalize(made, seen, seen.channels, 1.1)
        largest = np.abs(after.layers[1].rows).max(axis=0)
        assert largest[2] / np.median(largest) < (2 if heavy else 1.5)
        grown = after.layers[0].rows[2].sum() / first.rows[2].sum()
        assert grown > 0.1 / factor if heavy else grown == pytest.approx(1.0)


def test_what_something_else_reads_is_left_alone():
    assert spaces(_network(fixed=("y",))) == ()


def test_tensors_that_are_added_are_scaled_together():
    network = _network()
    sum_ = Passage(("y", "z", "sum"))
    channels = {**network.channels, "z": CHANNELS, "sum": CHANNELS}
    third = Layer("c", "in", "z", np.ones((CHANNELS, 4)), np.zeros(CHANNELS))
    layers = (network.layers[0], third, Layer("b", "sum", "out", network.layers[1].weights, None))
    joined = Network(layers, (*network.passages, sum_), network.fixed, channels)
    (space,) = spaces(joined)
    assert set(space.tensors) == {"x", "y", "z", "sum"}
    assert (space.writers, space.readers) == (("a", "c"), ("b",))
