"""How accurate a converted file is, compared with the Keras model on the same images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from edgekit.artefact import TOP1, Head, OutputError, Quality
from edgekit.conversion.answers import answers, by_chance, label_bits
from edgekit.conversion.ranges import Activations
from edgekit.conversion.runners import Runners
from edgekit.data.dataset import Float32, Int64
from edgekit.progress import SILENT, Progress
from edgekit.quantization.distance import distance
from edgekit.stats import paired_drop, wilson

_ONE = 1e-3  # how far the sum of an image's probabilities may be from one
_PART = 1024  # numbers

Outputs: TypeAlias = tuple[Float32, ...]  # every output of a model, over some images: [n, …] each


@dataclass(frozen=True)
class StandIn:
    """A float32 file that computes what the Keras model computes, and stands for it on most images."""

    format: str
    images: Sequence[int]  # that the Keras model itself was run on
    outputs: Outputs  # the file's, of these


@dataclass(frozen=True)
class Reference:
    """What the Keras model says about the evaluation images."""

    labels: Int64  # [n], the right answers; −1: not known
    scores: Float32  # [n, classes], its first output
    head: Head = TOP1
    others: Outputs = ()  # its further outputs
    name: str = "Keras model"  # in messages
    stand_in: StandIn | None = None

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


def outputs_of(runners: Runners, images: Iterable[Float32], progress: Progress = SILENT) -> Outputs:
    """Run a file over images [1, *input_shape]; return its outputs, [n, …] each."""
    rows = []
    for done, row in enumerate(runners.over(images), 1):
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


def _error(name: str, real: Float32, here: Float32) -> OutputError:
    difference = np.subtract(here, real, dtype=np.float64)
    signal, noise = float(np.sum(np.square(real, dtype=np.float64))), float(np.sum(np.square(difference)))
    decibel = 10 * float(np.log10(signal / noise)) if signal > 0 and noise > 0 else None
    return OutputError(name, float(np.abs(difference).max()), decibel)


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
