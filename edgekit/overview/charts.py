"""Trade-offs on each device, each model's past, and where instructions go: as charts of the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from edgekit import units
from edgekit.choice import Candidate
from edgekit.choice.steps import front
from edgekit.explanation import Breakdown, Operator
from edgekit.overview.answers import Answer
from edgekit.overview.lines import Line
from edgekit.overview.past import Panel
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import STEP, Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.charts.tradeoff import LOGARITHMIC
from edgekit.reporting.rows import Row
from edgekit.results import without
from edgekit.timeline import Series
from edgekit.timeline.words import size, worse
from edgekit.words import plural, visible

_HEIGHT = 300  # pixels
_SHORT = 100_000  # ns: times below are written in µs
_LINES = 6  # of one panel: what can be told apart
_POINTS = 120  # values of a line: the newest
_OPERATORS = 14  # those that take most

_QUALITY = {
    "accuracy": "top-1 accuracy (%)",
    "published": "published top-1 accuracy (%)",
    "multiply_adds": "multiply-adds (million)",
}


def tradeoff(answer: Answer, rows: Sequence[Row], theme: Theme) -> Figure | None:
    """Draw how good each is against what it costs, on one device; None: nothing says how good they are.

    Args:
        answer: For the device.
        rows: All of the page: each precision and runtime looks the same in every chart.
        theme: How it looks.
    """
    import altair as alt

    scale = answer.choice.scale
    cost = answer.choice.cost
    pool = [each for each in answer.pool if cost in each.figures and scale in each.quality]
    if scale is None or len(pool) < 2:
        return None
    shown = {id(each) for each in front(pool, answer.choice.telling)}
    cheapest = min(answer.choice.telling.cost_of(each) for each in pool)
    unit, length = ("million", 1e6) if cost == "instructions" else _unit(cheapest)
    points = [
        _point(each, answer, length, unit) | {"front": id(each) in shown, "best": each.key == answer.best.key}
        for each in pool
    ]
    wide = max(each["x"] for each in points) > LOGARITHMIC * min(each["x"] for each in points) > 0
    across = alt.Scale(type="log", padding=20, nice=False) if wide else alt.Scale(zero=False, padding=20)
    name = "p50 latency" if cost == "latency_p50" else "instructions, a count"
    x = alt.X(
        "x:Q",
        title=f"{name}{', logarithmic' if wide else ''} ({unit})",
        scale=across,
    )
    shares = "datum.value > 100 ? '' : datum.label" if scale != "multiply_adds" else "datum.label"
    y = alt.Y(
        "y:Q",
        title=_QUALITY[scale],
        scale=alt.Scale(zero=False, padding=14),
        axis=alt.Axis(labelExpr=shares),
    )
    base = alt.Chart(marks.data(points))
    ahead = alt.Chart(marks.data([each for each in points if each["front"]]))
    best = alt.Chart(marks.data([each for each in points if each["best"]]))
    colour = marks.colour(theme, rows)
    layers = [
        ahead.mark_line(strokeWidth=1.5, color=theme.muted, opacity=0.7).encode(x, y, order="x:Q"),
        base.mark_rule(opacity=0.3).encode(x, y="low:Q", y2="high:Q", color=colour),
        base.mark_rule(opacity=0.5).encode(x="least:Q", x2="most:Q", y="y:Q", color=colour),
        best.mark_point(shape="circle", size=340, strokeWidth=2, color=theme.ink).encode(x, y),
        base.mark_point(strokeWidth=1.5, size=70).encode(
            x=x,
            y=y,
            color=colour,
            fill=marks.fill(theme, rows),
            fillOpacity=alt.condition("datum.front", alt.value(0.85), alt.value(0)),
            shape=marks.shape(theme, rows),
            tooltip=[
                alt.Tooltip(f"{key}:N", title=title)
                for key, title in (("what", "what"), ("cost", name), ("good", "how good"))
            ],
        ),
    ]
    words = f"{_QUALITY[scale]} against {name} of {len(points)} measurements; the table has the figures."
    chart = framed(alt.LayerChart(layer=layers), theme, _HEIGHT, words)
    where = f"{answer.device}{f', {answer.task}' if answer.task else ''}"
    return Figure("pareto", visible(where), f"{plural(len(points), 'measurement')}.", chart)


def _unit(nanoseconds: float) -> tuple[str, float]:
    return ("µs", 1e3) if nanoseconds < _SHORT else ("ms", 1e6)


def _point(each: Candidate, answer: Answer, length: float, unit: str) -> Datum:
    scale, choice = answer.choice.scale, answer.choice
    if scale is None:
        raise ValueError("nothing says how good it is")
    seen, good = each.figures[choice.cost], each.quality[scale]
    value, by = choice.telling.cost_of(each) / length, 1e6 if scale == "multiply_adds" else 0.01
    quality = choice.telling.quality_of(each)
    bounded = not seen.doubt and seen.high < float("inf")
    said = f"{units.significant(value)} {unit}"
    return {
        "what": visible(each.title),
        "cost": said,
        "good": f"{units.millions(quality)} M" if scale == "multiply_adds" else f"{units.percent(quality)} %",
        "precision": each.precision,
        "runtime": each.runtime,
        "x": value,
        "least": max(seen.low / length, value * 0.5) if bounded else value,
        "most": min(seen.high / length, value * 2) if bounded else value,
        "y": quality / by,
        "low": good.low / by,
        "high": good.high / by,
    }


# by what a unit is divided, and what that is called on the axis
_AXES = {"ns": (1e6, "ms"), "instructions": (1e6, "million")}


def history(panel: Panel, lines: Sequence[Line], rows: Sequence[Row], theme: Theme) -> Figure:
    """Draw the cost of one model's files on one device, session by session.

    Those that changed go first, then the fastest.
    """
    import altair as alt

    known = {_series(line.series): line for line in lines}
    ranked = sorted(panel.series, key=lambda each: (not each.steps, each.values[-1].value))
    drawn = [each for each in ranked if _named(each) in known][:_LINES]
    least = min((value.value for each in drawn for value in each.values), default=1e9)
    by, unit = _unit(least)[::-1] if panel.metric.unit == "ns" else _AXES[panel.metric.unit]
    data, steps = [], []
    for number, each in enumerate(drawn):
        line = known[_named(each)]
        data += _values(each, panel, line, number, (by, unit))
        steps += _steps(each, panel, by)
    places = [each["p"] for each in data] or [0]
    x = alt.X(
        "p:Q",
        title="commits or sessions, in order",
        axis=alt.Axis(labels=False, ticks=False, grid=False),
        scale=alt.Scale(domain=[min(places) - 0.5, max(places) + 0.5], nice=False),
    )
    title = f"{panel.metric.title} ({unit})"
    y = alt.Y("v:Q", title=title, scale=alt.Scale(zero=False, padding=10))
    base, changed = alt.Chart(marks.data(data)), alt.Chart(marks.data(steps))
    colour = marks.colour(theme, rows)
    tooltip = [
        alt.Tooltip(f"{key}:N", title=title)
        for key, title in (("what", "what"), ("said", panel.metric.title), ("name", "commit or session"))
    ]
    few = len(places) <= _POINTS * 2
    layers = [
        base.mark_line(strokeWidth=1.2, opacity=0.55).encode(x, y, color=colour, detail="s:N"),
        base.mark_point(filled=True, size=26 if few else 10, opacity=0.9).encode(
            x, y, color=colour, shape=marks.shape(theme, rows), tooltip=tooltip
        ),
        changed.mark_rule(strokeDash=[4, 3], strokeWidth=1.2).encode(
            x=alt.X("p:Q"),
            color=alt.condition("datum.worse", alt.value("var(--bad)"), alt.value(theme.muted)),
        ),
        changed.mark_text(align="left", dx=4, fontSize=11, color=theme.ink).encode(
            x=alt.X("p:Q"), y=alt.Y("v:Q"), text="size:N"
        ),
    ]
    of = f", of {len(panel.series)}" if len(drawn) < len(panel.series) else ""
    caption = f"{plural(len(drawn), 'line')}{of}; {len(panel.places)} values; {plural(panel.steps, 'step')}."
    words = f"{panel.metric.title} of {visible(panel.model)} on {visible(panel.device)} over time."
    chart = framed(alt.LayerChart(layer=layers if steps else layers[:2]), theme, 200, words)
    return Figure("past", visible(f"{panel.device} · {panel.model}"), caption, chart)


def _series(key: tuple[object, ...]) -> tuple[object, ...]:
    device, model, artefact, runtime, no_xnnpack, threads, affinity, fps = key
    return device, model, artefact, f"{runtime}{without(not no_xnnpack)}", threads, affinity, fps


def _named(each: Series) -> tuple[object, ...]:
    return each.device, each.model, each.artefact, each.runtime, each.threads, each.affinity, each.fps or 0.0


def _values(
    each: Series, panel: Panel, line: Line, number: int, axis: tuple[float, str]
) -> list[dict[str, Any]]:
    by, unit = axis
    what = f"{each.artefact} · {each.runtime} · {plural(each.threads, 'thread')}"
    return [
        {
            "p": panel.places[value.name],
            "v": round(value.value / by, 6),
            "s": number,
            "what": visible(what),
            "said": f"{units.significant(value.value / by)} {unit}",
            "name": visible(value.name),
            "precision": line.row.precision,
            "runtime": line.row.runtime,
        }
        for value in each.values[-_POINTS:]
    ]


def _steps(each: Series, panel: Panel, by: float) -> list[dict[str, Any]]:
    edges = [0, *(step.change.at for step in each.steps), len(each.values)]
    levels = [median(value.value for value in each.values[a:b]) / by for a, b in pairwise(edges)]
    first = len(each.values) - _POINTS
    return [
        {
            "p": panel.places[step.likeliest.name] - 0.5,
            "v": level,
            "size": size(panel.metric, step.change.size),
            "worse": worse(panel.metric, step),
        }
        for step, level in zip(each.steps, levels[1:], strict=True)
        if step.change.at >= first
    ]


def operators(found: Breakdown, theme: Theme) -> Figure:
    """Draw which operators the instructions of one inference go to, those that take most first."""
    import altair as alt

    ranked = sorted(found.operators, key=lambda each: each.instructions, reverse=True)
    rest = ranked[_OPERATORS:]
    bars = [_bar(_called(each), each.instructions, found, each.kind) for each in ranked[:_OPERATORS]]
    if rest:
        bars.append(
            _bar(f"{len(rest)} other operators", sum(each.instructions for each in rest), found, "other")
        )
    bars.append(_bar("calling the runtime", found.call, found, "call"))
    for place, each in enumerate(bars):
        each |= {"zero": 0, "top": place + marks.LABEL, "middle": place + marks.MIDDLE}
    held, n = marks.data(bars), len(bars)
    axis = alt.X("zero:Q", title="instructions of one inference, a count (million)")
    drawn = marks.bars(held, n, "zero", "value", axis, thickness=10).encode(
        color=alt.value(theme.idle),
        tooltip=[alt.Tooltip("label:N", title="operator"), alt.Tooltip("kind:N", title="kind")],
    )
    words = f"Instructions by operator of {found}."
    chart = framed(
        alt.LayerChart(layer=[drawn, marks.labels(held, theme, n)]), theme, round(STEP * 0.75 * n), words
    )
    caption = (
        f"{units.millions(found.whole)} M instructions per inference, "
        f"{plural(len(found.operators), 'operator')}; counted on {found.source}. Counts are not times."
    )
    return Figure("layers", visible(str(found)), visible(caption), chart)


def _called(each: Operator) -> str:
    name = each.name.rstrip("/;").rpartition("/")[2].partition(";")[0]
    return name if name.lower() == each.op.lower() else f"{name[:40]} · {each.op}"


def _bar(label: str, count: int, found: Breakdown, kind: str) -> Datum:
    share = f" · {100 * count / found.whole:.1f} %" if found.whole else ""
    return {
        "label": visible(f"{units.significant(count / 1e6)} M{share} · {label}"),
        "value": max(count, 0) / 1e6,
        "kind": kind,
    }
