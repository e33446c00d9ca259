"""How accurate a converted file is, compared with the Keras model on the same images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from edgekit.artefact import TOP1, Head, OutputError, Quality
from edgekit.conversion.answers import answers, by_chance, label_bits
from edgekit.conversion.feed import Feed
from edgekit.conversion.ranges import Activations
from edgekit.conversion.runners import Runner, run_all
from edgekit.data.dataset import Float32, Int64
from edgekit.errors import InvalidError
from edgekit.progress import Progress
from edgekit.quantization.distance import distance
from edgekit.stats import paired_drop, wilson

PARITY_ERROR = 1e-4  # largest difference of a float file's output to Keras', relative to scores above 1
PARITY_AGREEMENT = 0.999
PARITY_IMAGES = 512  # that a float file is run on, where they are enough
_DISTANCES = (
    *("max_abs_error", "outputs", "divergence", "divergence_low", "divergence_high"),
    *("scores_sqnr_db", "scores_sqnr_low_db", "scores_sqnr_high_db"),
)
_ONE = 1e-3  # how far the sum of an image's probabilities may be from one
_LITTLE = 5.0  # times the usual
_PART = 1024  # numbers
_ALIKE = 10.0  # times; a file sums in yet another order, so its difference varies as much

Outputs: TypeAlias = tuple[Float32, ...]  # every output of a model, over some images: [n, …] each


@dataclass(frozen=True)
class Reference:
    """What the Keras model says about the evaluation images."""

    labels: Int64  # [n], the right answers; −1: not known
    scores: Float32  # [n, classes], its first output
    head: Head = TOP1
    others: Outputs = ()  # its further outputs
    name: str = "Keras model"  # in messages

    @property
    def outputs(self) -> Outputs:
        """Every output."""
        return (self.scores, *self.others)

    @cached_property
    def answers(self) -> Int64 | None:
        """Its answer to each image, [n]; None where the head gives none."""
        return answers(self.scores, self.head)

    @cached_property
    def right(self) -> npt.NDArray[np.bool_] | None:
        """Whether that is the image's class, [n]; None where classes or answers are not known."""
        return self.judged(self.answers)

    def of(self, images: Sequence[int]) -> Reference:
        """What it says about some of the images."""
        others = tuple(each[images] for each in self.others)
        return replace(self, labels=self.labels[images], scores=self.scores[images], others=others)

    @property
    def rounding(self) -> float:
        """How much rounding may change its outputs."""
        return PARITY_ERROR * max(1.0, *(float(np.abs(output).max()) for output in self.outputs))

    def telling(self) -> Sequence[int]:
        """Images that tell whether a float32 file computes the same.

        Some from all over, and those whose two highest scores are so near that rounding could turn the
        answer; all where that cannot be said.
        """
        everything = range(len(self.labels))
        if self.head.kind != "top1" or self.scores.ndim != 2 or len(everything) <= PARITY_IMAGES:
            return everything
        second, first = np.partition(self.scores, -2, axis=1)[:, -2:].T
        near = first - second <= 2 * self.rounding
        near[np.linspace(0, len(everything) - 1, PARITY_IMAGES).astype(int)] = True
        return np.flatnonzero(near).tolist()

    def judged(self, given: Int64 | None) -> npt.NDArray[np.bool_] | None:
        """Return which answers are right, [n]; None where classes or answers are not known."""
        return None if given is None or self.labels.min() < 0 else np.equal(given, self.labels)

    @property
    def gives_probabilities(self) -> bool:
        """Whether an image's scores are the probabilities of classes that exclude each other."""
        if self.head.kind != "top1" or self.scores.ndim != 2:
            return False
        sums = self.scores.sum(axis=1)
        return bool(self.scores.min() >= 0 and np.abs(sums - 1).max() < _ONE)

    @cached_property
    def sure(self) -> npt.NDArray[np.bool_]:
        """Which half of the images it is surest of: their two highest scores are farthest apart; [n]."""
        best = np.sort(self.scores.reshape(len(self.scores), -1), axis=1)
        margin = best[:, -1] - best[:, -2]
        return np.asarray(margin >= np.median(margin))

    @property
    def accuracy(self) -> float | None:
        """The share of right answers."""
        return None if self.right is None else float(self.right.mean())

    @property
    def guesses(self) -> bool:
        """Whether the accuracy's 95 % interval reaches down to guessing among the classes."""
        if self.right is None:
            return False
        low, _ = wilson(int(self.right.sum()), len(self.labels))
        return low <= by_chance(self.head, int(self.scores.shape[1]))


def reference_of(function: Callable[[Float32], Outputs], feed: Feed, head: Head = TOP1) -> Reference:
    """Run the Keras model over the evaluation images."""
    scores, *others = map(np.concatenate, zip(*map(function, feed.batches()), strict=True))
    return Reference(feed.split.labels, scores, head, tuple(others))


def outputs_of(load: Callable[[], Runner], images: Iterable[Float32], progress: Progress) -> Outputs:
    """Run a file over images [1, *input_shape]; return its outputs, [n, …] each."""
    rows = []
    for done, row in enumerate(run_all(load, images), 1):
        rows.append(row)
        progress.advance(done)
    return tuple(map(np.concatenate, zip(*rows, strict=True)))


def judge(reference: Reference, outputs: Outputs, names: Sequence[str] = ()) -> Quality:
    """Compare a file's outputs with Keras' and its answers with the truth.

    Args:
        reference: What Keras says.
        outputs: What the file says, [n, …] each.
        names: The outputs', where there are several.
    """
    given = answers(outputs[0], reference.head)
    n = len(outputs[0])
    agreement = None
    if given is not None and reference.answers is not None:
        agreement = float((given == reference.answers).mean())
    pairs = list(zip(reference.outputs, outputs, strict=True))
    named = zip(names, pairs, strict=True) if len(pairs) > 1 else ()
    apart = distance(reference.scores, outputs[0], probabilities=reference.gives_probabilities)
    quality = Quality(
        n=n,
        accuracy=None,
        accuracy_low=None,
        accuracy_high=None,
        drop=None,
        drop_low=None,
        drop_high=None,
        agreement=agreement,
        max_abs_error=max(float(np.abs(here - real).max()) for real, here in pairs),
        outputs=tuple(_error(name, *pair) for name, pair in named),
        sure_agreement=_sure_agreement(reference, given),
        divergence=apart.divergence,
        divergence_low=apart.divergence_low,
        divergence_high=apart.divergence_high,
        scores_sqnr_db=apart.sqnr_db,
        scores_sqnr_low_db=apart.sqnr_low_db,
        scores_sqnr_high_db=apart.sqnr_high_db,
    )
    right = reference.judged(given)
    if right is None or reference.right is None or given is None:
        return quality
    correct = int(right.sum())
    low, high = wilson(correct, n)
    drop, drop_low, drop_high = paired_drop(reference.right, right)
    return msgspec.structs.replace(
        quality,
        accuracy=correct / n,
        accuracy_low=low,
        accuracy_high=high,
        drop=drop,
        drop_low=drop_low,
        drop_high=drop_high,
        label_accuracy=_label_accuracy(reference, given),
    )


def _sure_agreement(reference: Reference, given: Int64 | None) -> float | None:
    if reference.head.kind != "top1" or given is None or reference.answers is None:
        return None
    return float((given == reference.answers)[reference.sure].mean())


def _label_accuracy(reference: Reference, given: Int64) -> tuple[float, ...]:
    if reference.head.kind != "multilabel":
        return ()
    count = int(reference.scores.shape[1])
    same = label_bits(given, count) == label_bits(reference.labels, count)
    return tuple(same.mean(axis=0).tolist())


def judge_some(
    reference: Reference, outputs: Outputs, images: Sequence[int], names: Sequence[str] = ()
) -> Quality:
    """Compare a file that was run on some images only; to the others it has Keras' answers."""
    here = judge(reference.of(images), outputs, names)
    if len(images) == len(reference.labels):
        return here
    filled = tuple(real.copy() for real in reference.outputs)
    for real, found in zip(filled, outputs, strict=True):
        real[images] = found
    distances = {name: getattr(here, name) for name in _DISTANCES}
    return msgspec.structs.replace(judge(reference, filled, names), run=len(images), **distances)


def _error(name: str, real: Float32, here: Float32) -> OutputError:
    difference = np.subtract(here, real, dtype=np.float64)
    signal, noise = float(np.sum(np.square(real, dtype=np.float64))), float(np.sum(np.square(difference)))
    decibel = 10 * float(np.log10(signal / noise)) if signal > 0 and noise > 0 else None
    return OutputError(name, float(np.abs(difference).max()), decibel)


def check_parity(
    name: str, quality: Quality, reference: Reference, own: Callable[[float], float] = lambda _: 0.0
) -> None:
    """Refuse a float32 file that does not compute what the Keras model computes.

    One image may differ however few there are: between two equal scores either answer is right. Where numbers
    are large inside, as with large biases, rounding alone may do a little more than usual: as much as a few
    times what it does to Keras itself, if the answers are the same.

    Args:
        name: The file's.
        quality: What was measured.
        reference: What Keras says.
        own: Finds the largest difference of float32 Keras to itself, and may stop where that is as large as
            what it is given; only asked if the file differs.

    Raises:
        InvalidError: With the figures.
    """
    largest = reference.rounding
    error = quality.max_abs_error
    allowed = max(1, round((1 - PARITY_AGREEMENT) * quality.n))
    differing = 0 if quality.agreement is None else round((1 - quality.agreement) * quality.n)
    if error is None or not error <= largest or differing > allowed:
        alike = max(largest, (error or 0.0) / _ALIKE)
        itself = own(alike)
        if error is not None and error <= min(_ALIKE * itself, _LITTLE * largest) and differing <= allowed:
            return
        if error is not None and itself >= alike:
            raise InvalidError(
                f"The model is ill-conditioned: rounding alone changes its outputs. {name} differs from "
                f"float32 Keras by up to {error:.2g}, and Keras itself by {itself:.2g} if images are given "
                "one at a time or it computes in float64.",
                "No file can be verified. Train it again with less extreme weights or normalized inputs.",
            )
        answers = f", and so does the answer to {differing} of {quality.n} images (at most {allowed})"
        raise InvalidError(
            f"{name} does not compute what the {reference.name} computes: outputs differ by up to "
            f"{error:.2g} (at most {largest:.2g} is rounding){'' if quality.agreement is None else answers}.",
            "A layer was converted wrongly, so quantizing would be pointless: try the other format alone, "
            "with --format.",
        )


def sqnr_db(pairs: Iterable[tuple[Activations, Activations]]) -> dict[str, float]:
    """Signal to quantization noise ratio of every tensor that both files have, in dB.

    10 log₁₀ (Σ real² / Σ (real − quantized)²), summed over all images.

    Args:
        pairs: The float file's and the quantized file's activations for the same image.
    """
    signal: dict[str, float] = {}
    noise: dict[str, float] = {}
    for real, quantized in pairs:
        for name in real.keys() & quantized.keys():
            signal[name] = signal.get(name, 0.0) + _power(real[name])
            noise[name] = noise.get(name, 0.0) + _power(real[name] - quantized[name])
    return {n: 10 * float(np.log10(signal[n] / noise[n])) for n in signal if signal[n] > 0 and noise[n] > 0}


def _power(values: Float32) -> float:
    """The sum of squares, of a thousand at a time in float32: several times as fast as all in float64."""
    flat = np.ascontiguousarray(values).reshape(-1)
    whole = len(flat) - len(flat) % _PART
    parts = flat[:whole].reshape(-1, _PART)
    rest = flat[whole:]
    return float(np.einsum("ij,ij->i", parts, parts).sum(dtype=np.float64) + np.vdot(rest, rest))
