"""How latency, temperature and clock move under a load of minutes."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from edgekit import units
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.columns import latency_unit
from edgekit.reporting.rows import Row
from edgekit.reporting.table import Table
from edgekit.results import Result, Window

_HEIGHT = 72  # pixels of a strip, and of its label
_LABEL, _TOP, _BOTTOM = 0.12, 0.28, 0.94  # where in a strip, from its top
_CAPTION = (
    "Line: the median of each second or so, from zero at the strip's foot; all strips have one scale. "
    "Upright: where the load slowed by 5 % or more. "
)
_WARM = "Grey: the temperature of the CPU, from 20 to 100 °C. "


def sustained(result: Result, shown: Table, theme: Theme) -> Figure | None:
    """Draw a strip for each sustained load; None where there was none."""
    import altair as alt

    loaded = [
        (row, load.windows)
        for row in shown.rows
        if row.sustained and (load := result.measurements[row.index].sustained)
    ]
    if not loaded:
        return None
    unit, length = latency_unit(shown.rows)
    # a hiccup must not flatten the rest
    ends = [max(row.sustained.cold, *row.sustained.last) for row, _ in loaded if row.sustained]
    top = 1.25 * max(ends) / length
    strips = [_strip(row, shown, place, unit, length) for place, (row, _) in enumerate(loaded)]
    points = [
        point
        for strip, (_, windows) in zip(strips, loaded, strict=True)
        for point in _points(strip, windows, length, top)
    ]
    x = alt.X(
        "minutes:Q", title="minutes of load", scale=alt.Scale(nice=False), axis=alt.Axis(labelSeparation=8)
    )
    place = marks.height("y", len(loaded))
    told = [
        "label:N",
        alt.Tooltip("minutes:Q", title="minutes", format=".2f"),
        alt.Tooltip("latency:N", title=f"median, {unit}"),
        alt.Tooltip("clock:N", title="clock, MHz"),
        alt.Tooltip("celsius:N", title="°C"),
    ]
    held = marks.data(points)
    layers = [
        alt.Chart(held)
        .mark_line(strokeWidth=1.5)
        .encode(x=x, y=place, color=marks.colour(theme, shown.rows), detail="label:N", tooltip=told),
        alt.Chart(marks.data(_changes(strips)))
        .mark_rule(strokeDash=[4, 3])
        .encode(x="at:Q", y=marks.height("from", len(loaded)), y2="to:Q", color=alt.value(theme.ink)),
        marks.labels(marks.data(strips), theme, len(loaded)),
    ]
    warm = any(point["warmth"] is not None for point in points)
    if warm:
        layers.insert(
            0,
            alt.Chart(held)
            .mark_line(strokeWidth=1, opacity=0.6)
            .encode(
                x=x, y=marks.height("warmth", len(loaded)), detail="label:N", color=alt.value(theme.muted)
            ),
        )
    words = f"Latency of {len(loaded)} sustained loads over time; the sentences say how each went."
    chart = framed(alt.LayerChart(layer=layers), theme, _HEIGHT * len(loaded), words)
    return Figure("sustained", "Sustained load", _CAPTION + (_WARM if warm else ""), chart)


def _strip(row: Row, shown: Table, place: int, unit: str, length: float) -> Datum:
    load = row.sustained
    assert load  # noqa: S101 - narrows the type
    first = units.significant(load.cold / length)
    settled = load.steady if load.slowed_after is not None else None
    last = f" → {units.significant(settled / length)}" if settled else ""
    strip = marks.strip(row, shown, place)
    named = {
        "label": f"{first}{last} {unit} · {strip['label']}",
        "top": place + _LABEL,
    }
    return strip | named | {"slowed": load.slowed_after}


def _points(strip: Datum, windows: Sequence[Window], length: float, top: float) -> list[Datum]:
    known = {name: strip[name] for name in ("label", "precision", "runtime", "trusted")}
    found = []
    for window in windows:
        latency = median(window.samples_ns) / length
        warmth = None if window.celsius is None else min(1.0, max(0.0, (window.celsius - 20) / 80))
        found.append(
            known
            | {
                "minutes": round((window.start_ns + window.end_ns) / 120e9, 4),
                "y": _height(strip, min(1.0, latency / top)),
                "warmth": None if warmth is None else _height(strip, warmth),
                "latency": units.significant(latency),
                "clock": "–" if window.khz is None else f"{window.khz / 1000:,.0f}",
                "celsius": "–" if window.celsius is None else f"{window.celsius:.0f}",
            }
        )
    return found


def _changes(strips: Sequence[Datum]) -> list[Datum]:
    return [
        {"at": strip["slowed"] / 60, "from": strip["place"] + _TOP, "to": strip["place"] + _BOTTOM}
        for strip in strips
        if strip["slowed"] is not None
    ]


def _height(strip: Datum, share: float) -> float:
    place: float = strip["place"]
    return round(place + _BOTTOM - share * (_BOTTOM - _TOP), 4)
