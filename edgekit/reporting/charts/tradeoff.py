"""What accuracy costs: in time, or in instructions where nothing was timed. Never both on one axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.columns import latency_unit
from edgekit.reporting.rows import Row
from edgekit.reporting.table import Table
from edgekit.stats import Spread

_HEIGHT = 320  # pixels
_CAPTION = (
    "Up and to the left is better. Upright lines: 95 % interval of the accuracy. Lines across a mark: range "
    "of {range}. The more threads, the larger the mark; thin lines join one file's thread "
    "counts. Hollow marks are invalid and may be beyond the edge."
)


@dataclass(frozen=True)
class _Cost:
    """What is drawn to the right."""

    key: str
    title: str
    axis: str
    unit: str
    length: float  # of the unit, in what `read` returns
    range: str
    cells: tuple[str, ...]  # the table's columns for the tooltip
    read: Callable[[Row], Spread | None]


def tradeoff(shown: Table, theme: Theme) -> Figure | None:
    """Draw accuracy against latency; None where no measurement has both."""
    unit, length = latency_unit(shown.rows)
    cost = _Cost(
        key="tradeoff",
        title="Accuracy against latency",
        axis="p50 latency",
        unit=unit,
        length=length,
        range="the repeats' medians",
        cells=("p50", "spread"),
        read=lambda row: row.latency.p50 if row.latency else None,
    )
    return _drawn(shown.rows, shown, theme, cost)


def counts_tradeoff(shown: Table, theme: Theme) -> Figure | None:
    """Draw accuracy against instructions of what was counted and not timed; None where nothing was."""
    cost = _Cost(
        key="counts-tradeoff",
        title="Accuracy against instructions",
        axis="instructions, a count",
        unit="million",
        length=1e6,
        range="the counts",
        cells=("instructions", "counts_spread", "counted_by"),
        read=lambda row: row.instructions.median if row.instructions else None,
    )
    return _drawn([row for row in shown.rows if row.latency is None], shown, theme, cost)


def _drawn(rows: Sequence[Row], shown: Table, theme: Theme, cost: _Cost) -> Figure | None:
    import altair as alt

    points = [point for row in rows if (point := _point(row, shown, cost))]
    if not points:
        return None
    base = alt.Chart(marks.data(points))
    low, high = _span(points)
    wide = marks.wide(low, high)
    # an invalid measurement that went astray is drawn at the edge
    kind: Literal["log", "linear"] = "log" if wide else "linear"
    scale = alt.Scale(type=kind, domain=[low * 0.9, high * 1.1], nice=False, clamp=True)
    x = alt.X("x:Q", title=f"{cost.axis}{', logarithmic' if wide else ''} ({cost.unit})", scale=scale)
    y = alt.Y("y:Q", title="top-1 accuracy (%)", scale=alt.Scale(zero=False))
    colour = marks.colour(theme, shown.rows)
    layers = [
        base.mark_line(strokeWidth=1, color=theme.muted, opacity=0.5).encode(x, y, detail="joined:N"),
        *marks.intervals(base, x, y, colour),
        base.mark_point(strokeWidth=2).encode(
            x="x:Q",
            y="y:Q",
            color=colour,
            fill=marks.fill(theme, shown.rows),
            fillOpacity=marks.by_validity(0.8, 0),
            size=alt.Size("threads:O", scale=alt.Scale(range=[50, 180]), legend=None),
            shape=marks.shape(theme, shown.rows),
            tooltip=marks.tooltip(shown, *cost.cells, "top1", "top1_ci", "drop", "drop_ci", "size"),
        ),
    ]
    words = f"Top-1 accuracy against {cost.axis} of {len(points)} measurements; the table has the figures."
    chart = framed(alt.LayerChart(layer=layers), theme, _HEIGHT, words)
    return Figure(cost.key, cost.title, _CAPTION.format(range=cost.range), chart)


def _span(points: list[Datum]) -> tuple[float, float]:
    """From the least of a valid measurement to the most, or of any where none is valid."""
    spanned = [point for point in points if point["trusted"]] or points
    return min(point["least"] for point in spanned), max(point["most"] for point in spanned)


def _point(row: Row, shown: Table, cost: _Cost) -> Datum:
    seen = cost.read(row)
    if seen is None or row.accuracy is None or row.accuracy.value is None or row.accuracy.interval is None:
        return {}
    low, high = row.accuracy.interval
    return marks.datum(row, shown) | {
        "x": seen.value / cost.length,
        "least": seen.low / cost.length,
        "most": seen.high / cost.length,
        "y": row.accuracy.value * 100,
        "low": low * 100,
        "high": high * 100,
        "joined": f"{row.name} {row.runtime}",
    }
