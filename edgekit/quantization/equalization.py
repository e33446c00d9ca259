"""The same function with channels of like size, so that one step suits all channels of a tensor.

What writes a tensor is multiplied channel by channel, what reads it divided (Nagel et al. 2019, section 4.1;
Meller et al. 2019). ReLU, pooling and sums pass factors on; ReLU6 does while the cap stays out of reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgekit.quantization.network import Float, Layer, Network
from edgekit.quantization.statistics import Channels, Statistics

LARGEST = 1e4  # between channels, that follows from what calibration images make of them
_FARTHEST = 1e8  # factor of a channel that they make next to nothing of: it follows from its readers' weights
_HEAVY = 16.0  # times the usual size, from which on weights are made smaller for such a channel
EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # how much of the difference between channels is evened out
# What is left of the weights' noise if they are rounded by reconstruction instead of to the nearest step.
_SHARE = 0.2
_LEVELS, _WEIGHT_LEVELS = 255, 127


@dataclass(frozen=True)
class Space:
    """Tensors whose channels are scaled alike, with what writes and reads them."""

    tensors: tuple[str, ...]
    writers: tuple[str, ...]  # layers
    readers: tuple[str, ...]
    caps: tuple[tuple[str, float], ...]  # tensors that are cut, and where


def spaces(network: Network) -> tuple[Space, ...]:
    """The network's spaces that may be scaled, in the order in which they are first written."""
    parent = {name: name for name in network.channels}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for passage in network.passages:
        for name in passage.tensors[1:]:
            parent[root(name)] = root(passage.tensors[0])
    members: dict[str, list[str]] = {}
    for name in network.channels:
        members.setdefault(root(name), []).append(name)
    barred = {root(name) for name in network.fixed if name in parent}
    found: dict[str, Space] = {}
    for layer in network.layers:
        top = root(layer.output)
        tensors = members[top]
        if top in barred or top in found or len({network.channels[name] for name in tensors}) > 1:
            continue
        found[top] = Space(
            tuple(tensors),
            tuple(other.name for other in network.layers if other.output in tensors),
            tuple(other.name for other in network.layers if other.input in tensors),
            tuple((p.input, p.cap) for p in network.passages if p.input in tensors and p.cap < np.inf),
        )
    return tuple(space for space in found.values() if space.readers)


def equalize(
    network: Network, seen: Statistics, reach: Mapping[str, Channels], margin: float
) -> tuple[Network, Statistics]:
    """Scale every space so that the noise of 8-bit rounding behind it is least.

    Args:
        network: The network.
        seen: What calibration images made of it.
        reach: The like for images that go farther: no channel may come to a cap with them.
        margin: How far below a cap channels must stay.

    Returns:
        The network, and its statistics.
    """
    layers = {layer.name: layer for layer in network.layers}
    channels, moments = dict(seen.channels), dict(seen.moments)
    now = Statistics(channels, moments)
    for space in spaces(network):
        choices = _candidates(space, [layers[name] for name in space.readers], reach, margin)
        noises = [_noise(space, scales, layers, now) for scales in choices]
        scales = choices[int(np.argmin(noises))]
        if np.all(scales == 1.0):
            continue
        for name in space.writers:
            layers[name] = layers[name].with_outputs_scaled(scales)
        for name in space.readers:
            layers[name] = layers[name].with_inputs_scaled(scales)
            moments[name] = moments[name].scaled(by_input(scales, layers[name]))
        for name in space.tensors:
            channels[name] = Channels(channels[name].low * scales, channels[name].high * scales)
    return network.with_layers(layers), Statistics(channels, moments)


def _candidates(
    space: Space, readers: Sequence[Layer], reach: Mapping[str, Channels], margin: float
) -> list[Float]:
    """Factors to choose from, [channels] each: from none on, in order.

    A channel that calibration images make next to nothing of may be dead, or come to life with others: its
    own size says nothing. But if its readers' weights are very large, they would leave all others no steps.
    """
    sizes = np.max([_size(reach[name]) for name in space.tensors], axis=0)
    largest = float(sizes.max())
    ratio = np.ones(len(sizes))
    alive = sizes > largest / LARGEST
    ratio[alive] = largest / sizes[alive]
    heavy = ~alive & (_weight(readers) > _HEAVY)
    ratio[heavy] = _weight(readers)[heavy]
    most = np.full(len(sizes), np.inf)
    for name, cap in space.caps:
        high = np.maximum(reach[name].high, 1e-30)
        most = np.minimum(most, np.where(high < cap, np.maximum(cap / (margin * high), 1.0), 1.0))
    return [np.clip(np.minimum(ratio**exponent, most), 1.0, _FARTHEST) for exponent in EXPONENTS]


def _weight(readers: Sequence[Layer]) -> Float:
    """The largest weight of each channel, as a multiple of what is usual among them; [channels]."""
    found = []
    for layer in readers:
        outputs, inputs = layer.weights.shape[:2]
        shape = (layer.groups, outputs // layer.groups, inputs, -1)
        largest = np.abs(layer.weights).reshape(shape).max(axis=(1, 3)).ravel()
        found.append(largest / max(float(np.median(largest)), 1e-30))
    return np.asarray(np.max(found, axis=0))


def _noise(space: Space, scales: Float, layers: Mapping[str, Layer], seen: Statistics) -> float:
    """Mean squared error that rounding this space's values and its readers' weights causes behind them."""
    total = 0.0
    for name in space.readers:
        layer, here = layers[name], seen.channels[layers[name].input]
        low, high = float((here.low * scales).min()), float((here.high * scales).max())
        step = (max(high, 0.0) - min(low, 0.0)) / _LEVELS
        scaled = layer.with_inputs_scaled(scales).rows
        square = seen.moments[name].square  # [groups, inputs]
        by_group = scaled.reshape(layer.groups, len(scaled) // layer.groups, -1)
        spread = by_input(scales, layer)
        weight_step = np.abs(by_group).max(axis=2) / _WEIGHT_LEVELS  # [groups, outputs]
        weight_noise = np.square(weight_step) * (square * np.square(spread)).sum(axis=1)[:, None]
        total += _SHARE * float(np.sum(weight_noise)) / 12
        total += step**2 / 12 * float(np.sum(np.square(by_group)))
    return total


def _size(channels: Channels) -> Float:
    return np.asarray(np.maximum(np.abs(channels.low), np.abs(channels.high)))


def by_input(scales: Float, layer: Layer) -> Float:
    """Factors of channels as those of a layer's inputs, [groups, inputs per group × kernel]."""
    grouped = scales.reshape(layer.groups, -1)
    return np.asarray(np.repeat(grouped, layer.rows.shape[1] // grouped.shape[1], axis=1))
