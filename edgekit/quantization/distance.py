"""How far a model's scores are from the float model's, on any images, labelled or not."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log10, sqrt

import numpy as np

from edgekit.quantization.network import Float

CERTAINTY = 2.0  # standard errors
_SMALLEST = 1e-7  # probability whose logarithm is still taken
_FEWEST = 2
_NONE = 1e-12  # relative noise that counts as none


@dataclass(frozen=True)
class Distance:
    """The distance of one output from the float model's."""

    sqnr_db: float | None  # 10 log₁₀ (Σ real² / Σ difference²); None: there is none, or no signal
    sqnr_low_db: float | None  # 95 % interval
    sqnr_high_db: float | None
    divergence: float | None  # Kullback–Leibler, nats, mean over the images; None: no probabilities
    divergence_low: float | None = None  # 95 % interval; None: of one image too
    divergence_high: float | None = None


def distance(real: Float, here: Float, *, probabilities: bool) -> Distance:
    """Compare one output with the float model's.

    Args:
        real: The float model's, [n, …].
        here: What is compared.
        probabilities: Whether they are of classes that exclude each other.
    """
    signal, noise = _powers(real), _powers(np.subtract(here, real, dtype=np.float64))
    divergence = _mean(divergences(real, here)) if probabilities else (None, None, None)
    if not noise.sum() > 0 or not signal.sum() > 0:
        return Distance(None, None, None, *divergence)
    ratio = float(noise.sum() / signal.sum())
    # of a ratio of means, by its linearisation (Cochran 1977, section 6.3)
    n = len(noise)
    spread = (
        float(np.std(noise - ratio * signal, ddof=1)) / sqrt(n) / float(signal.mean()) if n > 1 else ratio
    )
    error = 1.96 * spread / ratio  # of the logarithm
    low, high = (-10 * (log10(ratio) + sign * error / log(10)) for sign in (1, -1))
    return Distance(-10 * log10(ratio), low, high, *divergence)


def noises(real: Float, here: Float, *, centred: bool = False) -> Float:
    """The squared distance of each image's scores, relative to the mean power of the real ones; [n].

    Args:
        real: The float model's, [n, …].
        here: What is compared.
        centred: Leave out what all scores of an image have in common, which a softmax ignores.
    """
    if centred:
        real, here = (x - x.mean(axis=-1, keepdims=True) for x in (real, here))
    return _powers(np.subtract(here, real, dtype=np.float64)) / max(float(_powers(real).mean()), 1e-30)


def divergences(real: Float, here: Float) -> Float:
    """Σ p log (p / q) of each image, [n]; what 8 bits show as 0 counts as half a 256th, shared out."""
    rows = len(real)
    p, q = (np.maximum(x.reshape(rows, -1).astype(np.float64), 0) for x in (real, here))
    q = np.maximum(q, 1 / 512 / max(1, q.shape[1]))
    q /= q.sum(axis=1, keepdims=True)
    p /= np.maximum(p.sum(axis=1, keepdims=True), 1e-30)
    return np.asarray(np.sum(p * np.log(np.maximum(p, _SMALLEST) / q), axis=1))


def mean_level(noises: Float) -> float:
    """The mean logarithm of noises, so that few images with much do not decide."""
    return float(np.mean(np.log(noises + _NONE)))


def significantly_less(noises_here: Float, noises_there: Float, certainty: float = CERTAINTY) -> bool:
    """Whether the noise of the same images is less here, beyond what chance does.

    Compared are logarithms, image by image, so that few with much noise do not decide.

    Args:
        noises_here: Of each image.
        noises_there: Of the same images.
        certainty: Standard errors by which it must be less.
    """
    if len(noises_here) < _FEWEST:
        return False
    gain = np.log(noises_there + _NONE) - np.log(noises_here + _NONE)
    error = float(gain.std(ddof=1)) / sqrt(len(gain))
    return float(gain.mean()) > certainty * error


def decibels(noise: Float) -> float:
    """The signal to noise ratio that goes with relative noises, in dB."""
    return -10 * log10(max(float(np.mean(noise)), 1e-30))


def _mean(values: Float) -> tuple[float, float | None, float | None]:
    """The mean with its 95 % interval, by the normal distribution."""
    mean = float(np.mean(values))
    if len(values) < _FEWEST:
        return mean, None, None
    error = 1.96 * float(np.std(values, ddof=1)) / sqrt(len(values))
    return mean, mean - error, mean + error


def _powers(values: Float) -> Float:
    return np.asarray(np.square(values, dtype=np.float64).reshape(len(values), -1).sum(axis=1))
