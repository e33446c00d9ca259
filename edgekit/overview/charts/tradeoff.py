"""How good what was measured on a device is, against what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit import units
from edgekit.choice import Candidate
from edgekit.choice.sentences import SHORT, quality
from edgekit.choice.steps import front
from edgekit.overview.answers import Answer
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.rows import Row
from edgekit.words import plural, visible

_HEIGHT = 300  # pixels
_FEWEST = 2  # marks: one has nothing to be traded against
_QUALITY = {
    "accuracy": "top-1 accuracy (%)",
    "published": "published top-1 accuracy (%)",
    "multiply_adds": "multiply-adds (million)",
}
_COSTS = {"latency_p50": "p50 latency", "instructions": "instructions, a count"}
_AT_MOST = "datum.value > 100 ? '' : datum.label"  # an axis of shares may go on, and has no number there


def tradeoff(answer: Answer, rows: Sequence[Row], theme: Theme) -> Figure | None:
    """Draw how good each is against what it costs, on one device; None: nothing says how good they are.

    Args:
        answer: For the device.
        rows: All of the page: each precision and runtime looks the same in every chart.
        theme: How it looks.
    """
    import altair as alt

    scale, cost = answer.choice.scale, answer.choice.cost
    pool = [each for each in answer.pool if cost in each.figures and scale in each.quality]
    if scale is None or len(pool) < _FEWEST:
        return None
    shown = {id(each) for each in front(pool, answer.choice.telling)}
    unit, length = axis_of(cost, min(answer.choice.telling.cost_of(each) for each in pool))
    points = [
        _point(each, answer, length, unit) | {"front": id(each) in shown, "best": each.key == answer.best.key}
        for each in pool
    ]
    wide = marks.wide(min(each["x"] for each in points), max(each["x"] for each in points))
    across = alt.Scale(type="log", padding=20, nice=False) if wide else alt.Scale(zero=False, padding=20)
    axis = f"{_COSTS[cost]}{', logarithmic' if wide else ''} ({unit})"
    x = alt.X("x:Q", title=axis, scale=across)
    labels = alt.Axis() if scale == "multiply_adds" else alt.Axis(labelExpr=_AT_MOST)
    y = alt.Y("y:Q", title=_QUALITY[scale], scale=alt.Scale(zero=False, padding=14), axis=labels)
    base = alt.Chart()
    ahead = base.transform_filter("datum.front")
    tooltip = [
        alt.Tooltip("what:N", title="what"),
        alt.Tooltip("cost:N", title=_COSTS[cost]),
        alt.Tooltip("good:N", title=_QUALITY[scale].partition(" (")[0]),
    ]
    layers = [
        ahead.mark_line(strokeWidth=1.5, color=theme.muted, opacity=0.7).encode(x, y, order="x:Q"),
        *marks.intervals(base, x, y, marks.colour(theme, rows), 0.3),
        base.transform_filter("datum.best")
        .mark_point(shape="circle", size=340, strokeWidth=2, color=theme.ink)
        .encode(x, y),
        marks.fronted(base, x, y, theme, rows, tooltip=tooltip),
    ]
    words = f"{_QUALITY[scale]} against {axis} of {len(points)} measurements; the table has the figures."
    chart = framed(alt.LayerChart(layer=layers, data=marks.data(points)), theme, _HEIGHT, words)
    where = f"{answer.device}{f', {answer.task}' if answer.task else ''}"
    return Figure("pareto", visible(where), f"{plural(len(points), 'measurement')}.", chart)


def axis_of(metric: str, least: float) -> tuple[str, float]:
    """Return the unit of an axis of costs, and its length in the metric's unit."""
    if metric == "instructions":
        return "million", 1e6
    return ("µs", 1e3) if least < SHORT else ("ms", 1e6)


def _point(each: Candidate, answer: Answer, length: float, unit: str) -> Datum:
    choice = answer.choice
    scale = choice.scale or "accuracy"
    seen, good = each.figures[choice.cost], each.quality[scale]
    value, by = choice.telling.cost_of(each) / length, 1e6 if scale == "multiply_adds" else 0.01
    bounded = not seen.doubt and seen.high < float("inf")
    level = choice.telling.quality_of(each)
    point = {
        "x": value,
        # bounds of few repeats may be far beyond what the chart is about
        "least": max(seen.low / length, value * 0.5) if bounded else value,
        "most": min(seen.high / length, value * 2) if bounded else value,
        "y": level / by,
        "low": good.low / by,
        "high": good.high / by,
    }
    return {
        **{name: round(number, 6) for name, number in point.items()},
        "what": visible(each.title),
        "cost": f"{units.significant(value)} {unit}",
        "good": quality(choice, level),
        "precision": each.precision,
        "runtime": each.runtime,
    }
