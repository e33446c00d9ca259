"""The charts of one session, defined once for the page and for image files.

Each function returns a chart, or None where nothing was measured for it. Invalid measurements are drawn
hollow and named as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from edgekit.report.columns import latency_unit
from edgekit.report.rows import Row, rows
from edgekit.report.theme import FONT, PRECISIONS, SHAPES, Theme
from edgekit.results import Measurement, Result

if TYPE_CHECKING:
    import altair as alt

Datum: TypeAlias = "dict[str, str | float | bool | None]"

POINTS = 100  # samples drawn of each measurement
_STEP = 46  # pixels a strip


def latency_chart(result: Result, theme: Theme) -> alt.LayerChart | None:
    """Draw each measurement's distribution as a strip.

    Dots: `POINTS` evenly spaced quantiles of all samples, so that the drawing is the same every time and
    true to the shape. Bar: middle half; line: 5th to 95th percentile; tick: p50; large marks: each
    repeat's median. The axis is logarithmic when the strips span more than a factor of 8.
    """
