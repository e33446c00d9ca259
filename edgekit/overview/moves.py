"""What changed, in few words: since the session before, and over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from edgekit import units
from edgekit.budget import Metric
from edgekit.comparison import Change, Compared
from edgekit.comparison.change import TOLERANCE
from edgekit.overview.changes import Since
from edgekit.overview.lines import Line
from edgekit.overview.overview import Overview
from edgekit.results import Result
from edgekit.timeline import Series, Step
from edgekit.timeline.words import sentence as sentence_of
from edgekit.timeline.words import size, worse
from edgekit.words import listed

_SURE = {"slower": "bad", "more": "bad", "faster": "good", "fewer": "good"}
# what a comparison's words are called here
_CALLED = {
    "more": "more instr.",
    "fewer": "fewer instr.",
    "inconclusive": "not sure",
    "missing": "–",
}
_IN_A_SENTENCE = _CALLED | {
    "more": "with more instructions",
    "fewer": "with fewer instructions",
    "missing": "with nothing to compare",
}
_FEW = 3  # of one kind on one device that are named one by one


@dataclass(frozen=True)
class Said:
    """A word with what it rests on."""

    word: str
    text: str = ""
    tone: str = ""  # good, bad, warn; empty: neither


def change(overview: Overview, line: Line) -> Said:
    """Say what changed of a measurement since the session before."""
    if line.series not in overview.folder.before:
        return Said("first")
    pair = overview.changes.of(line)
    if pair is None:
        return Said("–", "not comparable")
    moved = [_percent(of.ratio) for of in _judged(pair)[:1] if of.ratio and of.word != "same"]
    text = ", ".join((*moved, *_other_file(pair)))
    return Said(_CALLED.get(pair.word, pair.word), text, _SURE.get(pair.word, ""))


def _judged(pair: Compared) -> list[Change]:
    """Return the figures that the pair's word is of."""
    return [of for of in (pair.latency, pair.instructions) if of and of.word == pair.word]


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %".replace("-", "−")


def _range(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _other_file(pair: Compared) -> Iterator[str]:
    before, after = pair.bytes
    if before and abs(after - before) > TOLERANCE * before:
        yield f"size {_percent(after / before)}"
    seen = pair.agreement
    if (
        seen
        and seen.drop
        and seen.low is not None
        and seen.high is not None
        and not seen.low <= 0 <= seen.high
    ):
        yield f"accuracy {units.points(-seen.drop)} pp"


def since(overview: Overview) -> list[str]:
    """Say of each device what changed from its sessions before to its newest, in one sentence."""
    groups = groupby(overview.changes.since, key=lambda each: each.device)
    return [_since(device, list(group)) for device, group in groups]


def _since(device: str, group: Sequence[Since]) -> str:
    before = min((each.before for each in group), key=lambda each: each.created)
    after = max((each.after for each in group), key=lambda each: each.created)
    pairs = [pair for each in group if each.comparison for pair in each.comparison.pairs]
    counts = Counter(pair.word for pair in pairs)
    order = (*_SURE, "same", "inconclusive", "invalid", "missing")
    words = [f"{counts[word]} {_IN_A_SENTENCE.get(word, word)}" for word in order if counts[word]]
    unlike = sum(len(each.comparison.unlike) for each in group if each.comparison)
    words += [f"{unlike} not comparable"] if unlike else []
    why = sorted({each.why for each in group if each.why})
    said = f"{device}, {_session(before)} → {_session(after)}: {', '.join(words) or 'nothing compared'}."
    return " ".join([said, *why])


def _session(result: Result) -> str:
    made_in = result.repository
    return result.created[:16].replace("T", " ") + (f" ({made_in.commit[:7]})" if made_in else "")


def changed(overview: Overview) -> list[tuple[Said, str]]:
    """Return what significantly changed: the word, and what was measured; what got worse first.

    Where many changed alike on a device, they are one, with the least and the most.
    """
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in overview.lines:
        if (pair := overview.changes.of(line)) and (pair.word in _SURE or any(_other_file(pair))):
            groups.setdefault((line.device, pair.word), []).append(line)
    found = [each for group in groups.values() for each in _changed(overview, group)]
    return sorted(found, key=lambda each: each[0].tone != "bad")


def _changed(overview: Overview, group: Sequence[Line]) -> Iterator[tuple[Said, str]]:
    said = [change(overview, line) for line in group]
    if len(group) <= _FEW:
        yield from zip(
            said, (f"{line.device} · {line.row.set}/{line.row.label}" for line in group), strict=True
        )
        return
    pairs = [pair for line in group if (pair := overview.changes.of(line))]
    ratios = [of.ratio for pair in pairs for of in _judged(pair)[:1] if of.ratio]
    models = sorted({line.row.set for line in group})
    text = f"of {listed(models[:_FEW])}{f' and {len(models) - _FEW} more' if len(models) > _FEW else ''}"
    if ratios and said[0].tone:
        text += f": {_range(_percent(min(ratios)), _percent(max(ratios)))}"
    others = sum(any(_other_file(pair)) for pair in pairs)
    text += f"; {others} with another size or accuracy" if others else ""
    yield Said(said[0].word, text, said[0].tone), f"{group[0].device} · {len(group)} measurements"


def doubts(overview: Overview) -> list[str]:
    """Say why changes are not certain, or were not judged: each reason once, with how often."""
    reasons: Counter[str] = Counter()
    for each in overview.changes.since:
        if each.comparison is None:
            continue
        for pair in each.comparison.pairs:
            judged = [of for of in (pair.latency, pair.instructions) if of and of.word == "inconclusive"]
            reasons.update({of.reason for of in judged if of.reason} or {pair.invalid} - {""})
        reasons.update(_unlike(reason) for reason in each.comparison.unlike)
    return [f"{count} ×: {reason}" if count > 1 else reason for reason, count in reasons.most_common()]


def _unlike(reason: str) -> str:
    """Leave out which pair it is, so that the same reason is counted."""
    return reason.partition("compared (")[2].rstrip(").") or reason


def steps(overview: Overview) -> list[tuple[Said, str]]:
    """Return where something changed over time, the newest first; what changed together is one."""
    groups: dict[tuple[str, str, str, bool], list[tuple[Metric, Series, Step]]] = {}
    for metric, series, step in overview.past.steps:
        key = (series.device, metric.name, step.likeliest.name, worse(metric, step))
        groups.setdefault(key, []).append((metric, series, step))
    return [each for (*_, bad), group in groups.items() for each in _steps(group, bad=bad)]


def _steps(group: Sequence[tuple[Metric, Series, Step]], *, bad: bool) -> Iterator[tuple[Said, str]]:
    tone = "bad" if bad else "good"
    if len(group) <= _FEW:
        for metric, series, step in group:
            also = f"; with it: {', '.join(step.also)}" if step.also else ""
            yield Said("step", f"{sentence_of(metric, step)}{also}", tone), f"{series.label}, {metric.title}"
        return
    metric, series, step = group[0]
    sizes = sorted(step.change.size for _, _, step in group)
    others = sorted({each for _, _, step in group for each in step.also})
    commits = {step.commits for _, _, step in group}
    within = f"in {step.commits}, " if step.commits and len(commits) == 1 else ""
    span = _range(size(metric, sizes[0]), size(metric, sizes[-1]))
    text = f"{span}, {within}most likely at {step.likeliest.name}"
    text += f"; with it: {', '.join(others[:_FEW])}" if others else ""
    yield Said("step", text, tone), f"{series.device} · {len(group)} measurements, {metric.title}"
