"""Which of two candidates is significantly better or cheaper; if neither is, they cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from edgekit import stats
from edgekit.budget import Figure
from edgekit.choice.candidate import Candidate, Scale
from edgekit.comparison.change import LEAST_CHANGE, TOLERANCE, delta_of, spread

CONFIDENCE = 0.95  # of accuracies' intervals


def ranged(value: float, low: float, high: float) -> Figure:
    """Return a figure with an interval."""
    return Figure(value, min(low, value), max(high, value))


def share(correct: int, n: int) -> Figure:
    """Return an accuracy with its Wilson interval, 95 %."""
    return ranged(correct / n, *stats.wilson(correct, n, CONFIDENCE))


@dataclass(frozen=True)
class Telling:
    """How candidates are told apart: by a cost, a metric's name, and by what says how good they are."""

    cost: str
    scale: Scale | None  # None: nothing says how good they are
    compared: int = 2  # how many differ in their answers

    def cost_of(self, candidate: Candidate) -> float:
        """Return what it costs; infinite: that is not known."""
        seen = candidate.figures.get(self.cost)
        return inf if seen is None or seen.value is None else seen.value

    def quality_of(self, candidate: Candidate) -> float:
        """Return how good it is; 0 for all where nothing says it."""
        seen = candidate.quality.get(self.scale) if self.scale else None
        return 0.0 if seen is None or seen.value is None else seen.value

    def better(self, one: Candidate, other: Candidate) -> bool:
        """Whether one is significantly better than another.

        On the same images: if the interval of the paired difference is above 0; one candidate is compared
        with all others, and these intervals hold together with 95 % (Bonferroni). Otherwise: if the
        candidates' own intervals do not overlap.
        """
        if self.scale is None or self.quality_of(one) <= self.quality_of(other):
            return False
        if self.scale == "accuracy" and self.paired(one, other):
            return self.difference(one, other)[0] > 0
        return one.quality[self.scale].low > other.quality[self.scale].high

    def paired(self, one: Candidate, other: Candidate) -> bool:
        """Whether both answered the same images."""
        same = one.images == other.images and len(one.answers) == len(other.answers)
        return self.scale == "accuracy" and same and bool(one.answers)

    def difference(self, one: Candidate, other: Candidate) -> tuple[float, float]:
        """Return the interval of the accuracy that one has more than another, on the same images."""
        import numpy as np

        confidence = 1 - (1 - CONFIDENCE) / max(1, self.compared - 1)
        right, there = (np.frombuffer(each.answers, dtype=bool) for each in (one, other))
        _, low, high = stats.paired_drop(right, there, confidence)
        return low, high

    def cheaper(self, one: Candidate, other: Candidate) -> bool:
        """Whether one significantly costs less than another.

        Times: if even the bounds differ by more than δ, the least change that counts in a comparison. Where
        others measured both in the same series: if each series differs by more than that.
        """
        before, after = one.figures.get(self.cost), other.figures.get(self.cost)
        if before is None or after is None or self.cost_of(one) >= self.cost_of(other):
            return False
        if common := one.several.keys() & other.several.keys():
            return all(one.several[name] * (1 + LEAST_CHANGE) < other.several[name] for name in common)
        if self.cost != "latency_p50":
            return before.high * (1 + TOLERANCE) < after.low
        noise = max((side.noise for side in (before, after) if side.noise is not None), default=None)
        delta = delta_of(spread(before.repeats, after.repeats), noise)
        return not before.doubt and not after.doubt and before.high * (1 + delta) < after.low

    def apart(self, one: Candidate, other: Candidate) -> bool:
        """Whether two can be told apart in any way."""
        return any(
            tell(*sides) for tell in (self.better, self.cheaper) for sides in ((one, other), (other, one))
        )
