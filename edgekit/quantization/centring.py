"""The same function with channels about zero, where nothing but sums is between what writes and reads them.

An 8-bit range holds zero. If a layer's large bias moves a tensor far from it, few steps are left for what the
tensor tells. Such a constant is taken from the bias of what writes a tensor and put into that of its readers;
a softmax ignores one that all its inputs share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from edgekit.quantization.equalization import by_input
from edgekit.quantization.network import Float, Layer, Network
from edgekit.quantization.statistics import Channels, Statistics

WORTH = 0.75  # of a tensor's range that may be left
_NO, _ALIKE, _EACH = (
    0,
    1,
    2,
)  # whether a tensor's channels may be moved: not at all, all alike, each by itself


def centre(network: Network, seen: Statistics) -> tuple[Network, dict[str, Float]]:
    """Move channels to the middle of what calibration images made of them, where that narrows a range.

    Args:
        network: The network.
        seen: What calibration images made of it.

    Returns:
        The network, and by how much each channel of a tensor is less than it was, by tensor.
    """
    may = _movable(network)
    own = {
        layer.output: offset
        for layer in network.layers
        if layer.bias is not None
        and (offset := _offset(seen.channels[layer.output], may(layer.output))).any()
    }
    if not own:
        return network, {}
    offsets = dict(own)
    for passage in network.passages:  # in the order in which they are computed
        found = [offsets[name] for name in passage.tensors[:-1] if name in offsets]
        if found and may(passage.tensors[-1]) != _NO:
            offsets[passage.tensors[-1]] = np.asarray(np.sum(found, axis=0))
    layers: dict[str, Layer] = {}
    for layer in network.layers:
        if layer.bias is None or not {layer.output, layer.input} & offsets.keys():
            continue
        bias = layer.bias - own.get(layer.output, 0.0)
        if layer.input in offsets:
            taken = np.repeat(by_input(offsets[layer.input], layer), len(layer.rows) // layer.groups, axis=0)
            bias = bias + np.sum(layer.rows * taken, axis=1)
        layers[layer.name] = layer.with_bias(bias)
    return network.with_layers(layers), offsets


def moved(network: Network, seen: Statistics, offsets: Mapping[str, Float]) -> Statistics:
    """Statistics after `centre`."""
    channels, moments = dict(seen.channels), dict(seen.moments)
    for name, offset in offsets.items():
        channels[name] = Channels(channels[name].low - offset, channels[name].high - offset)
    for layer in network.layers:
        if layer.input in offsets and layer.name in moments:
            moments[layer.name] = moments[layer.name].moved(by_input(offsets[layer.input], layer))
    return Statistics(channels, moments)


def _movable(network: Network) -> Callable[[str], int]:
    """What says of a tensor whether its channels may be moved: by what reads it."""

    @cache
    def may(name: str) -> int:
        if name == network.scores:
            return _ALIKE
        if name in network.fixed:
            return _NO
        readers = [layer for layer in network.layers if layer.input == name]
        found = [_EACH if layer.bias is not None and not any(layer.pads) else _NO for layer in readers]
        found.extend(
            may(passage.tensors[-1]) if passage.moves else _NO
            for passage in network.passages
            if name in passage.tensors[:-1]
        )
        return min(found, default=_NO)

    return may


def _offset(channels: Channels, may: int) -> Float:
    """The middle of each channel, or of all; zeros if that gains too little or is not allowed."""
    none = np.zeros(len(channels.low))
    if may == _NO:
        return none
    middle = (channels.low + channels.high) / 2
    offset = middle if may == _EACH else none + (channels.low.min() + channels.high.max()) / 2
    before, after = (_width(channels.low - by, channels.high - by) for by in (none, offset))
    return np.asarray(offset) if after < WORTH * before else none


def _width(low: Float, high: Float) -> float:
    return max(float(high.max()), 0.0) - min(float(low.min()), 0.0)
