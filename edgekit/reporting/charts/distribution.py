"""How the samples of each measurement scatter around its p50."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import STEP, Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.rows import Row
from edgekit.reporting.table import Table
from edgekit.results import Measurement, Result

if TYPE_CHECKING:
    import altair as alt
    import numpy.typing as npt

    Numbers = npt.NDArray[Any]

POINTS = 100  # samples drawn of each measurement
_GOLDEN = 0.6180339887  # its multiples, modulo 1, scatter evenly and always alike
_DOTS, _MEDIANS = (0.42, 0.74), 0.88  # where in a strip, from its top
_TAILS = (2, 90)  # percentiles; the axis reaches twice as far as those of the middle measurement
_CAPTION = (
    f"Dots: {POINTS} samples of each measurement, evenly spaced by rank, so that the plot is the same "
    "every time and true to the shape; those on an edge are beyond it. Large marks: the median of "
    "each repeat. Faint dots are invalid."
)


def distribution(result: Result, shown: Table, theme: Theme) -> Figure | None:
    """Draw samples relative to their p50, so that shapes can be compared; None where no p50 is above 0."""
    import altair as alt
    import numpy as np

    timed = [
        (row, _relative(row, result.measurements[row.index]))
        for row in shown.rows
        if row.latency and row.latency.p50.value
    ]
    if not timed:
        return None
    ends = (2 * np.median([np.percentile(samples, _TAILS) for _, samples in timed], axis=0)).tolist()
    strips = [marks.strip(row, shown, place) for place, (row, _) in enumerate(timed)]
    dots = chain(*(_dots(strip, samples) for strip, (_, samples) in zip(strips, timed, strict=True)))
    medians = chain(*(_medians(strip, row) for strip, (row, _) in zip(strips, timed, strict=True)))
    axis = alt.X(
        "x:Q",
        title="latency, change from the measurement's p50 (%)",
        scale=alt.Scale(domain=ends, nice=False, clamp=True),
    )
    layers = _layers(shown, theme, (strips, list(dots), list(medians)), axis)
    words = f"Scatter of the latency of {len(strips)} measurements around their p50, in percent."
    chart = framed(alt.LayerChart(layer=layers), theme, STEP * len(strips), words)
    return Figure("distribution", "Distribution of the latency", _CAPTION, chart)


def _layers(
    shown: Table, theme: Theme, values: tuple[list[Datum], list[Datum], list[Datum]], axis: alt.X
) -> list[alt.Chart]:
    import altair as alt

    strips, dots, medians = map(marks.data, values)
    n, colour, place = len(values[0]), marks.colour(theme, shown.rows), marks.height("y", len(values[0]))
    named = ["label:N", "repeat:N", alt.Tooltip("x:Q", title="median against p50, %", format="+.2f")]
    return [
        alt.Chart(dots)
        .mark_circle(size=12)
        .encode(x=axis, y=place, color=colour, opacity=marks.by_validity(0.55, 0.2)),
        alt.Chart(medians)
        .mark_point(size=45, filled=True)
        .encode(
            x="x:Q",
            y=place,
            color=colour,
            shape=marks.shape(theme, shown.rows),
            opacity=marks.by_validity(1, 0.35),
            tooltip=named,
        ),
        marks.labels(strips, theme, n),
    ]


def _relative(row: Row, measurement: Measurement) -> Numbers:
    """All samples in order, as a change from p50 in percent."""
    import numpy as np

    samples = np.concatenate([np.asarray(repeat.samples_ns) for repeat in measurement.repeats])
    p50 = row.latency.p50.value if row.latency else np.nan
    return (np.sort(samples) / p50 - 1) * 100


def _dots(strip: Datum, ordered: Numbers) -> list[Datum]:
    """Draw at most POINTS samples: those in the middle of as many equal parts by rank."""
    import numpy as np

    n, (low, high) = ordered.size, _DOTS
    ranks = np.arange(n) if n <= POINTS else ((np.arange(POINTS) + 0.5) / POINTS * n).astype(int)
    known = {name: strip[name] for name in ("precision", "trusted")}
    return [
        known
        | {
            "x": round(x, 3),
            "y": round(strip["place"] + low + (high - low) * (i * _GOLDEN % 1), 3),
        }
        for i, x in enumerate(ordered[ranks].tolist())
    ]


def _medians(strip: Datum, row: Row) -> list[Datum]:
    known = {name: strip[name] for name in ("label", "precision", "runtime", "trusted")}
    if row.latency is None:
        return []
    return [
        known
        | {"repeat": i + 1, "x": (median / row.latency.p50.value - 1) * 100, "y": strip["place"] + _MEDIANS}
        for i, median in enumerate(row.latency.medians)
    ]
