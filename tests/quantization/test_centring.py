"""The same function after centring, with narrower ranges."""

from dataclasses import replace

import numpy as np
import pytest

from edgekit.quantization.centring import centre, moved
from edgekit.quantization.network import Layer, Network, Passage
from edgekit.quantization.statistics import collect, see

IMAGES = np.random.default_rng(1).normal(0, 1, (200, 4)).astype(np.float32)


def _layer(name, source, target, shape, bias):
    weights = np.random.default_rng(len(name) + shape[0]).normal(size=shape)
    return Layer(name, source, target, weights, np.asarray(bias, np.float64))


def _network(bias):
    """A stream that two layers write and one reads; its scores go to a softmax."""
    layers = (
        _layer("a", "in", "x", (3, 4), bias),
        _layer("bb", "in", "y", (3, 4), [0.0, bias[1], 0.0]),
        _layer("ccc", "sum", "out", (5, 3), np.zeros(5)),
    )
    channels = {"in": 4, "x": 3, "y": 3, "sum": 3, "out": 5}
    return Network(layers, (Passage(("x", "y", "sum"), moves=True),), frozenset(("in", "out")), channels)


def _run(network):
    a, b, c = network.layers
    x, y = (IMAGES @ layer.rows.T + layer.bias for layer in (a, b))
    return {"in": IMAGES, "x": x, "y": y, "sum": x + y, "out": (x + y) @ c.rows.T + c.bias}


def _seen(network, batch):
    return collect(network, [see(network, batch, len(IMAGES))])


def test_constants_in_a_stream_go_to_what_reads_it():
    network = _network(np.array([100.0, -50.0, 30.0]))
    before = _run(network)
    made, offsets = centre(network, _seen(network, before))
    now = _run(made)
    assert np.allclose(now["out"], before["out"])
    assert np.abs(before["sum"]).max() > 90
    assert np.abs(now["sum"]).max() < 15
    told = moved(made, _seen(network, before), offsets)
    assert np.allclose(told.channels["sum"].high, now["sum"].max(axis=0))
    real = _seen(made, now).moments["ccc"]
    assert np.allclose(told.moments["ccc"].mean, real.mean, atol=1e-3)
    assert np.allclose(told.moments["ccc"].square, real.square, rtol=1e-3)
    assert np.allclose(told.moments["ccc"].second(centred=False), real.second(centred=False), atol=1e-2)


def test_what_a_softmax_reads_is_moved_as_a_whole():
    network = _network(np.zeros(3))
    layers = {"ccc": network.layers[2].with_bias(np.full(5, 300.0))}
    network = replace(network.with_layers(layers), scores="out")
    before = _run(network)
    now = _run(centre(network, _seen(network, before))[0])
    apart = before["out"] - now["out"]
    assert apart == pytest.approx(np.full_like(apart, apart[0, 0]))
    assert now["out"].max() == pytest.approx(-now["out"].min())


def test_what_lies_about_zero_or_is_read_by_others_is_left_alone():
    for network in (
        _network(np.zeros(3)),
        replace(_network(np.full(3, 100.0)), fixed=frozenset(("in", "out", "sum"))),
        replace(_network(np.full(3, 100.0)), passages=(Passage(("x", "y", "sum")),)),
    ):
        made, offsets = centre(network, _seen(network, _run(network)))
        assert made is network
        assert offsets == {}


def test_a_padded_readers_zeros_must_stay_zeros():
    network = _network(np.full(3, 100.0))
    reader = replace(network.layers[2], pads=(1, 1))
    assert centre(network.with_layers({"ccc": reader}), _seen(network, _run(network)))[1] == {}
