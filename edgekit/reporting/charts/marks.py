"""What the charts share: a row's data, scales, tooltips, and strips with their label above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from edgekit.reporting.charts.theme import FONT, PRECISIONS, Theme, shapes
from edgekit.reporting.rows import Row
from edgekit.reporting.table import Table

if TYPE_CHECKING:
    import altair as alt

Datum: TypeAlias = "dict[str, Any]"  # what a mark is drawn from, by field

LOGARITHMIC = 8  # an axis of costs is, when the most is so many times the least
STEP = 48  # pixels a strip: its label, then its marks
LABEL, MIDDLE = 0.2, 0.62  # where in a strip, from its top


def datum(row: Row, shown: Table) -> Datum:
    """Return what every mark of a row carries: how it is drawn, and the table's cells for the tooltip."""
    cells = {column.key: column.cell(row) for column in shown.columns}
    return cells | {
        "label": row.label if row.valid else f"INVALID · {row.label}",
        "precision": row.precision,
        "runtime": row.runtime,
        "trusted": row.valid,
    }


def strip(row: Row, shown: Table, place: int) -> Datum:
    """Return a row's data with the places of its strip's label and marks."""
    return datum(row, shown) | {"place": place, "zero": 0, "top": place + LABEL, "middle": place + MIDDLE}


def data(values: Iterable[Datum]) -> alt.Data:
    """Hold data inside the chart."""
    import altair as alt

    return alt.Data(values=list(values))  # type: ignore[no-untyped-call] # altair's generated classes


def tooltip(shown: Table, *keys: str) -> list[alt.Tooltip]:
    """Show those of the table's columns, with their units, after what was measured."""
    import altair as alt

    titles = {column.key: column.heading for column in shown.columns}
    wanted = [key for key in ("set", "artefact", "runtime", "threads", "valid", *keys) if key in titles]
    return [alt.Tooltip(f"{key}:N", title=titles[key]) for key in wanted]


def wide(low: float, high: float) -> bool:
    """Whether an axis of costs is logarithmic."""
    return high > LOGARITHMIC * low > 0


def intervals(chart: alt.Chart, x: alt.X, y: alt.Y, colour: alt.Color, opacity: float = 0.4) -> list[Any]:
    """Draw lines through marks: upright from `low` to `high`, and across from `least` to `most`."""
    across = chart.mark_rule(opacity=round(opacity + 0.2, 1))
    return [
        chart.mark_rule(opacity=opacity).encode(x, y="low:Q", y2="high:Q", color=colour),
        across.encode(x="least:Q", x2="most:Q", y="y:Q", color=colour),
    ]


def fronted(
    chart: alt.Chart, x: alt.X, y: alt.Y, theme: Theme, present: Sequence[Row], *, tooltip: list[alt.Tooltip]
) -> Any:
    """Draw marks, of which those on the front are filled."""
    import altair as alt

    return chart.mark_point(strokeWidth=1.5, size=70).encode(
        x=x,
        y=y,
        color=colour(theme, present),
        fill=fill(theme, present),
        fillOpacity=alt.condition("datum.front", alt.value(0.85), alt.value(0)),
        shape=shape(theme, present),
        tooltip=tooltip,
    )


def colour(theme: Theme, present: Sequence[Row]) -> alt.Color:
    """Colour by precision."""
    import altair as alt

    legend = alt.Legend(title="precision", symbolOpacity=1) if theme.legend else None
    return alt.Color("precision:N", scale=_precisions(theme, present), legend=legend)


def fill(theme: Theme, present: Sequence[Row]) -> alt.Fill:
    """Fill with the same colours; the legend is that of `colour`."""
    import altair as alt

    return alt.Fill("precision:N", scale=_precisions(theme, present), legend=None)


def _precisions(theme: Theme, present: Sequence[Row]) -> alt.Scale:
    import altair as alt

    found = {row.precision for row in present}
    used = {name: c for name, c in zip(PRECISIONS, theme.precisions, strict=True) if name in found}
    return alt.Scale(domain=list(used), range=list(used.values()))


def shape(theme: Theme, present: Sequence[Row]) -> alt.Shape:
    """Shape by runtime."""
    import altair as alt

    named = shapes(row.runtime for row in present)
    scale = alt.Scale(domain=list(named), range=list(named.values()))
    return alt.Shape(
        "runtime:N",
        scale=scale,
        legend=alt.Legend(title="runtime", symbolOpacity=1) if theme.legend else None,
    )


def by_validity(valid: float, invalid: float) -> Any:
    """Choose an opacity by whether the measurement is valid."""
    import altair as alt

    return alt.condition("datum.trusted", alt.value(valid), alt.value(invalid))


def height(field: str, strips: float) -> alt.Y:
    """Place marks by strip, the first at the top."""
    import altair as alt

    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, strips], reverse=True, nice=False), axis=None)


def bars(
    values: alt.Data, strips: float, start: str, end: str, axis: alt.X | None = None, *, thickness: int = 14
) -> alt.Chart:
    """Draw a horizontal bar of so many pixels in each strip, from one field to another."""
    import altair as alt

    drawn: alt.Chart = (
        alt.Chart(values)
        .mark_bar(size=thickness, orient="horizontal")
        .encode(x=axis or alt.X(f"{start}:Q"), x2=f"{end}:Q", y=height("middle", strips))
    )
    return drawn


def labels(values: alt.Data, theme: Theme, strips: float, *, bold: bool = False) -> alt.Chart:
    """Write each strip's label above its marks, from the left edge, so that a phone has room for it."""
    import altair as alt

    text = alt.Chart(values).mark_text(
        align="left",
        baseline="middle",
        fontSize=12,
        fontWeight="bold" if bold else "normal",
        font=FONT,
        color=theme.ink,
        limit=alt.ExprRef("width"),  # longer names end in an ellipsis
    )
    labelled: alt.Chart = text.encode(x=alt.value(0), y=height("top", strips), text="label:N")
    return labelled
