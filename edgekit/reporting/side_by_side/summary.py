"""What devices side by side show, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgekit.reporting.agreement import Agreement, versions_sentences, worst_of
from edgekit.reporting.phrases import words
from edgekit.reporting.side_by_side.columns import ratio_text
from edgekit.reporting.side_by_side.match import Line, Ratio, SideBySide
from edgekit.results import Device
from edgekit.words import plural

_NAMED = 3  # measurements named in a sentence, before the rest is only counted


def summarise(found: SideBySide) -> tuple[str, ...]:
    """Say how the devices compare, one sentence each; what limits them comes first."""
    named = list(zip(found.devices, found.sessions, strict=True))
    said = [f"{device}: {sentence}" for device, session in named for sentence in session.cautions]
    said += _paces(found)
    for place, session in enumerate(found.sessions):
        lines = [line for line in found.lines if line.session == place]
        said += [
            *_times(found, lines, session.device),
            *_counts(found, lines),
            *_answers(found, lines),
            *_outputs(found, lines),
        ]
    for device, session in named:
        said += [f"{device}: {sentence}" for sentence in versions_sentences(session.result)]
    return tuple(said)


def _paces(found: SideBySide) -> list[str]:
    base = found.bases.times
    if base is None:
        return []
    pace = found.sessions[base].result.fps
    return [
        f"{device} and {found.name(base)} spaced inferences differently, so their times are not compared."
        for device, session in zip(found.devices, found.sessions, strict=True)
        if session.result.fps != pace and not session.device.emulated
    ]


def _times(found: SideBySide, lines: Sequence[Line], device: Device) -> list[str]:
    base = found.name(found.bases.times)
    ratios = _ratios(found, lines, found.bases.times, lambda line: line.time)
    if ratios:
        longer = f"{_span(ratios)} times as long as on {base}{_over(ratios)}"
        return [f"On {lines[0].device} an inference takes {longer}."]
    if device.emulated and base and lines:
        return [f"{lines[0].device} has no ratio of times to {base}, since {_why(device)}."]
    return []


def _why(device: Device) -> str:
    return "its times are an emulator's" if device.timed else "instructions are counts"


def _counts(found: SideBySide, lines: Sequence[Line]) -> list[str]:
    ratios = _ratios(found, lines, found.bases.counts, lambda line: line.count)
    if not ratios:
        return []
    base = found.name(found.bases.counts)
    return [
        f"On {lines[0].device} an inference executes {_span(ratios)} times the instructions "
        f"that it does on {base}{_over(ratios)}."
    ]


def _ratios(
    found: SideBySide, lines: Sequence[Line], base: int | None, read: Callable[[Line], Ratio | None]
) -> list[float]:
    """Return the ratios at equal thread counts."""
    threads = {line.cell: line.row.threads for line in found.lines if line.session == base}
    alike = (line for line in lines if threads.get(line.cell) == line.row.threads)
    return [ratio.value for ratio in map(read, alike) if ratio]


def _span(ratios: Sequence[float]) -> str:
    low, high = ratio_text(min(ratios)), ratio_text(max(ratios))
    return low if low == high else f"{low} to {high}"


def _over(ratios: Sequence[float]) -> str:
    return f" ({plural(len(ratios), 'measurement')} on as many threads)"


def _answers(found: SideBySide, lines: Sequence[Line]) -> list[str]:
    """Say on how many images a device gives the base device's answers, and for what where that differs."""
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
        said.append(f"{lines[0].device} saw other evaluation images than {base}; answers are not compared.")
    return said


def _outputs(found: SideBySide, lines: Sequence[Line]) -> list[str]:
    """Say how far a device's outputs are from the base device's."""
    compared = [(line.outputs, words(line.row)) for line in lines if line.outputs]
    base = found.name(found.bases.outputs)
    return [f"{lines[0].device}, outputs against {base}: {worst_of(compared)}."] if compared else []


def _where(answers: Agreement, lines: Sequence[Line], compared: int) -> str:
    if len(lines) == compared > 1:
        return f"in each of {compared} measurements"
    if not answers.differing and compared > 1:
        return f"in {len(lines)} of {compared} measurements"
    named = ", ".join(words(line.row) for line in lines[:_NAMED])
    return f"for {named}" + (f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else "")
