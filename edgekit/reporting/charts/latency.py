"""How long an inference takes, absolutely: a bar per measurement, from zero.

Where the fastest bars would be too short to see, the axis is logarithmic and has no zero, so that a length
means nothing: a thin line then leads to the marks.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import STEP, Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.columns import latency_unit
from edgekit.reporting.rows import Row
from edgekit.reporting.table import Table

_LOGARITHMIC = 30  # the axis is, when the slowest takes more than so many times as long as the fastest
_MARKS = "Marks: the median of each repeat. Upright tick: p90. "
_CAPTION = (
    "Bar: p50, the median of the repeats' medians. "
    + _MARKS
    + "Faint bars are invalid and may reach beyond the right edge."
)
_CAPTION_LOGARITHMIC = (
    "The axis is logarithmic: equal distances are equal ratios. The line ends at p50, the median of the "
    "repeats' medians. " + _MARKS + "Faint lines are invalid and may reach beyond an edge."
)


def latency(shown: Table, theme: Theme) -> Figure | None:
    """Draw p50, p90 and the repeats' medians; None where nothing was timed."""
    import altair as alt

    timed = [row for row in shown.rows if row.latency]
    if not timed:
        return None
    unit, length = latency_unit(shown.rows)
    low, high = (end / length for end in _span(timed))
    wide = high > _LOGARITHMIC * low > 0
    first = low * 0.8 if wide else 0
    strips = [_strip(row, shown, place, length) | {"zero": first} for place, row in enumerate(timed)]
    medians = [
        strip | {"x": median / length, "repeat": i + 1}
        for strip, row in zip(strips, timed, strict=True)
        for i, median in enumerate(row.latency.medians if row.latency else ())
    ]
    held, n, colour = marks.data(strips), len(strips), marks.colour(theme, shown.rows)
    told = marks.tooltip(shown, "p50", "spread", "p90", "p99", "first", "load", "instructions")
    scale = alt.Scale(type="log" if wide else "linear", domain=[first, high], nice=False, clamp=True)
    title = f"latency of one inference{', logarithmic' if wide else ''} ({unit})"
    axis = alt.X("zero:Q", title=title, scale=scale, axis=alt.Axis(labelSeparation=8))
    middle = marks.height("middle", n)
    layers = [
        marks.bars(held, n, "zero", "centre", axis, thickness=2 if wide else 14).encode(
            color=colour, opacity=marks.by_validity(0.75, 0.25), tooltip=told
        ),
        alt.Chart(held)
        .mark_tick(thickness=2, size=20)
        .encode(x="slow:Q", y=middle, color=alt.value(theme.ink), tooltip=told),
        alt.Chart(marks.data(medians))
        .mark_point(size=45, strokeWidth=1)
        .encode(
            x="x:Q",
            y=middle,
            fill=marks.fill(theme, shown.rows),
            stroke=alt.value(theme.ground),
            shape=marks.shape(theme, shown.rows),
            tooltip=["label:N", "repeat:N", alt.Tooltip("x:Q", title=f"median, {unit}", format=".4~r")],
        ),
        marks.labels(held, theme, n),
    ]
    words = f"p50 and p90 latency of {n} measurements in {unit}; the table has the figures."
    chart = framed(alt.LayerChart(layer=layers), theme, STEP * n, words)
    return Figure("latency", "Latency", _CAPTION_LOGARITHMIC if wide else _CAPTION, chart)


def _span(timed: Sequence[Row]) -> tuple[float, float]:
    """From the fastest repeat to the slowest p90, in ns; an invalid one must not flatten the others."""
    latencies = [row.latency for row in timed if row.latency and row.valid]
    latencies = latencies or [row.latency for row in timed if row.latency]
    return min(each.p50.low for each in latencies), max(each.p90 or each.p50.high for each in latencies)


def _strip(row: Row, shown: Table, place: int, length: float) -> Datum:
    strip = marks.strip(row, shown, place)
    if row.latency is None:
        return strip
    slow = None if row.latency.p90 is None else row.latency.p90 / length
    times: Datum = {"centre": row.latency.p50.value / length, "slow": slow}
    return strip | times | {"label": f"{strip['p50']} {latency_unit(shown.rows)[0]} · {strip['label']}"}
