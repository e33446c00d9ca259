"""What accuracy costs, size by size: the Pareto front of each device and number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.columns import latency_unit
from edgekit.reporting.points import Point
from edgekit.reporting.table import TableOf

_HEIGHT = 360  # pixels
_FRONT = (
    "Up and to the left is better. Filled marks, joined by the line, are on the front: no other is as good "
    "in both and significantly better in one. Upright lines: 95 % interval of the accuracy; lines across: "
    "range of the repeats. A mark's name is its size: alpha · pixels."
)
_COST = "Each mark is a size: alpha · pixels. Lines across: range of the repeats. No accuracy is known."


def figures(shown: TableOf[Point], theme: Theme) -> list[Figure]:
    """Draw a chart for each device and number of threads; invalid measurements are left out."""
    groups = groupby(shown.rows, key=lambda point: (point.device.profile, point.row.threads))
    drawn = (_drawn(list(group), shown, theme) for _, group in groups)
    return [figure for figure in drawn if figure]


def drawable(points: Sequence[Point]) -> list[Point]:
    """Return those with an accuracy or, where none has one, with multiply-adds; invalid ones have no cost."""
    right = [point for point in points if point.cost and point.accuracy]
    return right or [point for point in points if point.cost and point.cell.multiply_adds]


def _drawn(points: Sequence[Point], shown: TableOf[Point], theme: Theme) -> Figure | None:
    import altair as alt

    points = drawable(points)
    if not points:
        return None
    right = all(point.accuracy for point in points)
    first = points[0]
    unit, length = latency_unit([p.row for p in points]) if first.row.latency else ("million", 1e6)
    cost = "p50 latency" if first.row.latency else "instructions, a count"
    published = any(point.accuracy and point.accuracy.published for point in points)
    axis = ("published " if published else "") + "top-1 accuracy (%)" if right else "multiply-adds (million)"
    data = [_datum(point, shown, length) for point in points]
    rows = [point.row for point in points]
    base = alt.Chart(marks.data(data))
    wide = marks.wide(min(each["x"] for each in data), max(each["x"] for each in data))
    kind: Literal["log", "linear"] = "log" if wide else "linear"
    x = alt.X(
        "x:Q",
        title=f"{cost}{', logarithmic' if wide else ''} ({unit})",
        scale=alt.Scale(type=kind, zero=False, padding=24),
    )
    y = alt.Y("y:Q", title=axis, scale=alt.Scale(zero=False, padding=16))
    front = alt.Chart(marks.data([each for each in data if each["front"]]))
    layers = [
        front.mark_line(strokeWidth=1.5, color=theme.muted, opacity=0.7).encode(x, y, order="x:Q"),
        *marks.intervals(base, x, y, marks.colour(theme, rows)),
        marks.fronted(base, x, y, theme, rows, tooltip=_tooltip(shown)),
        (front if right else base)
        .mark_text(align="right", dx=-7, dy=-7, fontSize=10, color=theme.ink)
        .encode(x, y, text="size:N"),
    ]
    where = f"{first.device.profile}, {first.row.threads_text}"
    what = "Accuracy" if right else "Multiply-adds"
    words = f"{what} against {cost} of {len(points)} measurements; the table has the figures."
    chart = framed(alt.LayerChart(layer=layers), theme, _HEIGHT, words)
    title = f"{what} against {'latency' if first.row.latency else 'instructions'} on {where}"
    return Figure("pareto", title, _FRONT if right else _COST, chart)


def _datum(point: Point, shown: TableOf[Point], length: float) -> dict[str, Any]:
    cost, share, cell = point.cost, point.accuracy, point.cell
    if cost is None:
        raise ValueError(f"{cell.title} has no cost")
    y = share.value * 100 if share else (cell.multiply_adds or 0) / 1e6
    low, high = (100 * share.interval[0], 100 * share.interval[1]) if share else (y, y)
    cells = {column.key: column.cell(point) for column in shown.columns}
    return cells | {
        "size": f"{cell.resolution}" if cell.alpha is None else f"{cell.alpha:g} · {cell.resolution}",
        "precision": point.row.precision,
        "runtime": point.row.runtime,
        "front": point.front,
        "x": cost.value / length,
        "least": cost.low / length,
        "most": cost.high / length,
        "y": y,
        "low": low,
        "high": high,
    }


def _tooltip(shown: TableOf[Point]) -> list[Any]:
    import altair as alt

    return [
        alt.Tooltip(f"{column.key}:N", title=column.heading)
        for column in shown.columns
        if column.key != "front"
    ]
