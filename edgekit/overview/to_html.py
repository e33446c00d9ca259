"""A folder of results as a page, which works offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from edgekit import units
from edgekit.choice.sentences import quality
from edgekit.overview import charts, moves, words
from edgekit.overview.answers import Answer
from edgekit.overview.lines import Line
from edgekit.overview.overview import Overview
from edgekit.overview.past import Past
from edgekit.progress import SILENT, Progress
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
from edgekit.words import plural

_PANELS = 24  # of history: what a reader looks at
_CERTAIN = 10  # values: with fewer, hardly any change is certain


def to_html(overview: Overview, progress: Progress = SILENT) -> bytes:
    """Return the page: the answer, then what it rests on."""
    rows = [line.row for line in overview.lines]
    best = overview.recommended
    past, _ = overview.past, overview.changes  # what takes longest, with progress of its own
    progress.step("Drawing the charts")
    tradeoffs = [
        figure for each in _first(best, overview.answers) if (figure := charts.tradeoff(each, rows, PAGE))
    ]
    panels, layers = (
        _past(overview, past),
        [charts.operators(each, PAGE) for each in overview.folder.breakdowns],
    )
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
            "since": moves.since(overview),
            "timed": all(line.row.latency for line in overview.lines),
            "accuracy": all(each.choice.scale in ("accuracy", None) for each in overview.answers),
            "changed": moves.changed(overview),
            "doubts": moves.doubts(overview),
            "budgets": words.broken(overview) if overview.budgets else None,
            "tradeoffs": _drawn(tradeoffs),
            "past": panels,
            "layers": _drawn(layers),
            "draws": bool(tradeoffs or layers or panels["figures"]),
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
        "budget": words.budget(best.line),
        "change": moves.change(overview, best.line),
        "why": words.why(overview, best),
    }


def _answer(overview: Overview, answer: Answer, *, marked: bool) -> dict[str, Any]:
    return {
        "marked": marked,
        "device": answer.device,
        "task": answer.task,
        "row": answer.line.row,
        "cost": words.cost(answer).partition(" (")[0].partition(", ")[0],
        "quality": quality(answer.choice, answer.choice.telling.quality_of(answer.best))
        if answer.choice.scale
        else NONE,
        "budget": words.budget(answer.line),
        "change": moves.change(overview, answer.line),
    }


def _past(overview: Overview, past: Past) -> dict[str, Any]:
    rows = [line.row for line in overview.lines]
    shown = past.panels[:_PANELS]
    steps = moves.steps(overview)
    return {
        "figures": _drawn([charts.history(panel, overview.lines, rows, PAGE) for panel in shown]),
        "steps": steps,
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
    time = f"{units.significant(row.latency.p50.value / length)} {unit}" if row.latency else ""
    count = f"{units.significant(row.instructions.median.value / 1e6)} M instr." if row.instructions else ""
    spread = f"± {row.latency.p50.relative * 50:.1f} %" if row.latency else ""
    right = row.accuracy
    lengths = bar(row)
    fps = line.cell.result.fps
    return {
        "row": row,
        "ship": ship,
        "pace": f" · {fps:g} per second" if fps else "",
        "cost": _trusted(line, time or count or NONE),
        "spread": spread,
        "count": count if time else "",
        "bar": next(iter(lengths.values()), None),
        "right": f"{units.percent(right.value)} %" if right and right.value is not None else NONE,
        "drop": f"{units.points(-right.drop)} pp" if right and right.drop else "",
        "size": f"{units.megabytes(row.bytes)} MB",
        "memory": f"{units.megabytes(row.memory.peak)} MB" if row.memory else NONE,
        "budget": words.budget(line),
        "change": moves.change(overview, line),
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
            f"Newest session {moment(result.created)}, {result.mode} mode, edgekit {result.edgekit}",
            plural(len(files), "session"),
            f"{sum(row.valid for row in rows)} of {plural(len(rows), 'measurement')} valid",
            *conditions(result),
            *filter(None, [state_line(result)]),
        ],
        "cautions": list(dict.fromkeys(sentence for each in sessions for sentence in each.cautions)),
        "findings": findings(rows),
        "device": device_facts(result.device),
        "command": result.command,
    }
