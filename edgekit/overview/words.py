"""What a folder of results comes to, in sentences and in few words, and only as far as the data carry."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit import units
from edgekit.budget import METRICS
from edgekit.budget.verdicts import cells, ordered, sentence, subject, tally
from edgekit.choice.sentences import figures, neighbours
from edgekit.overview.answers import Answer
from edgekit.overview.lines import Line
from edgekit.overview.moves import Said, change
from edgekit.overview.overview import Overview
from edgekit.reporting.columns import moment
from edgekit.reporting.phrases import Headline
from edgekit.words import listed, plural


def name(overview: Overview) -> str:
    """Say what to ship and where: the page's title."""
    best = overview.recommended
    if best is None:
        return "No measurement can be recommended"
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


def cost(answer: Answer) -> str:
    """Say what the best costs and how good it is: `1.02 ms (1.00 to 1.04 ms), 99.20 % (97.96 to 99.69)`."""
    said, best = figures(answer.choice, answer.best), answer.best.figures[answer.choice.cost]
    if answer.choice.cost != "instructions" or best.value is None:
        return said
    count = METRICS["instructions"].show(best.value)
    return said.replace(count, f"{count} instr.", 1)


def headlines(best: Answer) -> list[Headline]:
    """Return the recommended one's figures that are worth large type."""
    row, choice = best.line.row, best.choice
    spent, *good = figures(best.choice, best.best).split(", ", 1)
    found = [
        _headline(spent, "p50 of one inference" if choice.cost == "latency_p50" else "instructions, a count")
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
    rule = "the fastest" if best.choice.cost == "latency_p50" else "the one with the fewest instructions"
    rule += " of the most accurate" if best.choice.scale in ("accuracy", "published") else ""
    of = f"Of {len(best.pool)} valid measurements on {best.device}, {rule}"
    if len(best.pool) == 1:
        of = f"The only valid measurement on {best.device}"
    held = {"pass": " that is certain to be within budget", "": " (no budget applies to it)"}
    limits = (
        held.get(best.holds, "; nothing there is certain to be within budget") if overview.budgets else ""
    )
    others = [each for each in overview.answers if each.device != best.device]
    elsewhere = [f"Other devices have their own answers below: {listed(_others(others))}."] if others else []
    return [f"{of}{limits}.", *neighbours(best.choice), *elsewhere]


def _others(others: Sequence[Answer]) -> list[str]:
    names = list(dict.fromkeys(each.device for each in others))
    return names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"]


def budget(line: Line) -> Said:
    """Say whether a measurement holds its budget; no word: no budget is about it."""
    if not line.verdicts:
        return Said("")
    worst = ordered(line.verdicts)[0]
    if worst.verdict == "pass":
        return Said("holds", plural(len(line.verdicts), "limit"), "good")
    if worst.verdict == "first":
        return Said("first", "no baseline yet")
    words = {"fail": "breaks", "inconclusive": "not sure"}
    *_, title, measured, bound, _, _ = cells(worst)
    text = f"{title} {measured}, limit {bound}" if worst.measured is not None else title
    return Said(words.get(worst.verdict, worst.verdict), text, "bad" if worst.verdict == "fail" else "warn")


def broken(overview: Overview) -> tuple[str, list[tuple[Said, str]]]:
    """Return how many limits hold, and those that do not: the verdict, why, and what is judged."""
    worst = [each for each in ordered(overview.verdicts) if each.verdict not in ("pass", "first")]
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
            f"{invalid} of {plural(len(overview.lines), 'measurement')} {verb} invalid and not compared."
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
        held, moved = budget(each.line), change(overview, each.line)
        parts = [cost(each)]
        parts += [f"{held.word} {held.text}".strip()] if held.word else []
        parts += [f"since last time {moved.word} {moved.text}".strip()] if moved.word != "first" else []
        said.append(f"{each.device}: {each.best.title}: {'; '.join(parts)}.")
    return [*said, *cautions(overview)]
