"""What accuracy costs in time."""

from __future__ import annotations

from typing import Literal

from edgekit.report.charts import marks
from edgekit.report.charts.figure import Figure, framed
from edgekit.report.charts.marks import Datum
from edgekit.report.charts.theme import Theme
from edgekit.report.columns import latency_unit
from edgekit.report.rows import Row
from edgekit.report.table import Table

_HEIGHT = 320  # pixels
_LOGARITHMIC = 8  # the axis is, when the slowest takes so many times as long as the fastest
_CAPTION = (
    "Up and to the left is better. Upright lines: 95 % interval of the accuracy. Lines across a mark: range "
    "of the repeats' medians. The more threads, the larger the mark; thin lines join one file's thread "
    "counts. Hollow marks are invalid and may lie beyond the edge."
)


def tradeoff(shown: Table, theme: Theme) -> Figure | None:
    """Draw accuracy against latency; None where no measurement has both."""
    import altair as alt

    unit, length = latency_unit(shown.rows)
    points = [_point(row, shown, length) for row in shown.rows if row.accuracy and row.latency]
    if not points:
        return None
    base = alt.Chart(marks.data(points))
    low, high = _span(points)
    wide = high > _LOGARITHMIC * low > 0
    # an invalid measurement that went astray is drawn at the edge
    kind: Literal["log", "linear"] = "log" if wide else "linear"
    scale = alt.Scale(type=kind, domain=[low * 0.9, high * 1.1], nice=False, clamp=True)
    x = alt.X("x:Q", title=f"p50 latency{', logarithmic' if wide else ''} ({unit})", scale=scale)
    y = alt.Y("y:Q", title="top-1 accuracy (%)", scale=alt.Scale(zero=False))
    colour = marks.colour(theme, shown.rows)
    layers = [
        base.mark_line(strokeWidth=1, color=theme.muted, opacity=0.5).encode(x, y, detail="joined:N"),
        base.mark_rule(opacity=0.4).encode(x, y="low:Q", y2="high:Q", color=colour),
        base.mark_rule(opacity=0.6).encode(x="fast:Q", x2="slow:Q", y="y:Q", color=colour),
        base.mark_point(strokeWidth=2).encode(
            x="x:Q",
            y="y:Q",
            color=colour,
            fill=marks.fill(theme, shown.rows),
            fillOpacity=marks.by_validity(0.8, 0),
            size=alt.Size("threads:O", scale=alt.Scale(range=[50, 180]), legend=None),
            shape=marks.shape(theme, shown.rows),
            tooltip=marks.tooltip(shown, "p50", "spread", "top1", "top1_ci", "drop", "drop_ci", "size"),
        ),
    ]
    words = f"Top-1 accuracy against p50 latency of {len(points)} measurements; the table holds the figures."
    chart = framed(alt.LayerChart(layer=layers), theme, _HEIGHT, words)
    return Figure("tradeoff", "Accuracy against latency", _CAPTION, chart)


def _span(points: list[Datum]) -> tuple[float, float]:
    """From the fastest repeat to the slowest, of the valid measurements where there are any."""
    spanned = [point for point in points if point["sound"]] or points
    return min(point["fast"] for point in spanned), max(point["slow"] for point in spanned)


def _point(row: Row, shown: Table, length: float) -> Datum:
    if row.latency is None or row.accuracy is None:
        return {}
    p50, (low, high) = row.latency.p50, row.accuracy.interval
    return marks.datum(row, shown) | {
        "x": p50.value / length,
        "fast": p50.low / length,
        "slow": p50.high / length,
        "y": row.accuracy.value * 100,
        "low": low * 100,
        "high": high * 100,
        "joined": f"{row.name} {row.runtime}",
    }
