"""What a model's files cost on a device, over commits and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.overview.charts.tradeoff import axis_of
from edgekit.overview.lines import Line
from edgekit.overview.past import Panel
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.rows import Row
from edgekit.results import without
from edgekit.timeline import Series
from edgekit.timeline.words import size, worse
from edgekit.words import plural, visible

if TYPE_CHECKING:
    import altair as alt

_HEIGHT = 200  # pixels
_LINES = 6  # of one panel: what can be told apart
_MOST = 120  # values of a line: the newest
_FEW = 240  # marks: more are drawn small


def history(panel: Panel, lines: Sequence[Line], rows: Sequence[Row], theme: Theme) -> Figure:
    """Draw the cost of one model's files on one device; those that changed go first, then the fastest.

    Args:
        panel: What is drawn.
        lines: The newest measurement of each: a line's colour and shape are its own.
        rows: All of the page: each precision and runtime looks the same in every chart.
        theme: How it looks.
    """
    import altair as alt

    known = {_of_line(line): line for line in lines}
    ranked = sorted(panel.series, key=lambda each: (not each.steps, each.values[-1].value))
    drawn = [(each, known[_of(each)]) for each in ranked if _of(each) in known][:_LINES]
    title = panel.metric.title
    unit, by = axis_of(
        panel.metric.name, min((v.value for each, _ in drawn for v in each.values), default=0.0)
    )
    values = [
        {"s": number, "p": panel.places[value.name], "v": float(f"{value.value / by:.6g}")}
        for number, (each, _) in enumerate(drawn)
        for value in each.values[-_MOST:]
    ]
    places = sorted({each["p"] for each in values}) or [0]
    first, last = (visible(date).replace("'", "") for date in panel.dates)
    domain = [places[0] - 0.5, places[-1] + 0.5]
    x = alt.X(
        "p:Q",
        title="commits or sessions, in order",
        axis=alt.Axis(
            values=[places[0], places[-1]],
            labelExpr=f"datum.value === {places[0]} ? '{first}' : '{last}'",
            # neither goes beyond the chart
            labelAlign={
                "condition": {"test": f"datum.value === {places[0]}", "value": "left"},
                "value": "right",
            },
            grid=False,
        ),
        scale=alt.Scale(domain=domain, nice=False),
    )
    y = alt.Y("v:Q", title=f"{title} ({unit})", scale=alt.Scale(zero=False, padding=10))
    names = [{"p": at, "name": visible(name)} for name, at in panel.places.items() if at >= places[0]]
    named = _looked_up(
        alt.Chart(marks.data(values)), "s", [_named(at, *each) for at, each in enumerate(drawn)]
    )
    named = _looked_up(named, "p", names)
    colour = marks.colour(theme, rows)
    layers = [
        named.mark_line(strokeWidth=1.2, opacity=0.55).encode(x, y, color=colour, detail="s:N"),
        named.mark_point(filled=True, size=26 if len(values) <= _FEW else 8, opacity=0.9).encode(
            x=x,
            y=y,
            color=colour,
            shape=marks.shape(theme, rows),
            tooltip=[
                alt.Tooltip("what:N", title="what"),
                alt.Tooltip("v:Q", title=f"{title}, {unit}"),
                alt.Tooltip("name:N", title="commit or session"),
            ],
        ),
    ]
    if steps := _steps([each for each, _ in drawn], panel, domain[0]):
        changed = alt.Chart(marks.data(steps)).encode(x=alt.X("p:Q"))
        tone = alt.condition("datum.worse", alt.value("var(--bad)"), alt.value(theme.muted))
        layers += [
            changed.mark_rule(strokeDash=[4, 3], strokeWidth=1.2).encode(color=tone),
            changed.mark_text(align="left", dx=5, fontSize=11, color=theme.ink).encode(
                y=alt.value(8), text="size:N"
            ),
        ]
    words = f"{title} of {visible(panel.model)} on {visible(panel.device)} over time."
    chart = framed(alt.LayerChart(layer=layers), theme, _HEIGHT, words)
    return Figure("past", visible(f"{panel.device} · {panel.model}"), _caption(panel, len(drawn)), chart)


def _caption(panel: Panel, drawn: int) -> str:
    of = f"{drawn} of " if drawn < len(panel.series) else ""
    values, steps = plural(len(panel.places), "value"), plural(panel.steps, "step")
    return f"{of}{plural(len(panel.series), 'measurement')}, {values}, {steps}."


def _looked_up(chart: alt.Chart, key: str, table: Sequence[Datum]) -> alt.Chart:
    """Let a chart's data have the fields of a table, by a key."""
    import altair as alt

    fields = [name for name in table[0] if name != key] if table else []
    found = alt.LookupData(data=marks.data(table), key=key, fields=fields)
    joined: alt.Chart = chart.transform_lookup(lookup=key, from_=found)
    return joined


def _named(number: int, each: Series, line: Line) -> Datum:
    what = f"{each.artefact} · {each.runtime} · {plural(each.threads, 'thread')}"
    return {
        "s": number,
        "what": visible(what),
        "precision": line.row.precision,
        "runtime": line.row.runtime,
    }


def _steps(drawn: Sequence[Series], panel: Panel, first: float) -> list[Datum]:
    """Return the places where something changed, each with the sizes that it changed by."""
    found: dict[tuple[float, bool], list[float]] = {}
    for step in (step for each in drawn for step in each.steps):
        place = panel.places[step.likeliest.name] - 0.5
        if place > first:
            found.setdefault((place, worse(panel.metric, step)), []).append(step.change.size)
    return [
        {"p": place, "worse": bad, "size": _range([size(panel.metric, each) for each in sorted(sizes)])}
        for (place, bad), sizes in found.items()
    ]


def _range(said: Sequence[str]) -> str:
    return said[0] if said[0] == said[-1] else f"{said[0].removesuffix(' %')} to {said[-1]}"


def _of_line(line: Line) -> tuple[object, ...]:
    device, model, artefact, runtime, no_xnnpack, threads, affinity, fps = line.series
    return device, model, artefact, f"{runtime}{without(not no_xnnpack)}", threads, affinity, fps


def _of(each: Series) -> tuple[object, ...]:
    return each.device, each.model, each.artefact, each.runtime, each.threads, each.affinity, each.fps or 0.0
