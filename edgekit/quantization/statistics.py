"""What calibration images make of a network's tensors: one pass, and memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil, log, pi, prod, sqrt
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgekit.quantization.network import Float, Layer, Network, Passage

# How many positions of each image moments are taken from, within limits: all images together give so many
# times as many as a layer reads numbers.
TIMES, FEWEST, MOST = 16, 8, 200
MOST_INPUTS = 4608  # of a layer, for which products are kept: those of a 3×3 kernel over 512 channels, 85 MB
_LARGEST = 1 << 22  # numbers of an image batch's patches; fewer positions are drawn if it were more
_AT_ONCE = 1 << 18  # numbers of a layer's patches that are included together: many small products take longer

Extremes: TypeAlias = tuple[Float, Float]  # the lowest and highest values, [images, channels] each


@dataclass
class Channels:
    """The values of one tensor, channel by channel."""

    low: Float  # [channels]
    high: Float
    peaks: float | Float = 0.0  # the sum of each image's highest value, [channels]
    squares: float | Float = 0.0  # of their squares
    images: int = 0

    def include(self, lows: Float, peaks: Float) -> None:
        """Include the lowest and highest values of images, [images, channels] each."""
        self.low = np.minimum(self.low, lows.min(axis=0))
        self.high = np.maximum(self.high, peaks.max(axis=0))
        self.peaks = self.peaks + peaks.sum(axis=0, dtype=np.float64)
        self.squares = self.squares + np.square(peaks, dtype=np.float64).sum(axis=0)
        self.images += len(peaks)

    def join(self, other: Channels) -> None:
        """Include what was seen elsewhere."""
        self.low = np.minimum(self.low, other.low)
        self.high = np.maximum(self.high, other.high)
        self.peaks, self.squares = self.peaks + other.peaks, self.squares + other.squares
        self.images += other.images

    def highest_of(self, images: int) -> Float:
        """The highest value to expect in so many images, [channels]; never less than what was seen.

        The highest values of images are distributed as Gumbel (1958) has it for extremes, with the mean and
        the deviation that were seen (his method of moments).
        """
        mean = self.peaks / max(1, self.images)
        deviation = np.sqrt(np.maximum(self.squares / max(1, self.images) - np.square(mean), 0.0))
        expected = mean + deviation * sqrt(6) / pi * (log(images) - np.euler_gamma)
        return np.asarray(np.maximum(self.high, expected))


@dataclass
class Moments:
    """What a layer reads for one output: the mean, and how every two inputs vary together, by group."""

    total: Float  # [groups, inputs]
    squares: Float  # [groups, inputs]
    products: Float | None  # [groups, inputs, inputs], about `centre`; None: they would be too many
    centre: Float  # [groups, inputs], the first images' mean: about zero, rounding would hide small variance
    count: int = 0
    factors: Float | None = None  # [groups, inputs], by which `products` are still to be multiplied, twice

    @property
    def mean(self) -> Float:
        """[groups, inputs]."""
        return self.total / max(1, self.count)

    @property
    def square(self) -> Float:
        """The mean of squares, [groups, inputs]."""
        return self.squares / max(1, self.count)

    def second(self, *, centred: bool) -> Float | None:
        """The mean products of every two, about their means or about zero; [groups, inputs, inputs]."""
        if self.products is None:
            return None
        off = self.mean - self.centre
        products = self.products.astype(np.float64) / max(1, self.count)
        if self.factors is not None:
            products *= self.factors[:, :, None] * self.factors[:, None, :]
        products -= off[:, :, None] * off[:, None, :]
        return products if centred else products + self.mean[:, :, None] * self.mean[:, None, :]

    def include(self, patches: Float) -> None:
        """Include patches [groups, n, inputs]."""
        patches = patches.astype(np.float32, copy=False)
        if not self.count:
            self.centre = patches.mean(axis=1)
        self.count += patches.shape[1]
        self.total += patches.sum(axis=1, dtype=np.float64)
        self.squares += np.square(patches).sum(axis=1, dtype=np.float64)
        if self.products is None:
            return
        patches = patches - self.centre[:, None, :]
        self.products += patches.swapaxes(1, 2) @ patches

    def scaled(self, factors: Float) -> Moments:
        """The moments of inputs that are so many times as large; [groups, inputs]."""
        return replace(
            self,
            total=self.total * factors,
            squares=self.squares * np.square(factors),
            centre=self.centre * factors,
            factors=factors if self.factors is None else self.factors * factors,
        )

    def moved(self, offsets: Float) -> Moments:
        """The moments of inputs that are so much less; [groups, inputs]."""
        squares = self.squares - 2 * offsets * self.total + self.count * np.square(offsets)
        total, centre = self.total - self.count * offsets, self.centre - offsets
        return replace(self, total=total, squares=np.maximum(squares, 0.0), centre=centre)


def no_moments(groups: int, inputs: int) -> Moments:
    """Nothing seen yet."""
    few = inputs <= MOST_INPUTS
    products = np.zeros((groups, inputs, inputs), np.float32) if few else None
    total, squares, centre = (np.zeros((groups, inputs)) for _ in range(3))
    return Moments(total, squares, products, centre)


@dataclass
class Statistics:
    """What was seen of every tensor and layer."""

    channels: dict[str, Channels]
    moments: dict[str, Moments]  # by layer


@dataclass(frozen=True)
class Seen:
    """What was seen of a batch."""

    extremes: Mapping[str, Extremes]  # of tensors
    patches: Mapping[str, Float]  # what each layer reads at some positions; none without moments


def extremes(values: Float, axis: int) -> Extremes:
    """The lowest and highest values of images whose channels are along an axis."""
    rows = values.reshape(*values.shape[: axis + 1], -1)
    between = tuple(range(1, axis))
    return rows.min(axis=-1).min(axis=between), rows.max(axis=-1).max(axis=between)


def extremes_of(network: Network, batch: Mapping[str, Float]) -> dict[str, Extremes]:
    """The extremes of a network's tensors; those of `cut_tensors` follow from what they cut."""
    cut = cut_tensors(network)
    found = {
        name: extremes(batch[name], network.axes.get(name, 1)) for name in network.channels if name not in cut
    }
    for name, passage in cut.items():
        low, high = found[passage.input]
        found[name] = np.clip(low, 0, passage.cap), np.clip(high, 0, passage.cap)
    return found


def cut_tensors(network: Network) -> dict[str, Passage]:
    """What only cuts another tensor at 0 and a cap, by name: its extremes follow from those of the other."""
    return {each.tensors[-1]: each for each in network.passages if each.input}


def empty_channels(count: int) -> Channels:
    """Nothing seen yet."""
    return Channels(np.full(count, np.inf), np.full(count, -np.inf))


def see(
    network: Network, batch: Mapping[str, Float], images: int, number: int = 0, *, moments: bool = True
) -> Seen:
    """Look at a batch; this takes most of the time, and several batches may be looked at in as many threads.

    Args:
        network: Says which tensors and layers there are.
        batch: Values by tensor, [images, …], of the tensors of `network.channels`; without moments, those of
            `cut_tensors` are not read.
        images: How many all batches have.
        number: Of the batch, from which follows where it is looked at.
        moments: Whether moments are needed as well.
    """
    read = network.layers if moments else ()
    return Seen(
        extremes_of(network, batch),
        {
            layer.name: patches(layer, batch[layer.input], images, np.random.default_rng((number, index)))
            for index, layer in enumerate(read)
        },
    )


def collect(network: Network, batches: Iterable[Seen]) -> Statistics:
    """Put together what was seen of batches; memory does not grow with them."""
    found = Statistics({name: empty_channels(count) for name, count in network.channels.items()}, {})
    waiting: dict[str, list[Float]] = {}
    for seen in batches:
        for name, channels in found.channels.items():
            channels.include(*seen.extremes[name])
        if seen.patches and not waiting:
            found.moments = {
                each.name: no_moments(each.groups, each.rows.shape[1]) for each in network.layers
            }
            waiting = {each.name: [] for each in network.layers}
        for name, read in seen.patches.items():
            held = waiting[name]
            held.append(read)
            if len(held) * held[0].size >= _AT_ONCE:
                found.moments[name].include(np.concatenate(held, axis=1))
                held.clear()
    for name, held in waiting.items():
        if held:
            found.moments[name].include(np.concatenate(held, axis=1))
    return found


def patches(layer: Layer, values: Float, of: int, chance: np.random.Generator) -> Float:
    """Return what a layer reads at some positions, [groups, n, inputs per group × kernel].

    Args:
        layer: Its kernel, strides and so on.
        values: Its input, [images, channels, height, width]; of a matrix [images, …, channels].
        of: How many images there are in all, of which fewer positions are taken if they are many.
        chance: Draws the positions, the same for every image.
    """
    kernel = layer.weights.shape[2:]
    if not kernel:
        rows = values.reshape(-1, values.shape[-1])
        drawn = _drawn(len(rows), _wanted(layer, of) * len(values), rows.shape[1], chance)
        return rows[drawn][None]
    images, channels = values.shape[:2]
    rank = len(kernel)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, layer.dilations, strict=True)]
    padded = np.add(values.shape[2:], np.add(layer.pads[:rank], layer.pads[rank:]))
    sizes = [(s - span) // stride + 1 for s, span, stride in zip(padded, spans, layer.strides, strict=True)]
    numbers = images * channels * prod(kernel)
    drawn = _drawn(prod(sizes), _wanted(layer, of), numbers, chance)
    places = np.unravel_index(drawn, sizes)
    flat: Any = 0  # where the numbers are in a channel, [n, *kernel]
    inside: Any = True
    for axis in range(rank):
        start = places[axis] * layer.strides[axis] - layer.pads[axis]
        steps = np.arange(kernel[axis]) * layer.dilations[axis]
        shape = [1] * (rank + 1)
        shape[axis + 1] = -1
        at = start.reshape(-1, *(1,) * rank) + steps.reshape(shape)
        size = values.shape[axis + 2]
        inside = inside & (at >= 0) & (at < size)
        flat = flat * size + np.minimum(np.maximum(at, 0), size - 1)  # NumPy's own clip takes longer
    taken = values.reshape(images, channels, -1).take(flat, axis=2)
    if not np.all(inside):
        taken *= inside  # what is beyond the edges is zero
    grouped = taken.reshape(images, layer.groups, channels // layer.groups, len(drawn), -1)
    return np.ascontiguousarray(
        grouped.transpose(1, 0, 3, 2, 4).reshape(layer.groups, images * len(drawn), -1)
    )


def _wanted(layer: Layer, images: int) -> int:
    return min(MOST, max(FEWEST, ceil(TIMES * len(layer.rows[0]) / images)))


def _drawn(total: int, wanted: int, numbers: int, chance: np.random.Generator) -> npt.NDArray[np.int64]:
    count = min(total, wanted, max(1, _LARGEST // numbers))
    return np.sort(chance.choice(total, count, replace=False)) if count < total else np.arange(total)
