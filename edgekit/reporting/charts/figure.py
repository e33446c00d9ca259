"""A chart with its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgekit.reporting.charts.theme import FONT, Theme

if TYPE_CHECKING:
    import altair as alt


# what XML cannot have: the drawing library ends the process on it
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


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
    shown: dict[str, Any] = _drawable(definition)
    return shown


def _drawable(part: Any) -> Any:
    """Return a part of a definition with what cannot be drawn written as Python would: names may hold it."""
    if isinstance(part, dict):
        return {key: _drawable(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_drawable(each) for each in part]
    return _FORBIDDEN.sub(lambda found: ascii(found[0])[1:-1], part) if isinstance(part, str) else part
