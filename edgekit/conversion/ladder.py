"""Quantizing to int8, with stronger means one after another while too much accuracy is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import msgspec

from edgekit.artefact import Quality
from edgekit.conversion.feed import Feed
from edgekit.conversion.formats import Format
from edgekit.conversion.probe import Probe, watch
from edgekit.conversion.quality import sqnr_db
from edgekit.conversion.ranges import Ranges, input_range, minmax_ranges, mse_ranges
from edgekit.data.dataset import Float32
from edgekit.inspection import Layer, inspect_bytes
from edgekit.progress import Progress
from edgekit.stats import wilson
from edgekit.units import percent, points

SQNR_IMAGES = 32  # at most, and of large ones a quarter: every place of a layer's output is a sample
_PLACES = 32 * 64 * 64  # pixels of all of them together
CHANGED = 0.05  # share of answers that change at little loss; whether for better or worse is not known
FLOAT_LAYERS = (1, 2, 4, 8)  # most fragile layers left in float32, rung by rung

Quantize: TypeAlias = Callable[[Ranges, Set[str]], bytes]
Judge: TypeAlias = Callable[[bytes], Quality]


@dataclass(frozen=True)
class Candidate:
    """One rung: a file and how accurate it is."""

    what: str  # how it was made
    data: bytes
    quality: Quality


@dataclass(frozen=True)
class Ladder:
    """The int8 quantization of one float32 file.

    Layers are compared with those of `float_file`; `quantize` may have given it other weights.
    """

    format: Format
    float_file: bytes
    calibration: Feed
    quantize: Quantize
    judge: Judge
    mixed: bool = True  # whether layers may stay in float32; integer-only processors refuse such a file
    ranges: Ranges | None = None  # None: found here, from `float_file`
    what: str = ""  # how `quantize` treats the weights, and how `ranges` were found

    def quantize_within(self, limit: float, progress: Progress) -> tuple[Candidate, tuple[str, ...]]:
        """Quantize; take the next rung while the accuracy drop is certainly above `limit` (a fraction).

        The rungs: the ranges given, or else min/max ranges and ranges of least squared error; then the most
        fragile layers in float32.
        A drop counts where the low end of its 95 % interval is above the limit: of 50 images one may fall
        to chance, and a layer kept in float32 for it would cost time on every device. The evaluation images
        decide when to stop, so a file from a higher rung is chosen among few and its accuracy is slightly
        flattered.

        Returns:
            Of the candidates that were tried the one that loses least; and a line for each.
        """
        tried: list[Candidate] = []
        for what, data in self._rungs(progress, tried):
            tried.append(Candidate(what, data, self.judge(data)))
            if not _certainly_loses(tried[-1].quality, limit):
                break
        best = min(tried, key=lambda candidate: candidate.quality.lost)
        quality = msgspec.structs.replace(best.quality, sqnr_db=self.layer_sqnr(best.data))
        lines = tuple(_line(candidate, chosen=candidate is best) for candidate in tried)
        return Candidate(best.what, best.data, quality), lines

    def layer_sqnr(self, data: bytes) -> dict[str, float]:
        """SQNR behind each layer with weights, in dB, in execution order, by layer name."""
        return {self._name(tensor): value for _, tensor, value in self._measured(data)}

    def _name(self, tensor: str) -> str:
        """The layer that writes a tensor, as its user knows it."""
        found = (layer.name for layer in self._layers if layer.tensor == tensor)
        return next(found).partition(";")[0]

    def _rungs(self, progress: Progress, tried: Sequence[Candidate]) -> Iterator[tuple[str, bytes]]:
        """Yield (what it is, file) rung by rung; `tried` grows by each before the next is asked for."""
        found: list[Ranges] = []
        for what, ranges in self._ways(progress):
            found.append(ranges)
            yield what, self.quantize(ranges, frozenset())
        if not self.mixed:
            return
        better, ranges = min(zip(tried, found, strict=True), key=lambda pair: pair[0].quality.lost)
        fragile = self._fragile(better.data)
        for kept in (fragile[:k] for k in FLOAT_LAYERS if k < len(fragile)):
            names = ", ".join(self._name(tensor) for tensor in kept)
            yield f"{better.what}, in float32 {names}", self.quantize(ranges, frozenset(kept))

    def _ways(self, progress: Progress) -> Iterator[tuple[str, Ranges]]:
        """Yield (how they were found, ranges)."""
        if self.ranges is not None:
            yield self.what, self.ranges
            return
        probe = self.format.look_inside(self.float_file)
        count = f"{len(self.calibration)} images"
        progress.step(f"Calibrating {self.format.name}", len(self.calibration))
        full = self._pin(probe, minmax_ranges(watch(probe, self._counted(progress))))
        yield f"min/max ranges of {count}", full
        progress.step(f"Finding better ranges for {self.format.name}", len(self.calibration))
        narrow = mse_ranges(watch(probe, self._counted(progress)), full)
        yield f"ranges of least squared error of {count}", self._pin(probe, narrow)

    @cached_property
    def _layers(self) -> tuple[Layer, ...]:
        return inspect_bytes(self.float_file, f"float32.{self.format.name}").layers

    def _counted(self, progress: Progress) -> Iterator[Float32]:
        for done, image in enumerate(self.calibration, 1):
            progress.advance(done)
            yield image

    def _pin(self, probe: Probe, ranges: Ranges) -> Ranges:
        return {**ranges, **dict.fromkeys(probe.inputs, input_range(self.calibration))}

    def _fragile(self, data: bytes) -> list[str]:
        """Layers by the noise they add, most first; named by their output tensor.

        An estimate: the noise-to-signal ratio behind a layer, less the ratio behind the layer before it.
        """
        added, before = {}, 0.0
        for _, tensor, decibel in self._measured(data):
            ratio = 10 ** (-decibel / 10)
            added[tensor] = ratio - before
            before = ratio
        return sorted(added, key=lambda tensor: -added[tensor])

    def _measured(self, data: bytes) -> Iterator[tuple[str, str, float]]:
        """Yield (tensor measured at, the layer's output tensor, SQNR in dB) for each layer with weights.

        Quantizing merges a layer with the activation behind it; then that one's output is what both
        files have.
        """
        contract = self.calibration.preprocessing
        few = max(SQNR_IMAGES // 4, min(SQNR_IMAGES, _PLACES // (contract.height * contract.width)))
        feed = Feed(self.calibration.split, contract, few)
        real, quantized = map(self.format.look_inside, (self.float_file, data))
        shared = real.names & quantized.names
        places: dict[str, str] = {}
        for index, layer in enumerate(self._layers):
            at = next((each.tensor for each in self._layers[index:] if each.tensor in shared), None)
            if layer.multiply_adds and at is not None:
                places[layer.tensor] = at
        wanted = set(places.values())
        found = sqnr_db((real.activations(x, wanted), quantized.activations(x, wanted)) for x in feed)
        for tensor, at in places.items():
            if at in found:
                yield at, tensor, found[at]


def _certainly_loses(quality: Quality, limit: float) -> bool:
    """Whether certainly too much is lost, at 95 %; without labelled images, too many answers change."""
    if quality.drop_low is not None:
        return quality.drop_low > limit
    if quality.agreement is None:
        return False
    low, _ = wilson(round((1 - quality.agreement) * quality.n), quality.n)
    return low > max(limit, CHANGED)


def _line(candidate: Candidate, *, chosen: bool) -> str:
    quality = candidate.quality
    if quality.accuracy is not None and quality.drop is not None:
        result = f"{percent(quality.accuracy)} %, drop {points(quality.drop)} pp"
    elif quality.agreement is not None:
        result = f"{percent(quality.agreement)} % the same answers"
    else:
        result = "without answers to judge by"
    return f"{candidate.what}: {result}{' (chosen)' if chosen else ''}"
