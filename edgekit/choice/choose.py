"""Candidates and limits into a choice. Nothing is read or written here.

Of those that certainly meet every limit the most accurate is chosen; with a floor of accuracy and no limit on
the cost, the cheapest. If several cannot be told apart in that, the other of the two decides, as far as it
tells them apart. So no choice rests on a difference that the data cannot carry, and no other that meets the
limits is better in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Literal

from edgekit.budget import METRICS
from edgekit.choice import basis
from edgekit.choice.candidate import Candidate, Scale, Standing
from edgekit.choice.steps import Step, better, faster, front, order, step
from edgekit.choice.telling import Telling
from edgekit.errors import UnavailableError
from edgekit.words import listed, plural

Goal = Literal["quality", "cost"]

RUNNERS_UP = 3


@dataclass(frozen=True, kw_only=True)
class Miss:
    """The one that comes nearest to the limits where none certainly meets them."""

    candidate: Candidate
    standings: Mapping[str, Standing]  # by metric
    over: Mapping[str, float]  # by metric: how far its bound is beyond the limit, in the metric's unit


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which one to ship, and what is next to it."""

    source: str  # a name in SOURCES
    origin: str = ""  # in words, where the candidates are from
    files: tuple[Path, ...] = ()  # that they were read from
    device: str
    limits: Mapping[str, float]  # by metric's name, in its unit
    goal: Goal  # what was sought among those that hold the limits: the best, or the cheapest
    telling: Telling
    best: Candidate | None  # None: nothing certainly meets the limits
    tied: tuple[Candidate, ...] = ()  # hold the limits, and cannot be told apart from the best in any way
    level: tuple[Candidate, ...] = ()  # cannot in what was sought; they look better there, the other decided
    runners_up: tuple[Candidate, ...] = ()  # one of each other model, the next best first
    faster: Step | None = None  # what less cost would cost
    better: Step | None = None  # what more accuracy would cost
    perhaps: tuple[Candidate, ...] = ()  # better, if they meet the limits: that is not certain
    nearest: Miss | None = None  # where there is no best
    counts: Mapping[Standing, int] = field(default_factory=dict)  # candidates by how they stand to the limits
    notes: tuple[str, ...] = ()  # what to know before believing it

    @property
    def cost(self) -> str:
        """The metric that is the cost: `latency_p50`, or `instructions` where nothing is timed."""
        return self.telling.cost

    @property
    def scale(self) -> Scale | None:
        """What says how good candidates are."""
        return self.telling.scale

    @property
    def exit_code(self) -> int:
        """0: there is one to ship; 3: nothing certainly meets the limits."""
        return 0 if self.best else UnavailableError.exit_code


def choose(
    candidates: Sequence[Candidate],
    limits: Mapping[str, float],
    *,
    source: str = "results",
    notes: Sequence[str] = (),
) -> Choice:
    """Choose the one to ship.

    Args:
        candidates: All of one device, in any order; at least one.
        limits: By metric's name, in the metric's unit.
        source: Where the candidates are from.
        notes: What is to be known of them.

    Raises:
        UsageError: A limit is on something that no candidate has a figure of, or their accuracies are not
            comparable.
    """
    said = list(notes)
    cost = basis.cost_of(candidates)
    pool = basis.known(candidates, lambda each: basis.has(each, cost), f"without {METRICS[cost].title}", said)
    scale, pool = basis.scale_of(pool, said)
    for metric in limits:
        basis.check_limit(pool, metric, scale)
    telling = Telling(cost, scale, len({each.answers for each in pool}))
    goal: Goal = "cost" if scale is None or ("accuracy" in limits and cost not in limits) else "quality"
    standings = {id(each): _standing(each, limits) for each in pool}
    holding = [each for each in pool if standings[id(each)] == "holds"]
    unknown = [each for each in pool if standings[id(each)] == "unknown"]
    said += [_unknown(unknown, limits)] if unknown else []
    counts: dict[Standing, int] = {}
    for word in standings.values():
        counts[word] = counts.get(word, 0) + 1
    found = {
        "source": source,
        "device": pool[0].device,
        "limits": dict(limits),
        "goal": goal,
        "telling": telling,
        "counts": counts,
        "notes": tuple(said),
    }
    if not holding:
        return Choice(**found, best=None, nearest=_nearest(pool, limits))  # type: ignore[arg-type]
    best = _best(holding, telling, goal)
    return Choice(
        **found,  # type: ignore[arg-type]
        best=best,
        tied=tuple(_ordered(_tied(best, holding, telling), telling, goal)),
        level=tuple(_ordered(_level(best, holding, telling, goal), telling, goal)),
        runners_up=tuple(_runners_up(best, holding, telling, goal)),
        faster=_step(best, faster(best, pool, telling), telling, limits),
        better=_step(best, better(best, pool, telling), telling, limits),
        perhaps=tuple(
            _ordered(
                [
                    each
                    for each in pool
                    if standings[id(each)] == "straddles" and _preferred(each, best, telling, goal)
                ],
                telling,
                goal,
            )
        ),
    )


def _best(pool: Sequence[Candidate], telling: Telling, goal: Goal) -> Candidate:
    """Return the one to ship of some that hold the limits."""
    on_front = front(pool, telling)
    level = [
        each
        for each in on_front
        if not _preferred(on_front[-1 if goal == "quality" else 0], each, telling, goal)
    ]
    # of those that are level in what is sought, the other decides, as far as it tells them apart
    other: Goal = "cost" if goal == "quality" else "quality"
    leading = level[0] if other == "cost" else level[-1]
    alike = [each for each in level if not _preferred(leading, each, telling, other)]
    return alike[-1] if goal == "quality" else alike[0]


def _preferred(one: Candidate, other: Candidate, telling: Telling, goal: Goal) -> bool:
    """Whether one is significantly ahead of another in what is sought."""
    return telling.better(one, other) if goal == "quality" else telling.cheaper(one, other)


def _tied(best: Candidate, among: Sequence[Candidate], telling: Telling) -> list[Candidate]:
    return [each for each in among if each is not best and not telling.apart(each, best)]


def _level(best: Candidate, among: Sequence[Candidate], telling: Telling, goal: Goal) -> list[Candidate]:
    """Return those that look better in what is sought, not significantly, and are worse in the other."""
    if goal == "quality":
        return [
            each
            for each in among
            if telling.quality_of(each) > telling.quality_of(best)
            and not telling.better(each, best)
            and telling.cheaper(best, each)
        ]
    return [
        each
        for each in among
        if telling.cost_of(each) < telling.cost_of(best)
        and not telling.cheaper(each, best)
        and telling.better(best, each)
    ]


def _ordered(found: Sequence[Candidate], telling: Telling, goal: Goal) -> list[Candidate]:
    """Order by what was sought, one of each model first."""
    ranked = sorted(found, key=lambda each: order(each, telling))
    return sorted(ranked, key=lambda each: -telling.quality_of(each)) if goal == "quality" else ranked


def _runners_up(
    best: Candidate, holding: Sequence[Candidate], telling: Telling, goal: Goal
) -> list[Candidate]:
    found: list[Candidate] = []
    left = [each for each in holding if each.model != best.model]
    while left and len(found) < RUNNERS_UP:
        found.append(_best(left, telling, goal))
        left = [each for each in left if each.model != found[-1].model]
    return found


def _step(
    best: Candidate, to: Candidate | None, telling: Telling, limits: Mapping[str, float]
) -> Step | None:
    broken = [name for name, limit in limits.items() if to and to.standing(name, limit) != "holds"]
    return step(best, to, telling, broken)


def _standing(candidate: Candidate, limits: Mapping[str, float]) -> Standing:
    """Return how it stands to all limits: as to the worst."""
    found = {candidate.standing(name, limit) for name, limit in limits.items()}
    ranks: tuple[Standing, ...] = ("broken", "unknown", "straddles")
    return next((word for word in ranks if word in found), "holds")


def _nearest(pool: Sequence[Candidate], limits: Mapping[str, float]) -> Miss:
    """Return the one whose largest relative miss is the smallest."""

    def far(each: Candidate) -> float:
        misses = (over / limits[name] if limits[name] else inf for name, over in _over(each, limits).items())
        return max(misses, default=inf)

    known = [each for each in pool if _standing(each, limits) != "unknown"] or list(pool)
    nearest = min(known, key=lambda each: (far(each), *map(str, each.key)))
    return Miss(
        candidate=nearest,
        standings={name: nearest.standing(name, limit) for name, limit in limits.items()},
        over=_over(nearest, limits),
    )


def _over(candidate: Candidate, limits: Mapping[str, float]) -> dict[str, float]:
    """Return how far its bound is beyond each limit not certainly met; without a bound, its value."""
    found = {}
    for name, limit in limits.items():
        seen = candidate.seen(name)
        if seen is None or seen.value is None or candidate.standing(name, limit) == "holds":
            continue
        least = METRICS[name].least
        bound = seen.value if seen.doubt else seen.low if least else seen.high
        found[name] = limit - bound if least else bound - limit
    return found


def _unknown(unknown: Sequence[Candidate], limits: Mapping[str, float]) -> str:
    titles = [
        METRICS[name].title
        for name, limit in limits.items()
        if any(each.standing(name, limit) == "unknown" for each in unknown)
    ]
    return f"{plural(len(unknown), 'measurement')} without {listed(titles)} left out."
