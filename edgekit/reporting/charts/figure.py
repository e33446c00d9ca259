"""A chart with its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgekit.reporting.charts.theme import FONT, Theme

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True)
class Figure:
    """A chart with its words."""

    key: str
    title: str
    caption: str  # how to read it
    chart: alt.LayerChart


def framed(chart: alt.LayerChart, theme: Theme, height: int, description: str) -> alt.LayerChart:
    """Give a chart its size in pixels and what a screen reader says of it."""
    return chart.properties(width=theme.width, height=height, description=description)


def configured(chart: alt.LayerChart | alt.VConcatChart, theme: Theme) -> dict[str, Any]:
    """Return a chart's Vega-Lite definition in a theme's colours."""
    import altair as alt

    page = theme.width == "container"
    definition: dict[str, Any] = (
        chart.configure(
            background="transparent" if page else theme.ground,
            font=FONT,
            autosize=alt.AutoSizeParams(type="fit-x" if page else "pad", contains="padding"),
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=theme.muted,
            titleColor=theme.ink,
            gridColor=theme.line,
            domainColor=theme.line,
            tickColor=theme.line,
            titleFontWeight="normal",
            titleFontSize=12,
        )
        .configure_legend(labelColor=theme.ink, titleColor=theme.muted, titleFontWeight="normal")
        .configure_title(color=theme.ink, anchor="start", fontSize=14)
        .to_dict()
    )
    return definition
