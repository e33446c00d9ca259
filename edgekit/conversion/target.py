"""Which CPUs an int8 file suits, whether this host is one of them, and whether sums overflow on it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgekit.data.dataset import Float32

Target = Literal["portable", "arm64", "x86-vnni", "x86-avx2"]

# 2 × 255 × 64 = 32,640: two products of 8-bit activations and 7-bit weights fit in 16 bits
LARGEST_SAFE_WEIGHT = 64
LEVELS = 255  # steps of an 8-bit range
EXCESS = 0.5  # steps of the output that the fast kernels' scores may be farther off; rounding is less
_CERTAINTY = 3.0  # standard errors
_FEWEST = 2  # images, for a standard error
_SMALLEST = 1e-30  # probability whose logarithm is still taken
_VNNI = {"avx512_vnni", "avx_vnni"}


@dataclass(frozen=True)
class Saturation:
    """How much farther off the scores of the fast kernels are, in steps of the output."""

    excess: float  # mean over the images of (distance of the fast scores − distance of the literal ones)
    error: float  # its standard error
    images: int  # whose scores are farther off by more than EXCESS
    n: int

    @property
    def found(self) -> bool:
        """Whether that is certainly more than rounding does."""
        return self.excess - _CERTAINTY * self.error > EXCESS


def suits_host(target: Target) -> bool:
    """Whether this host computes as the target does, so that its fast kernels may judge the file."""
    if target == "arm64":
        return platform.machine().lower() in ("aarch64", "arm64")
    if target == "x86-vnni":
        return _is_x86() and not _VNNI.isdisjoint(_cpu_flags())
    return target == "portable" or _is_x86()


def of_host() -> Target:
    """Return the target that uses what this host's processor can, and is right on it."""
    exact: tuple[Target, ...] = ("arm64", "x86-vnni")
    return next((target for target in exact if suits_host(target)), "portable")


def sums_in_16_bits() -> bool:
    """Whether this host adds two 8-bit products in 16 bits, as x86 does without VNNI (vpmaddubsw)."""
    return _is_x86() and _VNNI.isdisjoint(_cpu_flags())


def saturation(fast: Float32, literal: Float32, real: Float32) -> Saturation:
    """Compare the scores of the runtime's fast kernels with those of literal execution.

    Both round, one more often than the other, so that answers flip where two scores are nearly equal. But
    rounding brings neither of them farther from the float model's scores on average; sums that overflow do.
    The distance of an image's scores is their root mean square difference from the float model's, in steps
    of the output: a 255th of the range that its scores take.

    Args:
        fast: Scores with every optimization, [n, scores].
        literal: Scores without any.
        real: The float model's.
    """
    step = float(np.ptp(literal)) / LEVELS or 1.0
    excess = _distance(fast, real, step) - _distance(literal, real, step)
    n = len(excess)
    error = float(excess.std(ddof=1)) / sqrt(n) if n >= _FEWEST else float("inf")
    return Saturation(float(excess.mean()), error, int(np.sum(excess > EXCESS)), n)


def logits(probabilities: Float32) -> Float32:
    """Undo a softmax, up to a constant for each image: the step of an int8 file is that of its logits."""
    logarithms = np.log(np.maximum(probabilities, _SMALLEST))
    return np.asarray(logarithms - logarithms.mean(axis=-1, keepdims=True), dtype=np.float32)


def _distance(scores: Float32, real: Float32, step: float) -> npt.NDArray[np.float64]:
    off = (scores.astype(np.float64) - real).reshape(len(scores), -1) / step
    return np.asarray(np.sqrt(np.mean(np.square(off), axis=1)))


def _is_x86() -> bool:
    return platform.machine().lower() in ("x86_64", "amd64")


def _cpu_flags() -> set[str]:
    """The CPU's features as Linux lists them; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return next((set(line.split(":")[1].split()) for line in lines if line.startswith("flags")), set())
