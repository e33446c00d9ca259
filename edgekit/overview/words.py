"""What a folder of results comes to, in sentences and in few words, and only as far as the data carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from edgekit import units
from edgekit.budget.verdicts import ordered, sentence, subject, tally
from edgekit.choice.sentences import figures, neighbours
from edgekit.comparison import Change, Compared
from edgekit.comparison.change import TOLERANCE
from edgekit.overview.answers import Answer
from edgekit.overview.changes import Since
from edgekit.overview.lines import Line
from edgekit.overview.overview import Overview
from edgekit.reporting.columns import moment
from edgekit.reporting.phrases import Headline
from edgekit.results import Result
from edgekit.words import listed, plural

_SURE = {"slower": "bad", "more": "bad", "faster": "good", "fewer": "good"}


@dataclass(frozen=True)
class Said:
    """A word with what it rests on."""

    word: str
    text: str = ""
    tone: str = ""  # good, bad, warn; empty: neither


def name(overview: Overview) -> str:
    """Say what to ship and where: the page's title."""
    best = overview.recommended
    if best is None:
        return "Nothing that was measured can be recommended"
    return f"Ship {best.best.model}/{best.best.artefact} on {best.device}"


def how(best: Answer) -> str:
    """Say with what the recommended one runs: `litert 2.3.0 · 4 threads`."""
    return f"{best.best.runtime} · {best.line.row.threads_text}{best.best.pinned}"


def facts(overview: Overview) -> str:
    """Say what the folder has."""
    dates = sorted(entry.created for entry in overview.folder.entries)
    days = sorted({dates[0][:10], dates[-1][:10]})
    return " · ".join(
        (
            str(overview.folder.path),
            plural(len(overview.devices), "device"),
            plural(overview.folder.files, "session"),
            plural(len(overview.lines), "measurement"),
            " to ".join(days),
        )
    )


def headlines(best: Answer) -> list[Headline]:
    """Return the recommended one's figures that are worth large type."""
    row, choice = best.line.row, best.choice
    cost, *good = figures(choice, best.best).split(", ", 1)
    found = [
        _headline(cost, "p50 of one inference" if choice.cost == "latency_p50" else "instructions, a count")
    ]
    if good and choice.scale:
        scale = {"accuracy": "accuracy", "published": "published accuracy", "multiply_adds": "multiply-adds"}
        value, _, rest = good[0].partition(" %")
        found.append(_headline(f"{value} %{rest}" if rest else good[0], scale[choice.scale]))
    found.append(Headline(f"{units.megabytes(row.bytes)} MB", "file", f"{row.precision}, {row.artefact}"))
    if row.memory:
        model = f"the model's own {units.megabytes(row.memory.model)} MB"
        found.append(Headline(f"{units.megabytes(row.memory.peak)} MB", "peak memory", model))
    return found


def _headline(text: str, what: str) -> Headline:
    value, _, rest = text.partition(" (")
    return Headline(value, what, f"between {rest.rstrip(')').replace(' to ', ' and ')}" if rest else "")


def why(overview: Overview, best: Answer) -> list[str]:
    """Say why this one, and what its neighbours cost."""
    among = plural(len(best.pool), "valid measurement")
    word = {
        "": "no budget is about it" if overview.budgets else "there are no budgets",
        "pass": "it holds its budget",
    }.get(best.holds, "nothing there surely holds its budget")
    rule = "the fastest of the most accurate" if best.choice.scale else "the fastest"
    if best.choice.cost == "instructions":
        rule = rule.replace("the fastest", "the one with the fewest instructions")
    others = [each for each in overview.answers if each.device != best.device]
    elsewhere = [f"Other devices have their own answers below: {listed(_others(others))}."] if others else []
    return [f"Of {among} on {best.device}, {rule}; {word}.", *neighbours(best.choice), *elsewhere]


def _others(others: Sequence[Answer]) -> list[str]:
    names = list(dict.fromkeys(each.device for each in others))
    return names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"]


def budget(overview: Overview, line: Line) -> Said:
    """Say whether a measurement holds its budget."""
    if overview.budgets is None:
        return Said("", "no budgets")
    if not line.verdicts:
        return Said("", "no budget is about it")
    worst = ordered(line.verdicts)[0]
    if worst.verdict == "pass":
        return Said("holds", plural(len(line.verdicts), "limit"), "good")
    words = {"fail": "breaks", "inconclusive": "not sure", "invalid": "invalid", "missing": "missing"}
    text = sentence(worst).partition(": ")[2].partition(" (")[0]
    return Said(words[worst.verdict], text, "bad" if worst.verdict == "fail" else "warn")


def change(overview: Overview, line: Line) -> Said:
    """Say what changed of a measurement since the session before."""
    if line.series not in overview.folder.before:
        return Said("first")
    pair = overview.changes.of(line)
    if pair is None:
        return Said("–", "not comparable")
    word = {"inconclusive": "not sure", "missing": "–"}.get(pair.word, pair.word)
    judged = [each for each in (pair.latency, pair.instructions) if each and each.word == pair.word]
    moved = [_percent(each) for each in judged[:1] if each.word != "same"]
    return Said(word, ", ".join((*moved, *_other_file(pair))), _SURE.get(pair.word, ""))


def _percent(of: Change) -> str:
    return f"{((of.ratio or 1) - 1) * 100:+.1f} %".replace("-", "−")


def _other_file(pair: Compared) -> Iterator[str]:
    before, after = pair.bytes
    if before and abs(after - before) > TOLERANCE * before:
        yield f"size {(after / before - 1) * 100:+.1f} %".replace("-", "−")
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
    before, after = (
        min(sides, key=lambda each: each.created) for sides in zip(*map(_sides, group), strict=True)
    )
    pairs = [pair for each in group if each.comparison for pair in each.comparison.pairs]
    counts = Counter(pair.word for pair in pairs)
    words = [f"{counts[word]} {word}" for word in (*_SURE, "same", "invalid") if counts[word]]
    words += [f"{counts['inconclusive']} not sure"] if counts["inconclusive"] else []
    unlike = sum(len(each.comparison.unlike) for each in group if each.comparison)
    words += [f"{unlike} not comparable"] if unlike else []
    why = sorted({each.why for each in group if each.why})
    said = f"{device}, {_session(before)} → {_session(after)}: {', '.join(words) or 'nothing compared'}."
    return " ".join([said, *why])


def _sides(each: Since) -> tuple[Result, Result]:
    return each.before, each.after


def _session(result: Result) -> str:
    made_in = result.repository
    return result.created[:16].replace("T", " ") + (f" ({made_in.commit[:7]})" if made_in else "")


def changed(overview: Overview) -> list[tuple[Said, str]]:
    """Return what surely changed: the word, and what was measured; what got worse first."""
    found = []
    for line in overview.lines:
        said = change(overview, line)
        if said.tone or "size" in said.text or "accuracy" in said.text:
            found.append((said, f"{line.device} · {line.row.set}/{line.row.label}"))
    return sorted(found, key=lambda each: each[0].tone != "bad")


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


def broken(overview: Overview) -> tuple[str, list[tuple[Said, str]]]:
    """Return how many limits hold, and those that do not: the verdict, why, and what is judged."""
    worst = [each for each in ordered(overview.verdicts) if each.verdict != "pass"]
    said = [
        (
            Said(
                each.verdict, sentence(each).partition(": ")[2], "bad" if each.verdict == "fail" else "warn"
            ),
            f"{each.device} · {subject(each)}",
        )
        for each in worst
    ]
    return tally(overview.verdicts), said


def cautions(overview: Overview) -> list[str]:
    """Return what a reader must know before the figures."""
    folder, said = overview.folder, []
    if folder.left_out:
        verb = "is" if len(folder.left_out) == 1 else "are"
        said.append(
            f"{plural(len(folder.left_out), 'file')} {verb} left out: the last section has the reasons."
        )
    invalid = sum(not line.row.valid for line in overview.lines)
    if invalid:
        verb = "is" if invalid == 1 else "are"
        said.append(
            f"{invalid} of {plural(len(overview.lines), 'measurement')} {verb} invalid and in no comparison."
        )
    said += [
        f"{result.device.profile}, {moment(result.created)}: the session ended early: {result.partial}"
        for result in folder.sessions
        if result.partial
    ]
    said += list(dict.fromkeys(line.cell.result.doubt for line in overview.lines if line.cell.result.doubt))
    return [*said, *([folder.note] if folder.note else [])]


def summary(overview: Overview) -> list[str]:
    """Return the page's answer in a few sentences, for a terminal."""
    said = [f"{name(overview)}."] if overview.recommended else [name(overview)]
    for each in overview.answers:
        held, moved = budget(overview, each.line), change(overview, each.line)
        parts = [figures(each.choice, each.best), f"{held.word} {held.text}".strip()]
        parts.append(f"since last time {moved.word} {moved.text}".strip())
        said.append(f"{each.device}: {each.best.title}: {'; '.join(parts)}.")
    return [*said, *cautions(overview)]
