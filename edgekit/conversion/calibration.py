"""One calibration for every format: what a model's images make of it, and the model made fit for 8 bits.

The folded ONNX graph is run over the calibration images, many at a time. What was seen there is what weights
and ranges follow from; nothing that is kept grows with the number of images.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain

import numpy as np

from edgekit.conversion.batches import Batches
from edgekit.conversion.feed import Feed
from edgekit.conversion.onnx_network import OnnxNetwork
from edgekit.conversion.ranges import (
    Activations,
    Ranges,
    input_range,
    limits_of,
    minmax_ranges,
    mse_ranges,
    thinned,
)
from edgekit.conversion.steps import Steps, Trained
from edgekit.data.dataset import Float32
from edgekit.memory import give_back
from edgekit.parallel import in_threads
from edgekit.progress import Progress
from edgekit.quantization.centring import centre, moved
from edgekit.quantization.distance import decibels, noises
from edgekit.quantization.equalization import equalize
from edgekit.quantization.network import Float, Layer, Network
from edgekit.quantization.rounding import on_grid
from edgekit.quantization.statistics import (
    Channels,
    Seen,
    Statistics,
    collect,
    cut_tensors,
    see,
)

FEWEST = 16  # images; of fewer, none can be held back to judge by
HELD_BACK = 4  # one image in so many
FARTHER = 64  # images that are also shown brighter, darker and with noise
_JUDGING = 25  # images held back that equalization is judged by, likewise
MARGINS = (1.1, 1.15, 1.2, 1.3, 1.5, 2.5)  # to ReLU6's cap: the first that leaves the function as it was
IMAGES_BEYOND = 1_000  # in which no channel is to meet ReLU6's cap that did not meet it in calibration
FAITHFUL_DB = 55.0  # SQNR of the equalized float model's scores on images unlike the calibration's
ENOUGH_DB = (
    45.0  # the like where no margin gives that, or nearer to the cap: an answer in some hundreds may change
)
_BRIGHTER, _DARKER, _NOISE = 1.3, 0.6, 0.05  # times; of the input's span
RANGING = 64  # images that better ranges are found by
_SAMPLED = 4096  # values of each tensor and image, likewise
_LARGE = 1500  # inputs of a layer whose rounding takes some 100 MB: one at a time


class Calibration:
    """A float model and what calibration images make of it.

    Args:
        onnx_file: The model, folded.
        feed: The images.
        progress: Receives every step.
    """

    def __init__(self, onnx_file: bytes, feed: Feed, progress: Progress) -> None:
        self.file = onnx_file
        self.source = OnnxNetwork(onnx_file)
        self._feed = feed
        self._progress = progress
        self._networks: dict[tuple[Steps, int], tuple[Network, Statistics]] = {}
        self._extremes: dict[str, tuple[float, float]] = {}  # of tensors that the network does not name
        self._ranges: dict[Steps, dict[str, tuple[float, float]]] = {}
        self.trained: dict[Steps, Trained] = {}  # what some steps stand for
        order = np.random.default_rng(0).permutation(len(feed)).tolist()
        self._held, self._calibrating = (
            sorted(part) for part in (order[: len(feed) // HELD_BACK], order[len(feed) // HELD_BACK :])
        )

    @property
    def count(self) -> int:
        """How many images weights and ranges follow from; the others are held back."""
        return len(self._calibrating)

    @cached_property
    def caps(self) -> frozenset[str]:
        """Tensors that are cut from above."""
        return frozenset(each.input for each in self.source.network.passages if each.cap < np.inf)

    def images(self, most: int | None = None, *, held: bool = False) -> Iterator[Float32]:
        """Yield float32 [1, *input_shape]: the first that are calibrated with, or those held back."""
        return self._feed.of((self._held if held else self._calibrating)[:most])

    @property
    def held(self) -> frozenset[str]:
        """The hashes of the images that are held back."""
        return frozenset(self._feed.hashes[i] for i in self._held)

    def channels(self, tensor: str) -> tuple[Float, Float]:
        """The lowest and highest values of a layer's output in the float model, [channels] each."""
        found = self._seen.channels[tensor]
        return found.low, found.high

    def network(self, steps: Steps, levels: int) -> Network:
        """The network after some steps; `levels` is the largest integer of a weight."""
        return self._made(steps, levels)[0]

    def run(self, network: Network, names: Iterable[str] | None = None) -> Batches:
        """What computes a network's tensors, all of them or those named."""
        return self.source.runner(network.layers, self.source.tensors if names is None else names)

    def ranges(self, steps: Steps) -> Ranges:
        """The range of every tensor of the ONNX file after some steps."""
        steps = replace(steps, rounded=False, corrected=False)
        if steps not in self._ranges and steps in self.trained:
            run = self.run(self.network(steps, 0))
            self._ranges[steps] = self.trained[steps].of(minmax_ranges(run.over(self.images(), limits_of)))
        if steps not in self._ranges:
            network, seen = self._made(steps, 0)
            by_channel = {n: (float(x.low.min()), float(x.high.max())) for n, x in seen.channels.items()}
            found = self._extremes | by_channel
            if steps.ranges != "min/max":
                few = min(RANGING, self.count)
                self._progress.step("Finding better ranges", few)
                run = self.run(network)
                found = mse_ranges(
                    run.over(self._counted(self.images(few)), partial(thinned, _SAMPLED)), found
                )
            self._ranges[steps] = found | dict.fromkeys(self.source.images, self.input_range)
        return self._ranges[steps]

    @cached_property
    def input_range(self) -> tuple[float, float]:
        """The range of the image itself: no image, however bright, may be clipped."""
        return input_range(self._feed)

    def _made(self, steps: Steps, levels: int) -> tuple[Network, Statistics]:
        steps = replace(steps, ranges="min/max")
        levels = levels if steps.rounded or steps.corrected else 0
        if (steps, levels) not in self._networks:
            self._networks[steps, levels] = self._make(steps, levels)
        return self._networks[steps, levels]

    def _make(self, steps: Steps, levels: int) -> tuple[Network, Statistics]:
        if steps in self.trained:
            trained = {layer.name: layer for layer in self.trained[steps].layers}
            return self.source.network.with_layers(trained), self._seen
        if steps.rounded or steps.corrected:
            network, seen = self._made(replace(steps, rounded=False, corrected=False), levels)
            self._progress.step(f"Rounding weights to {2 * levels + 1} levels", len(network.layers))

            def rounded(layer: Layer) -> Layer:
                moments = seen.moments[layer.name]
                return on_grid(layer, levels, moments, reconstruct=steps.rounded, correct=steps.corrected)

            large = [layer for layer in network.layers if layer.rows.shape[1] > _LARGE]
            others = [layer for layer in network.layers if layer.rows.shape[1] <= _LARGE]
            layers: dict[str, Layer] = {}
            for layer in chain(in_threads(rounded, others), map(rounded, large)):
                layers[layer.name] = layer
                self._progress.advance(len(layers))
            give_back()  # what each thread took for its products
            return network.with_layers(layers), seen
        if steps.equalized:
            return self._near_the_cap if steps.near else self._equalized
        return self.source.network, self._seen

    @cached_property
    def _equalized(self) -> tuple[Network, Statistics]:
        """The network centred and equalized, as far below ReLU6's cap as leaves the function as it was."""
        reach = dict(self._reach.channels)
        for cut in self.caps:
            reach[cut] = Channels(reach[cut].low, reach[cut].highest_of(IMAGES_BEYOND))
        return self._equal(Statistics(reach, {}), FAITHFUL_DB)

    @cached_property
    def _near_the_cap(self) -> tuple[Network, Statistics]:
        """Nearer to the cap, for smaller steps: rare images meet it."""
        return self._equal(self._reach, ENOUGH_DB)

    def _equal(self, reach: Statistics, wanted: float) -> tuple[Network, Statistics]:
        """The network equalized by the smallest margin with which scores hardly change."""
        centred, offsets = centre(self.source.network, self._seen)
        before, reach = (moved(centred, found, offsets) for found in (self._seen, reach))
        found: list[tuple[float, Network, Statistics]] = []
        for margin in MARGINS:
            network, seen = equalize(centred, before, reach.channels, margin)
            found.append((decibels(noises(self._real_scores, self._scores(network))), network, seen))
            if found[-1][0] >= wanted:
                return network, seen
        enough = (each[1:] for each in found if each[0] >= ENOUGH_DB)
        return next(enough, (self.source.network, self._seen))

    @cached_property
    def _real_scores(self) -> Float32:
        return self._scores(self.source.network)

    def _scores(self, network: Network) -> Float32:
        """What a network makes of images like the calibration's and unlike them."""
        name = self.source.outputs[0]
        held = partial(self.images, _JUDGING, held=True)
        images = chain(held(), self._farther(held()))  # made anew: of large ones they would take much memory
        run = self.run(network, (name,))
        return np.concatenate(list(run.over(images, lambda _, batch: batch[name].copy())))

    @cached_property
    def _seen(self) -> Statistics:
        """What the images make of the model's layers."""
        run = self.run(self.source.network)
        self._progress.step("Calibrating", self.count)
        looked_at = run.over(self._counted(self.images()), self._look)
        return collect(self.source.network, map(self._remembered, looked_at))

    def _look(self, number: int, batch: Activations) -> tuple[Seen, Activations]:
        """Return what is seen of the network's tensors, and the limits of others."""
        network = self.source.network
        others = {name: values for name, values in batch.items() if name not in network.channels}
        return see(network, batch, self.count, number), limits_of(number, others)

    def _remembered(self, looked_at: tuple[Seen, Activations]) -> Seen:
        seen, others = looked_at
        known = ({name: np.array(limits) for name, limits in self._extremes.items()}, others)
        self._extremes = minmax_ranges(known)
        return seen

    @cached_property
    def _reach(self) -> Statistics:
        """What images make of it that go farther than those."""
        network = self.source.network
        run = self.run(network, network.channels.keys() - cut_tensors(network))
        few = min(FARTHER, self.count)
        self._progress.step("Calibrating with brighter, darker and noisier images", 3 * few)
        images = self._counted(self._farther(self.images(few)))
        looked_at = run.over(images, lambda _, batch: see(network, batch, 3 * few, moments=False))
        found = collect(network, looked_at)
        for name, channels in found.channels.items():
            channels.join(self._seen.channels[name])
        return found

    def _farther(self, images: Iterable[Float32]) -> Iterator[Float32]:
        """Yield each image brighter, darker and noisier."""
        low, high = _ends(self._feed)
        noise = np.float32(_NOISE * (high - low))
        chance = np.random.default_rng(0)
        for image in images:
            for other in (
                low + (image - low) * np.float32(_BRIGHTER),
                low + (image - low) * np.float32(_DARKER),
                image + noise * chance.standard_normal(image.shape, np.float32),
            ):
                yield np.clip(other, low, high)

    def _counted(self, images: Iterable[Float32]) -> Iterator[Float32]:
        for done, image in enumerate(images, 1):
            yield image
            self._progress.advance(done)


def _ends(feed: Feed) -> tuple[np.float32, np.float32]:
    """The darkest and the brightest that a pixel can be."""
    contract = feed.preprocessing
    scaled = [(v - m) / s for v in (0.0, 255.0) for m, s in zip(contract.mean, contract.std, strict=True)]
    return np.float32(min(scaled)), np.float32(max(scaled))
