"""Weights on a grid: nearer in what they compute, and such that a converter's own rounding keeps them."""

import numpy as np
import pytest

from edgekit.quantization.network import Layer
from edgekit.quantization.rounding import on_grid, scales_of
from edgekit.quantization.statistics import MOST_INPUTS, no_moments


def _layer(outputs=12, inputs=24, groups=1, kernel=()):
    chance = np.random.default_rng(0)
    weights = chance.normal(size=(outputs, inputs // groups, *kernel)).astype(np.float32)
    bias = chance.normal(size=outputs).astype(np.float32)
    return Layer("layer", "in", "out", weights, bias, groups=groups)


def _read(layer, n=4000):
    """What a layer reads after a ReLU: inputs that have much in common, [groups, n, inputs]."""
    chance = np.random.default_rng(1)
    size = layer.rows.shape[1]
    mixed = chance.normal(size=(size, size)) / np.sqrt(size) + 0.3
    return np.maximum(chance.normal(size=(layer.groups, n, size)) @ mixed, 0).astype(np.float32)


def _moments(values):
    groups, _, size = values.shape
    moments = no_moments(groups, size)
    moments.include(values)
    return moments


def _error(layer, other, values):
    """Mean squared difference of the outputs."""
    change = (other.rows - layer.rows).reshape(layer.groups, -1, layer.rows.shape[1])
    off = np.einsum("goi,gni->gon", change, values) + (other.bias - layer.bias).reshape(layer.groups, -1, 1)
    return float(np.mean(off**2))


LAYERS = [_layer(), _layer(16, 16, groups=16, kernel=(3, 3)), _layer(8, 8, groups=2, kernel=(3, 3))]


@pytest.mark.parametrize("levels", [127, 64, 7])
@pytest.mark.parametrize("layer", LAYERS, ids=["matrix", "depthwise", "grouped"])
def test_reconstruction_halves_the_error_of_rounding_to_the_nearest(layer, levels):
    values = _read(layer)
    moments = _moments(values)
    nearest = on_grid(layer, levels, moments, reconstruct=False, correct=False)
    better = on_grid(layer, levels, moments, reconstruct=True, correct=True)
    assert _error(layer, better, values) < 0.5 * _error(layer, nearest, values)


@pytest.mark.parametrize("layer", LAYERS, ids=["matrix", "depthwise", "grouped"])
def test_rounding_again_as_converters_do_changes_nothing(layer):
    made = on_grid(layer, 127, _moments(_read(layer)), reconstruct=True, correct=True)
    assert np.allclose(scales_of(made, 127), scales_of(layer, 127), rtol=1e-6)
    again = made.rows / scales_of(made, 127)[:, None]
    assert np.abs(again - np.rint(again)).max() < 1e-4


def test_a_corrected_bias_leaves_each_outputs_mean_as_it_was():
    layer = _layer()
    values = _read(layer)
    made = on_grid(layer, 7, _moments(values), reconstruct=False, correct=True)
    before, after = (values[0] @ each.rows.T + each.bias for each in (layer, made))
    assert np.abs((after - before).mean(axis=0)).max() < 1e-3
    plain = values[0] @ made.rows.T + layer.bias
    assert np.abs((plain - before).mean(axis=0)).max() > 0.05


def test_an_output_without_weights_and_inputs_that_are_always_zero_do_no_harm():
    layer = _layer()
    layer.weights[3] = 0
    values = _read(layer)
    values[..., :5] = 0
    made = on_grid(layer, 127, _moments(values), reconstruct=True, correct=True)
    assert np.all(np.isfinite(made.weights))
    assert not made.weights[3].any()


@pytest.mark.parametrize("varying", [0, 1e-5, 1e-2])
def test_inputs_that_hardly_vary_about_their_mean_do_no_harm(varying):
    layer, chance = _layer(), np.random.default_rng(2)
    mean = 30 * np.abs(chance.normal(size=(1, 1, 24)))
    values = (mean + varying * chance.normal(size=(1, 400, 24))).astype(np.float32)
    made = on_grid(layer, 127, _moments(values), reconstruct=True, correct=True)
    assert np.all(np.isfinite(made.weights))
    assert np.abs(made.weights - layer.weights).max() < 0.1


def test_a_layer_that_reads_very_many_numbers_needs_no_memory_for_their_products():
    layer = _layer(2, MOST_INPUTS + 1)
    values = np.abs(np.random.default_rng(0).normal(size=(1, 50, MOST_INPUTS + 1))).astype(np.float32)
    moments = _moments(values)
    assert moments.products is None
    made = on_grid(layer, 127, moments, reconstruct=True, correct=True)
    before, after = (values[0] @ each.rows.T + each.bias for each in (layer, made))
    assert np.abs((after - before).mean(axis=0)).max() < 1e-3
