"""A choice in plain sentences, and only as far as the data carry."""

from __future__ import annotations

from edgekit import units
from edgekit.budget import METRICS, Figure
from edgekit.choice.candidate import Candidate, Standing
from edgekit.choice.choose import Choice
from edgekit.choice.steps import Step
from edgekit.words import listed, plural

SHORT = 100_000  # ns: times below are written in µs
_MOST = 3  # of each kind that is said


def sentences(choice: Choice) -> list[str]:
    """Return what to ship and why, what it is level with, and what its neighbours cost."""
    return [*(_nothing(choice) if choice.best is None else _best(choice)), *neighbours(choice)]


def neighbours(choice: Choice) -> list[str]:
    """Return what the best is level with, what its neighbours cost, and what the ranking rests on."""
    said = [] if choice.best is None else [*_ties(choice), *_steps(choice)]
    return [*said, *_perhaps(choice), *_basis(choice)]


def figures(choice: Choice, candidate: Candidate) -> str:
    """Return its cost and how good it is, with their bounds."""
    said = [_bounded(choice.cost, candidate.figures[choice.cost])]
    if choice.scale:
        seen = candidate.quality[choice.scale]
        text = quality(choice, seen.value or 0.0)
        text += " on ImageNet" if choice.scale == "published" else ""
        if seen.low < seen.high:
            text += f" ({units.percent(seen.low)} to {units.percent(seen.high)})"
        said.append(text)
    return ", ".join(said)


def limits(choice: Choice) -> str:
    """Return the limits: `latency p50 ≤ 15.0 ms, accuracy ≥ 70.00 %`; empty: there are none."""
    return ", ".join(
        f"{METRICS[name].title} {'≥' if METRICS[name].least else '≤'} {_show(name, limit)}"
        for name, limit in choice.limits.items()
    )


def quality(choice: Choice, value: float) -> str:
    """Write what says how good one is: `64.77 %`, `569.0 M multiply-adds`."""
    if choice.scale == "multiply_adds":
        return f"{units.millions(value)} M multiply-adds"
    return f"{units.percent(value)} %"


def _show(metric: str, value: float) -> str:
    """Write a metric's value with its unit; short times in µs."""
    if METRICS[metric].unit == "ns" and abs(value) < SHORT:
        return f"{units.significant(value / 1e3)} µs"
    return METRICS[metric].show(value)


def _name(choice: Choice, candidate: Candidate) -> str:
    """Say which one is meant; where two have one name, by their hash as well."""
    others = [choice.best, *choice.tied, *choice.level, *choice.runners_up, *choice.perhaps]
    others += [each.to for each in (choice.faster, choice.better) if each]
    same = {each.digest for each in others if each and each.title == candidate.title}
    return candidate.title + (f" (SHA-256 {candidate.digest[:8]}…)" if len(same) > 1 else "")


def _best(choice: Choice) -> list[str]:
    best = choice.best
    if best is None:
        return []
    all_of = sum(choice.counts.values())
    holding, perhaps = choice.counts.get("holds", 0), choice.counts.get("straddles", 0)
    if choice.limits:
        verb = "is" if holding == 1 else "are"
        among = f"{holding} of {plural(all_of, 'candidate')} {verb} certain to meet the limits"
        among += f"; {perhaps} may" if perhaps else ""
        among = "The only candidate is certain to meet the limits" if all_of == 1 else among
    else:
        among = f"There {'is' if all_of == 1 else 'are'} {plural(all_of, 'candidate')}, and no limit is given"
    return [f"Ship {_name(choice, best)}: {figures(choice, best)}.", f"{among}."]


def _bounded(metric: str, seen: Figure) -> str:
    text = _show(metric, seen.value or 0.0)
    if seen.doubt:
        return f"{text} ({seen.doubt})"
    return text if seen.low == seen.high else f"{text} ({_range(metric, seen)})"


def _range(metric: str, seen: Figure) -> str:
    low, high = _show(metric, seen.low), _show(metric, seen.high)
    unit = high.rpartition(" ")[2]
    return f"{low.removesuffix(f' {unit}')} to {high}"


def _ties(choice: Choice) -> list[str]:
    best, said = choice.best, []
    if best is None:
        return []
    what = "speed" if choice.cost == "latency_p50" else "instructions"
    both = f"neither in {what} nor in accuracy" if choice.scale in ("accuracy", "published") else f"in {what}"
    if choice.tied:
        names = [_name(choice, each) for each in choice.tied[:_MOST]]
        more = [f"{len(choice.tied) - _MOST} more"] * (len(choice.tied) > _MOST)
        said.append(f"Tie: it cannot be told apart from {listed([*names, *more])}, {both}.")
    return said + [_level(choice, best, each) for each in choice.level[:1]]


def _level(choice: Choice, best: Candidate, other: Candidate) -> str:
    """Say why one that looks better in what was sought is not chosen."""
    telling = choice.telling
    ratio = telling.cost_of(other) / telling.cost_of(best)
    costs = f"takes {ratio:.2g} times as {'long' if choice.cost == 'latency_p50' else 'many instructions'}"
    gain = telling.quality_of(other) - telling.quality_of(best)
    if choice.goal == "cost":
        return (
            f"Tie in speed: {_name(choice, other)} looks faster, but not significantly, and is "
            f"significantly less accurate ({units.points(gain)} pp)."
        )
    if choice.scale == "multiply_adds":
        return f"{_name(choice, other)} {costs}."
    if telling.paired(other, best):
        low, high = telling.difference(other, best)
        interval = f"{units.points(low)} to {units.points(high)} pp"
        why = f"is not significant on {len(best.answers):,} images ({interval})"
    else:
        why = "is within the intervals"
    return (
        f"Tie in accuracy: {_name(choice, other)} has {gain * 100:.2f} pp more, which {why}, but {costs}; so "
        "the faster one is chosen."
    )


def _steps(choice: Choice) -> list[str]:
    """Say what the neighbours on the front cost."""
    if choice.best is None:
        return []
    said = [_step(choice, choice.faster, "Faster")] if choice.faster else []
    better = "larger" if choice.scale == "multiply_adds" else "more accurate"
    said += [_step(choice, choice.better, better.capitalize())] if choice.better else []
    none = [] if choice.faster else [_FASTER[choice.cost]]
    none += [] if choice.better or choice.scale is None else [better]
    return [*said, *([f"No candidate is significantly {' or '.join(none)}."] if none else [])]


_FASTER = {"latency_p50": "faster", "instructions": "done with fewer instructions"}


def _step(choice: Choice, step: Step, word: str) -> str:
    """Say what a neighbour on the front saves and costs."""
    cost = _show(choice.cost, abs(step.cost)) + (" more" if step.cost > 0 else " less")
    shares = choice.scale in ("accuracy", "published")
    amount = "more" if step.quality > 0 else "less"
    if choice.scale is None:
        change = ""
    elif shares:
        change = f"{abs(step.quality) * 100:.2f} pp {amount}"
        change += "" if step.sure else ", which is not significant"
    else:
        change = f"{units.millions(abs(step.quality))} M multiply-adds {amount}"
    rate = ""
    if shares and step.cost_per_point and step.cost * step.quality > 0:
        each = _show(choice.cost, step.cost_per_point)
        rate = f" ({each} per pp)"
    breaks = ""
    if step.broken:
        words = [f"{METRICS[name].title} {_stands(choice, step.to, name)}" for name in step.broken]
        breaks = f"; {listed(words)}"
    if word == "Faster":
        return f"{word}: {_name(choice, step.to)}, {cost}{f' for {change}' if change else ''}{rate}{breaks}."
    return f"{word}: {_name(choice, step.to)}, {change} for {cost}{rate}{breaks}."


_STANDS: dict[Standing, str] = {
    "broken": "is over the limit",
    "straddles": "straddles the limit",
    "unknown": "is not known",
    "holds": "holds",
}


def _stands(choice: Choice, candidate: Candidate, metric: str) -> str:
    """Say how a candidate stands to a limit, with its bounds where it may hold."""
    word = candidate.standing(metric, choice.limits[metric])
    if word == "broken" and METRICS[metric].least:
        return "is under the limit"
    seen = candidate.seen(metric)
    if word == "straddles" and seen is not None:
        return f"{_STANDS[word]} ({seen.doubt or _range(metric, seen)})"
    return _STANDS[word]


def _perhaps(choice: Choice) -> list[str]:
    """Say which ones would be preferred if it were certain that they hold the limits."""
    steps = {id(each.to) for each in (choice.better, choice.faster) if each}
    others = [each for each in choice.perhaps if id(each) not in steps]
    if not others:
        return []
    names = [_name(choice, each) for each in others[:_MOST]]
    more = [f"{len(others) - _MOST} more"] * (len(others) > _MOST)
    what = (
        "faster"
        if choice.goal == "cost"
        else "larger"
        if choice.scale == "multiply_adds"
        else "more accurate"
    )
    return [f"Significantly {what}, but not certain to meet the limits: {listed([*names, *more])}."]


def _nothing(choice: Choice) -> list[str]:
    nearest = choice.nearest
    if nearest is None:
        return []
    said = [f"No candidate is certain to meet the limits. The nearest is {_name(choice, nearest.candidate)}."]
    for metric, standing in nearest.standings.items():
        seen = nearest.candidate.seen(metric)
        title = METRICS[metric].title
        if standing == "holds":
            continue
        if seen is None or metric not in nearest.over:
            said.append(f"Its {title} is not known.")
            continue
        limit = _show(metric, choice.limits[metric])
        over = _miss(metric, nearest.over[metric], choice.limits[metric])
        said.append(
            f"Its {title} of {_bounded(metric, seen)} misses the limit of {limit} by {over}."
            if standing == "broken"
            else f"Its {title} of {_bounded(metric, seen)} may or may not meet the limit of {limit}."
        )
    return said


def _miss(metric: str, over: float, limit: float) -> str:
    if METRICS[metric].unit == "fraction":
        return f"{abs(over) * 100:.2f} pp"
    share = f" ({over / limit * 100:.0f} %)" if over < limit else ""
    return _show(metric, over) + share


def _basis(choice: Choice) -> list[str]:
    """Say by what candidates were ranked, where that is not their own accuracy."""
    if choice.scale == "published" and choice.source != "published":
        return [
            "No accuracy was measured: candidates are ranked by the published ImageNet accuracy of the same "
            "size."
        ]
    if choice.scale == "multiply_adds":
        return [
            "No accuracy is known: candidates are ranked by multiply-adds. Train the one you want to ship."
        ]
    if choice.scale is None:
        return ["No accuracy is known, so the fastest is named."]
    return []
