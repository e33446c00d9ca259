"""By what candidates are compared: what they cost, and what says how good they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgekit.budget import METRICS
from edgekit.choice.candidate import SCALES, Candidate, Scale
from edgekit.errors import UsageError
from edgekit.words import listed, plural

COSTS = ("latency_p50", "instructions")


def cost_of(candidates: Sequence[Candidate]) -> str:
    """Return the metric that is the cost: the first that any has."""
    if not candidates:
        raise UsageError("There is nothing to choose from.", "Measure something: edgekit bench")
    for name in COSTS:
        if any(has(each, name) for each in candidates):
            return name
    reason = next((why for each in candidates for why in each.lacks.values()), "nothing was measured")
    raise UsageError(f"No candidate has a latency: {reason}.", "Measure it: edgekit bench")


def scale_of(pool: Sequence[Candidate], notes: list[str]) -> tuple[Scale | None, list[Candidate]]:
    """Return what says how good candidates are, and those of which it is known."""
    counts = {scale: sum(scale in each.quality for each in pool) for scale in SCALES}
    if counts["accuracy"]:
        scale: Scale = "accuracy"
    else:
        most = max(counts.values())
        scale = next(each for each in SCALES if counts[each] == most)
        if not most:
            return None, list(pool)
    left = known(pool, lambda each: scale in each.quality, f"without {_NAMES[scale]}", notes)
    if scale == "accuracy" and len({each.task for each in left}) > 1:
        models = sorted({each.model for each in left})
        raise UsageError(
            f"{plural(len(models), 'model')} were judged on different images, so their accuracies are not "
            f"comparable: {', '.join(models[:4])}{' …' if len(models) > 4 else ''}.",
            f"Name those of one task, as a pattern: --model '{_pattern(left)}'",
        )
    return scale, left


_NAMES: Mapping[Scale, str] = {
    "accuracy": "accuracy",
    "published": "a published accuracy",
    "multiply_adds": "a known number of multiply-adds",
}


def _pattern(pool: Sequence[Candidate]) -> str:
    """Return a pattern of the models of the task that most candidates are of."""
    tasks = [each.task for each in pool]
    most = max(sorted(set(tasks)), key=tasks.count)
    names = sorted({each.model for each in pool if each.task == most})
    ends = {name.rpartition("_")[2] for name in names}
    return f"*_{ends.pop()}" if len(ends) == 1 and all("_" in name for name in names) else names[0]


def has(candidate: Candidate, metric: str) -> bool:
    """Whether a candidate has a figure of a metric."""
    seen = candidate.figures.get(metric)
    return seen is not None and seen.value is not None


def known(
    pool: Sequence[Candidate], known: Callable[[Candidate], bool], what: str, notes: list[str]
) -> list[Candidate]:
    """Return those of which something is known; a note says how many are left out."""
    left = [each for each in pool if known(each)]
    if count := len(pool) - len(left):
        notes.append(f"{plural(count, 'measurement')} {what} left out.")
    return left


def check_limit(pool: Sequence[Candidate], metric: str, scale: Scale | None) -> None:
    """Raise a UsageError if a limit is on something that nothing has."""
    if metric == "accuracy" and scale not in ("accuracy", "published"):
        raise UsageError(
            "An accuracy limit is given, but no accuracy is known.",
            "Measure with images (edgekit bench on an artefact set), or leave out --accuracy.",
        )
    if not any(each.seen(metric) for each in pool):
        reasons = {each.lacks[metric] for each in pool if metric in each.lacks}
        title = METRICS[metric].title
        why = f": {listed(sorted(reasons)[:2])}" if reasons else ""
        raise UsageError(f"No candidate has a figure for {title}{why}.", f"Leave out the limit on {title}.")
