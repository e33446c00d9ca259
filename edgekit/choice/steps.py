"""The Pareto front, and what it costs to go along it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from edgekit.choice.candidate import Candidate
from edgekit.choice.telling import Telling


@dataclass(frozen=True)
class Step:
    """From the choice to a neighbour on the front: what changes, in the metrics' units."""

    to: Candidate
    cost: float  # more of it; negative: less
    quality: float  # likewise
    sure: bool  # whether the quality significantly differs
    broken: tuple[str, ...]  # names of limits that it does not certainly meet

    @property
    def cost_per_point(self) -> float | None:
        """What one more percentage point costs; None: quality is not a share, or differs by chance."""
        return self.cost / (self.quality * 100) if self.sure and self.quality else None


def front(candidates: Iterable[Candidate], telling: Telling) -> list[Candidate]:
    """Return those that none is as good as at less cost, the cheapest first.

    Of several that are alike in both, the one with the least memory and the smallest file.
    """
    found: list[Candidate] = []
    best = -inf
    for each in sorted(candidates, key=lambda each: order(each, telling)):
        if telling.quality_of(each) > best:
            found.append(each)
            best = telling.quality_of(each)
    return found


def order(candidate: Candidate, telling: Telling) -> tuple[object, ...]:
    """Order candidates: the cheapest first, of those the best, then the smallest."""
    small = [
        inf if seen is None or seen.value is None else seen.value
        for seen in map(candidate.figures.get, ("peak_memory", "size"))
    ]
    return (telling.cost_of(candidate), -telling.quality_of(candidate), *small, *map(str, candidate.key))


def faster(best: Candidate, among: Sequence[Candidate], telling: Telling) -> Candidate | None:
    """Return the best of those on the front that significantly cost less."""
    less = [each for each in front(among, telling) if telling.cheaper(each, best)]
    return less[-1] if less else None


def better(best: Candidate, among: Sequence[Candidate], telling: Telling) -> Candidate | None:
    """Return the cheapest of those on the front that are significantly better."""
    return next((each for each in front(among, telling) if telling.better(each, best)), None)


def step(best: Candidate, to: Candidate | None, telling: Telling, broken: Sequence[str]) -> Step | None:
    """Return the step to a neighbour, if there is one."""
    if to is None:
        return None
    return Step(
        to,
        telling.cost_of(to) - telling.cost_of(best),
        telling.quality_of(to) - telling.quality_of(best),
        telling.better(to, best) or telling.better(best, to),
        tuple(broken),
    )
