"""A folder of results as a page, which works offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from edgekit import units
from edgekit.choice.sentences import figures, quality
from edgekit.overview import charts, words
from edgekit.overview.answers import Answer
from edgekit.overview.lines import Line
from edgekit.overview.overview import Overview
from edgekit.reporting.charts.figure import Figure, configured
from edgekit.reporting.charts.theme import PAGE
from edgekit.reporting.columns import latency_unit, moment
from edgekit.reporting.environment import device_facts, state_line
from edgekit.reporting.html_tables import bars
from edgekit.reporting.method import conditions
from edgekit.reporting.rows import findings
from edgekit.reporting.session import Session
from edgekit.reporting.table import NONE
from edgekit.reporting.to_html import page, precisions, runtimes
from edgekit.timeline.words import sentence, worse
from edgekit.words import plural, visible

_PANELS = 24  # of history: what a reader looks at
_STEPS = 12
_CERTAIN = 10  # values: with fewer, hardly any change is certain


def to_html(overview: Overview) -> bytes:
    """Return the page: the answer, then what it rests on."""
    rows = [line.row for line in overview.lines]
    best = overview.recommended
    tradeoffs = [
        figure for each in _first(best, overview.answers) if (figure := charts.tradeoff(each, rows, PAGE))
    ]
    return page(
        title=words.name(overview),
        overview={
            "name": words.name(overview),
            "facts": words.facts(overview),
            "cautions": words.cautions(overview),
            "ship": _ship(overview, best) if best else None,
            "answers": [
                _answer(overview, each, marked=each is best) for each in _first(best, overview.answers)
            ],
            "since": words.since(overview),
            "changed": words.changed(overview),
            "doubts": words.doubts(overview),
            "budgets": words.broken(overview) if overview.budgets else None,
            "tradeoffs": _drawn(tradeoffs),
            "past": _past(overview),
            "layers": _drawn([charts.operators(each, PAGE) for each in overview.folder.breakdowns]),
            "bodies": _bodies(overview, best),
            "devices": [_device(overview, device) for device in overview.devices],
            "left_out": overview.folder.left_out,
            "precisions": precisions(rows),
            "runtimes": runtimes(rows),
        },
    )


def _first(best: Answer | None, found: Sequence[Answer]) -> list[Answer]:
    return sorted(found, key=lambda each: each is not best)


def _drawn(found: Sequence[Figure]) -> list[tuple[Figure, dict[str, Any]]]:
    return [(figure, configured(figure.chart, PAGE)) for figure in found]


def _ship(overview: Overview, best: Answer) -> dict[str, Any]:
    return {
        "how": words.how(best),
        "headlines": words.headlines(best),
        "budget": words.budget(overview, best.line),
        "change": words.change(overview, best.line),
        "why": words.why(overview, best),
    }


def _answer(overview: Overview, answer: Answer, *, marked: bool) -> dict[str, Any]:
    cost = figures(answer.choice, answer.best)
    return {
        "marked": marked,
        "device": answer.device,
        "task": answer.task,
        "row": answer.line.row,
        "cost": cost.partition(" (")[0].partition(",")[0],
        "quality": quality(answer.choice, answer.choice.telling.quality_of(answer.best))
        if answer.choice.scale
        else NONE,
        "budget": words.budget(overview, answer.line),
        "change": words.change(overview, answer.line),
    }


def _past(overview: Overview) -> dict[str, Any]:
    past, rows = overview.past, [line.row for line in overview.lines]
    shown = past.panels[:_PANELS]
    steps = [
        (worse(metric, step), f"{visible(series.label)}, {metric.title}", sentence(metric, step), step.also)
        for metric, series, step in past.steps
    ]
    return {
        "figures": _drawn([charts.history(panel, overview.lines, rows, PAGE) for panel in shown]),
        "steps": steps[:_STEPS],
        "more_steps": steps[_STEPS:],
        "more": len(past.panels) - len(shown),
        "notes": past.notes,
        "certain": any(len(each.values) >= _CERTAIN for panel in past.panels for each in panel.series),
    }


def _bodies(overview: Overview, best: Answer | None) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Return the measurements: a body for each device and model, with a line of words for each."""
    bodies = []
    for (device, model), group in groupby(overview.lines, key=lambda line: (line.device, line.row.set)):
        lines = list(group)
        bar = bars(line.row for line in lines)
        shown = [_cells(overview, line, bar, ship=best is not None and line is best.line) for line in lines]
        bodies.append((device, model, shown))
    return bodies


def _cells(
    overview: Overview, line: Line, bar: Callable[[Any], dict[str, float]], *, ship: bool
) -> dict[str, Any]:
    row, (unit, length) = line.row, latency_unit([line.row])
    time = row.latency and f"{units.significant(row.latency.p50.value / length)} {unit}"
    spread = row.latency and f"± {row.latency.p50.relative * 50:.1f} %"
    count = row.instructions and f"{units.significant(row.instructions.median.value / 1e6)} M instr."
    right = row.accuracy and row.accuracy.value is not None and f"{units.percent(row.accuracy.value)} %"
    drop = row.accuracy and row.accuracy.drop is not None and f"{units.points(-row.accuracy.drop)} pp"
    lengths = bar(row)
    fps = line.cell.result.fps
    return {
        "row": row,
        "ship": ship,
        "pace": f" · {fps:g} per second" if fps else "",
        "cost": [(_trusted(line, time or count or NONE)), (spread if time else "") or ""],
        "count": count if time else "",
        "bar": next(iter(lengths.values()), None),
        "right": [right or NONE, drop or ""],
        "size": f"{units.megabytes(row.bytes)} MB",
        "memory": f"{units.megabytes(row.memory.peak)} MB" if row.memory else NONE,
        "budget": words.budget(overview, line),
        "change": words.change(overview, line),
    }


def _trusted(line: Line, text: str) -> str:
    return text if line.row.valid else f"({text})"


def _device(overview: Overview, device: str) -> dict[str, Any]:
    """Say what a device is, and whether what was measured there can be trusted."""
    sessions = list(
        {id(line.session): line.session for line in overview.lines if line.device == device}.values()
    )
    newest: Session = max(sessions, key=lambda each: each.result.created)
    rows = [line.row for line in overview.lines if line.device == device]
    files = {entry.file for entry in overview.folder.entries if entry.device == device}
    result = newest.result
    return {
        "name": device,
        "board": " · ".join(filter(None, (result.device.board, result.device.cpu, result.device.system))),
        "facts": [
            f"newest session {moment(result.created)}, {result.mode} mode, edgekit {result.edgekit}",
            plural(len(files), "session"),
            f"{sum(row.valid for row in rows)} of {plural(len(rows), 'measurement')} valid",
            *conditions(result),
        ],
        "state": state_line(result),
        "cautions": [sentence for each in sessions for sentence in each.cautions],
        "findings": findings(rows),
        "device": device_facts(result.device),
        "command": result.command,
    }
