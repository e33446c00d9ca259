"""What a comparison of devices means, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgekit.reporting.agreement import Agreement, versions_sentences
from edgekit.reporting.comparison import Comparison, Line, Ratio
from edgekit.reporting.comparison_columns import ratio_text
from edgekit.reporting.phrases import words
from edgekit.reporting.rows import rows
from edgekit.reporting.summary import cautions
from edgekit.results import Result

_NAMED = 3  # measurements named in a sentence, before the rest is only counted


def compare_summary(results: Sequence[Result], found: Comparison) -> tuple[str, ...]:
    """Say how the devices compare, one sentence an item: what limits each first."""
    said = [
        f"{device}: {sentence}"
        for device, result in zip(found.devices, results, strict=True)
        for sentence in cautions(result, rows(result))
    ]
    said += _paces(results, found)
    for place in range(len(results)):
        lines = [line for line in found.lines if line.session == place]
        said += [*_times(found, lines, results[place]), *_counts(found, lines), *_answers(found, lines)]
    for device, result in zip(found.devices, results, strict=True):
        said += [f"{device}: {sentence}" for sentence in versions_sentences(result)]
    return tuple(said)


def _paces(results: Sequence[Result], found: Comparison) -> list[str]:
    base = found.bases.times
    if base is None:
        return []
    return [
        f"{device} and {found.name(base)} spaced inferences differently, so their times are not compared."
        for device, result in zip(found.devices, results, strict=True)
        if result.fps != results[base].fps and not result.device.emulated
    ]


def _times(found: Comparison, lines: Sequence[Line], result: Result) -> list[str]:
    base = found.name(found.bases.times)
    ratios = _ratios(found, lines, found.bases.times, lambda line: line.time)
    if ratios:
        longer = f"{_span(ratios)} times as long as on {base}{_over(ratios)}"
        return [f"On {lines[0].device} an inference takes {longer}."]
    if result.device.emulated and base and lines:
        return [f"{lines[0].device} has no ratio of times to {base}, since {_why(result)}."]
    return []


def _why(result: Result) -> str:
    return "its times are an emulator's" if result.device.timed else "instructions are counts"


def _counts(found: Comparison, lines: Sequence[Line]) -> list[str]:
    ratios = _ratios(found, lines, found.bases.counts, lambda line: line.count)
    if not ratios:
        return []
    base = found.name(found.bases.counts)
    return [
        f"On {lines[0].device} an inference executes {_span(ratios)} times the instructions "
        f"that it does on {base}{_over(ratios)}."
    ]


def _ratios(
    found: Comparison, lines: Sequence[Line], base: int | None, read: Callable[[Line], Ratio | None]
) -> list[float]:
    """Return the ratios at equal thread counts."""
    threads = {line.cell: line.row.threads for line in found.lines if line.session == base}
    alike = (line for line in lines if threads.get(line.cell) == line.row.threads)
    return [ratio.value for ratio in map(read, alike) if ratio]


def _span(ratios: Sequence[float]) -> str:
    low, high = ratio_text(min(ratios)), ratio_text(max(ratios))
    return low if low == high else f"{low} to {high}"


def _over(ratios: Sequence[float]) -> str:
    return f" ({len(ratios)} measurement{'' if len(ratios) == 1 else 's'} on as many threads)"


def _answers(found: Comparison, lines: Sequence[Line]) -> list[str]:
    """Say on how many pictures a device gives the base device's answers, and for what where that differs."""
    base = found.name(found.bases.answers)
    alike: dict[Agreement, list[Line]] = {}
    for line in lines:
        if line.answers:
            alike.setdefault(line.answers, []).append(line)
    compared = sum(map(len, alike.values()))
    said = [
        f"{seen[0].device}, same answers as {base}: {answers.text} {_where(answers, seen, compared)}."
        for answers, seen in sorted(alike.items(), key=lambda item: -item[0].share)
    ]
    if any(line.other_images for line in lines):
        said.append(f"{lines[0].device} saw other evaluation pictures than {base}; answers are not compared.")
    return said


def _where(answers: Agreement, lines: Sequence[Line], compared: int) -> str:
    if len(lines) == compared > 1:
        return f"in each of {compared} measurements"
    if not answers.differing and compared > 1:
        return f"in {len(lines)} of {compared} measurements"
    named = ", ".join(words(line.row) for line in lines[:_NAMED])
    return f"for {named}" + (f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else "")
