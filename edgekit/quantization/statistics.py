"""What calibration images make of a network's tensors: one pass, and memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekit.quantization.network import Float, Layer, Network

# How many positions of each image moments are taken from: as many as a layer reads numbers, within these.
FEWEST, MOST = 24, 200
_LARGEST = 1 << 22  # numbers of an image batch's patches; fewer positions are drawn if it were more


@dataclass
class Channels:
    """The values of one tensor, channel by channel."""

    low: Float  # [channels]
    high: Float

    def include(self, values: Float) -> None:
        """Include values [channels, n]."""
        self.low = np.minimum(self.low, values.min(axis=1))
        self.high = np.maximum(self.high, values.max(axis=1))


@dataclass
class Moments:
    """What a layer reads for one output: the mean, and the mean product of every two, by group."""

    total: Float  # [groups, inputs]
    products: Float  # [groups, inputs, inputs]
    count: int = 0

    @property
    def mean(self) -> Float:
        """[groups, inputs]."""
        return self.total / max(1, self.count)

    @property
    def second(self) -> Float:
        """[groups, inputs, inputs], about zero."""
        return self.products / max(1, self.count)

    def include(self, patches: Float) -> None:
        """Include patches [groups, n, inputs]."""
        patches = patches.astype(np.float32, copy=False)
        self.total += patches.sum(axis=1, dtype=np.float64)
        for group, rows in enumerate(patches) if len(patches) == 1 else ():
            self.products[group] += rows.T @ rows
        if len(patches) > 1:  # many small products, for which BLAS is slow
            self.products += np.einsum("gni,gnj->gij", patches, patches)
        self.count += patches.shape[1]


@dataclass
class Statistics:
    """What was seen of every tensor and layer."""

    channels: dict[str, Channels]
    moments: dict[str, Moments]  # by layer


def empty_channels(count: int) -> Channels:
    """Nothing seen yet."""
    return Channels(np.full(count, np.inf), np.full(count, -np.inf))


def collect(network: Network, batches: Iterable[Mapping[str, Float]], *, moments: bool = True) -> Statistics:
    """Go once through what tensors held, batch by batch.

    Args:
        network: Says which tensors and layers there are.
        batches: Values by tensor, [images, …], of the tensors of `network.channels`.
        moments: Whether moments are needed as well.
    """
    found = Statistics({name: empty_channels(count) for name, count in network.channels.items()}, {})
    if moments:
        found.moments = {layer.name: _no_moments(layer) for layer in network.layers}
    for number, batch in enumerate(batches):
        for name, channels in found.channels.items():
            channels.include(by_channel(batch[name], network.axes.get(name, 1)))
        if moments:
            for index, layer in enumerate(network.layers):
                chance = np.random.default_rng((number, index))
                found.moments[layer.name].include(patches(layer, batch[layer.input], chance))
    return found


def by_channel(values: Float, axis: int) -> Float:
    """Return values as [channels, n]."""
    return np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)


def _no_moments(layer: Layer) -> Moments:
    inputs = layer.rows.shape[1]
    return Moments(np.zeros((layer.groups, inputs)), np.zeros((layer.groups, inputs, inputs)))


def patches(layer: Layer, values: Float, chance: np.random.Generator) -> Float:
    """Return what a layer reads at some positions, [groups, n, inputs per group × kernel].

    Args:
        layer: Its kernel, strides and so on.
        values: Its input, [images, channels, height, width]; of a matrix [images, …, channels].
        chance: Draws the positions, the same for every image.
    """
    kernel = layer.weights.shape[2:]
    if not kernel:
        rows = values.reshape(-1, values.shape[-1])
        drawn = _drawn(len(rows), _wanted(layer) * len(values), rows.shape[1], chance)
        return rows[drawn][None]
    images, channels = values.shape[:2]
    rank = len(kernel)
    pads = tuple(zip(layer.pads[:rank], layer.pads[rank:], strict=True))
    padded = np.pad(values, ((0, 0), (0, 0), *pads)) if any(map(any, pads)) else values
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, layer.dilations, strict=True)]
    sizes = [
        (size - span) // stride + 1
        for size, span, stride in zip(padded.shape[2:], spans, layer.strides, strict=True)
    ]
    numbers = images * channels * int(np.prod(kernel))
    drawn = _drawn(int(np.prod(sizes)), _wanted(layer), numbers, chance)
    places = np.unravel_index(drawn, sizes)
    index: list[Any] = [slice(None), slice(None)]
    for axis in range(rank):
        start = places[axis] * layer.strides[axis]
        steps = np.arange(kernel[axis]) * layer.dilations[axis]
        shape = [1] * (rank + 1)
        shape[axis + 1] = -1
        index.append(start.reshape(-1, *(1,) * rank) + steps.reshape(shape))
    taken = padded[tuple(index)]  # [images, channels, n, *kernel]
    grouped = taken.reshape(images, layer.groups, channels // layer.groups, len(drawn), -1)
    return np.ascontiguousarray(
        grouped.transpose(1, 0, 3, 2, 4).reshape(layer.groups, images * len(drawn), -1)
    )


def _wanted(layer: Layer) -> int:
    return int(min(MOST, max(FEWEST, layer.rows.shape[1])))


def _drawn(total: int, wanted: int, numbers: int, chance: np.random.Generator) -> npt.NDArray[np.int64]:
    count = min(total, wanted, max(1, _LARGEST // numbers))
    return np.sort(chance.choice(total, count, replace=False)) if count < total else np.arange(total)
