"""Which steps bring a format's int8 file nearest to its float file: judged by files, on images held back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import log
from typing import TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from edgekit.conversion.calibration import Calibration
from edgekit.conversion.formats import Format
from edgekit.conversion.matching import counterparts
from edgekit.conversion.ranges import Ranges, minmax_ranges
from edgekit.conversion.runners import Runners
from edgekit.conversion.steps import EVERYTHING, PLAIN, Kind, Steps
from edgekit.data.dataset import Float32
from edgekit.errors import InvalidError
from edgekit.memory import give_back
from edgekit.progress import SILENT, Progress
from edgekit.quantization.distance import decibels, mean_level, noises, significantly_less
from edgekit.words import plural

FAITHFUL = 1e-4  # largest difference of a float file with new weights, relative to outputs above 1
_FEW = 2  # images
_REFUSED = 1e6  # noise of a file that no runtime loads

_UNEQUAL = replace(EVERYTHING, equalized=False)
_TOGETHER = (
    PLAIN,
    *(replace(steps, ranges=kind) for kind in get_args(Kind) for steps in (EVERYTHING, _UNEQUAL)),
)

Quantize: TypeAlias = Callable[[bytes, Ranges, Set[str]], bytes]
Noises: TypeAlias = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Prepared:
    """A float file ready to be quantized, and with which ranges."""

    what: str
    float_file: bytes
    real_file: bytes  # before weights were rounded: what an int8 file's layers are compared with
    ranges: Ranges


@dataclass(frozen=True)
class Choice:
    """What was chosen, and what it gained on images held back."""

    prepared: Prepared
    plain_db: float | None  # SQNR of the scores before a softmax, without any step; None: it does not run
    chosen_db: float
    images: int  # that were held back
    training: str = ""  # what training for 8 bits was worth; empty: it was not asked for

    def __str__(self) -> str:
        """Say it in a line."""
        plain = "the runtime refuses it" if self.plain_db is None else f"{self.plain_db:.1f} dB"
        return (
            f"scores of {plural(self.images, 'calibration image')} held back: SQNR {self.chosen_db:.1f} dB, "
            f"{plain} without these steps"
        )


@dataclass
class Earlier:
    """What the model's formats so far showed, so that the next one tries less."""

    worse: set[Steps] = field(default_factory=set)  # significantly worse than others
    near: Steps | None = None  # the nearest to float of those near ReLU6's cap


@dataclass
class Preparation:
    """The preparing of one format's float file.

    Args:
        calibration: Of the model.
        format: The format.
        float_file: Its float32 file.
        levels: The largest integer of a weight.
        quantize: Makes an int8 file of a float file with ranges.
        progress: Receives every step.
        literal: Whether int8 files are executed node by node: this CPU's fast kernels are not the target's.
        earlier: What other formats of the model showed; receives what this one shows.
        train: Trains for 8 bits what some steps leave, with so many levels; says by which steps the result is
            asked for.
    """

    calibration: Calibration
    format: Format
    float_file: bytes
    levels: int
    quantize: Quantize
    progress: Progress = SILENT
    literal: bool = False
    earlier: Earlier = field(default_factory=Earlier)
    train: Callable[[Steps, int], Steps] | None = None  # trains what some steps leave; None: nothing does
    _unknown: list[str] = field(default_factory=list)  # tensors that the calibrated file has none like
    _watched: dict[Steps, dict[str, tuple[float, float]]] = field(default_factory=dict)  # their ranges

    def best(self) -> Choice | None:
        """Try steps together and one by one; keep what brings the scores significantly nearer.

        Returns:
            The file and its ranges; None: its layers are not those of the network that was calibrated.
        """
        if self.prepared(PLAIN) is None:
            return None
        self.progress.step(f"Finding what brings int8.{self.format.name} nearest to float32")
        found: dict[Steps, Noises] = {}
        for steps in _TOGETHER:
            if steps not in self.earlier.worse:
                self._try(steps, found)
        best = _best(found)
        if best.corrected:
            self._try(replace(best, corrected=False), found)
        found |= self._nearer(found)
        self.earlier.worse |= _significantly_worse(found)
        chosen, training = self._trained(_best(found), found)
        prepared = self.prepared(chosen)
        if prepared is None:
            return None
        refused = bool(np.all(found[PLAIN] == _REFUSED))
        plain = None if refused else decibels(found[PLAIN])
        return Choice(prepared, plain, decibels(found[chosen]), len(found[PLAIN]), training)

    def _trained(self, best: Steps, found: dict[Steps, Noises]) -> tuple[Steps, str]:
        """The nearer of the best steps without training and of what training makes of them; and a line."""
        if self.train is None:
            return best, ""
        trained = self.train(best, self.levels)
        self.progress.step(f"Comparing trained int8.{self.format.name} with the best that was not trained")
        self._try(trained, found)
        before, after = found[best], found.get(trained)
        if after is None or self.prepared(trained) is None:
            return best, "training for 8 bits: its weights cannot be stored in this format, left out"
        here, there = (-10 * mean_level(noise) / log(10) for noise in (after, before))
        significant = significantly_less(after, before) or significantly_less(before, after)
        return trained if here > there else best, (
            f"training for 8 bits, {plural(trained.trained, 'epoch')}: SQNR of a typical image {here:.1f} dB "
            f"against {there:.1f} dB of the best without it ({here - there:+.1f} dB"
            f"{'' if significant else ', which may be chance'}), so it is "
            f"{'kept' if here > there else 'left out'}"
        )

    def _nearer(self, found: Mapping[Steps, Noises]) -> dict[Steps, Noises]:
        """The best equalizing steps near ReLU6's cap, where they gain something."""
        best, nearer = _best(found), dict[Steps, Noises]()
        equalized = [steps for steps in found if steps.equalized]
        if not (equalized and self.calibration.caps) or any(steps.near for steps in self.earlier.worse):
            return nearer
        # though others may be as good farther from the cap, by chance or for their ranges
        near = replace(min(equalized, key=lambda steps: mean_level(found[steps])), near=True)
        if self.earlier.near is None:
            # smaller steps need their extremes less to be cut, so other ranges and biases may suit
            for steps in (near, *(replace(near, ranges=kind) for kind in get_args(Kind))):
                self._try(steps, nearer)
            best_near = min(nearer, key=lambda steps: mean_level(nearer[steps]), default=near)
            self._try(replace(best_near, corrected=not best_near.corrected), nearer)
            self.earlier.near = min(nearer, key=lambda steps: mean_level(nearer[steps]), default=near)
        else:
            self._try(self.earlier.near, nearer)
        kept = {steps: noise for steps, noise in nearer.items() if _gains(noise, found[best])}
        if not kept:
            self.earlier.worse.add(near)
        return kept

    def prepared(self, steps: Steps) -> Prepared | None:
        """The float file after some steps; None: it would not compute what the network computes."""
        unrounded = replace(steps, rounded=False, corrected=False)
        file, real = self._file(steps), self._file(unrounded)
        if file is None or real is None or not self._computes(file, steps):
            return None
        return Prepared(steps.words(self.calibration.count), file, real, self._ranges(steps))

    def _try(self, steps: Steps, found: dict[Steps, Noises]) -> None:
        """Measure how far the scores of the int8 file are off, before a softmax or sigmoid, in ratios."""
        if steps in found:
            return
        short, squash = self._unsquashed
        file = self._file(steps, short)
        if file is None:
            return
        data = self.quantize(file, self._ranges(steps), frozenset())
        real_scores = self._real
        try:
            scores = self._outputs(data)
        except InvalidError:
            found[steps] = np.full(len(real_scores[0]), _REFUSED)
            return
        found[steps] = np.zeros(0)
        for real, here in zip(real_scores, scores, strict=True):
            noise = np.asarray(noises(real, here, centred=squash == "softmax"))
            found[steps] = noise + (found[steps] if len(found[steps]) else 0.0)

    @cached_property
    def _real(self) -> tuple[Float32, ...]:
        return self._outputs(self._unsquashed[0])

    @cached_property
    def _unsquashed(self) -> tuple[bytes, str]:
        return self.format.unsquashed(self.float_file)

    def _outputs(self, data: bytes) -> tuple[Float32, ...]:
        load = partial(self.format.load, data, optimise=not self.literal)
        rows = Runners(load).over(self.calibration.images(held=True))
        found = tuple(map(np.concatenate, zip(*rows, strict=True)))
        give_back()  # what making and running the file took
        return found

    def _file(self, steps: Steps, file: bytes | None = None) -> bytes | None:
        """A float file, or this one, with a network's weights."""
        network = self.calibration.network(steps, self.levels)
        stored = self.calibration.source.stored
        return self.format.with_layers(file or self.float_file, stored, network.layers)

    def _computes(self, file: bytes, steps: Steps) -> bool:
        if self.float_file == self.calibration.file:
            return True  # the network was read from it
        name = self.calibration.source.outputs[0]
        network = self.calibration.network(steps, self.levels)
        run, here = self.calibration.run(network, (name,)), self.format.load(file)
        for image in self._few():
            real, other = run(image)[name].ravel(), here.outputs(image)[0].ravel()
            largest = FAITHFUL * max(1.0, float(np.abs(real).max()))
            if real.size != other.size or not float(np.abs(real - other).max()) <= largest:
                return False
        return True

    def _ranges(self, steps: Steps) -> Ranges:
        """The ranges by the names of this file's tensors."""
        ranges = self.calibration.ranges(steps)
        if self.float_file == self.calibration.file:
            return ranges
        own, inputs = self._tensors
        found = {name: ranges[other] for name, other in own.items() if other in ranges}
        unrounded = replace(steps, rounded=False, corrected=False, ranges="min/max")
        if self._unknown and unrounded not in self._watched:  # such as what was padded first
            probe = self.format.look_inside(self._file(unrounded) or self.float_file)
            unknown = set(self._unknown)
            seen = (probe.activations(image, unknown) for image in self.calibration.images())
            self._watched[unrounded] = minmax_ranges(seen)
        return {
            **found,
            **self._watched.get(unrounded, {}),
            **dict.fromkeys(inputs, self.calibration.input_range),
        }

    @cached_property
    def _tensors(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Which of the calibrated file's tensors each of this file's is, and which of them hold the image."""
        probe = self.format.look_inside(self.float_file)
        run = self.calibration.run(self.calibration.source.network)
        found, unknown = counterparts((probe.activations(image), run(image)) for image in self._few())
        self._unknown.extend(sorted(unknown))
        return found, probe.inputs

    def _few(self) -> Iterator[Float32]:
        return self.calibration.images(_FEW)


def _gains(here: Noises, there: Noises) -> bool:
    """Whether noise is less by a standard error or more, or both of most images and in sum."""
    less = mean_level(here) < mean_level(there) and decibels(here) > decibels(there)
    return less or significantly_less(here, there, 1.0)


def _significantly_worse(found: Mapping[Steps, Noises]) -> set[Steps]:
    """Steps that others which treat weights and biases alike beat: so with weights of any levels."""
    return {
        steps
        for steps, noise in found.items()
        for other, less in found.items()
        if steps != PLAIN and (steps.rounded, steps.corrected) == (other.rounded, other.corrected)
        if significantly_less(less, noise)
    }


def _best(found: Mapping[Steps, Noises]) -> Steps:
    """The steps with the least noise; none if it is not certain that they gain anything."""
    best = min(found, key=lambda steps: mean_level(found[steps]))
    return best if significantly_less(found[best], found[PLAIN]) else PLAIN
