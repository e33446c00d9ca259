"""Layers as quantization sees them."""

import numpy as np
import pytest

from edgekit.quantization.network import Layer


def _layer(kernel, stride, pads, dilation):
    weights = np.ones((2, 1, kernel), np.float32)
    return Layer("layer", "in", "out", weights, None, 2, (stride,), pads, (dilation,))


def _meets(size, kernel, stride, pads, dilation):
    """The taps that meet the image, one output after the other."""
    before, behind = pads
    places = (size + before + behind - dilation * (kernel - 1) - 1) // stride + 1
    met = {
        tap
        for place in range(places)
        for tap in range(kernel)
        if 0 <= place * stride + tap * dilation - before < size
    }
    return min(met), max(met) + 1


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("more", [0, 1])
def test_the_taps_that_are_read_are_those_that_meet_the_image(size, kernel, stride, dilation, more):
    before = dilation * (kernel - 1) // 2
    pads = (before, before + more)
    layer = _layer(kernel, stride, pads, dilation)
    read = layer.taps_read((size,))[2]
    assert (read.start, read.stop) == _meets(size, kernel, stride, pads, dilation)
    zeroed = layer.without_idle_taps((size,))
    kept = np.zeros(kernel)
    kept[read] = 1
    assert np.array_equal(zeroed.weights[0, 0], kept)
    assert (zeroed is layer) == bool(kept.all()), "a layer that is read throughout stays what it is"


def test_every_tap_of_an_image_of_unknown_size_counts_as_read():
    layer = _layer(3, 1, (1, 1), 1)
    assert layer.taps_read((0,))[2] == slice(0, 3)
    assert layer.without_idle_taps((0,)) is layer


def test_a_matrix_has_no_taps():
    layer = Layer("layer", "in", "out", np.ones((2, 3), np.float32), None)
    assert layer.without_idle_taps(()) is layer
    assert layer.without_idle_taps((5,)) is layer
