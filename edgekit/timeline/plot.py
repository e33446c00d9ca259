"""A history as an image: one panel per series, a point per commit, a line per level."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.budget import METRICS
from edgekit.errors import UsageError
from edgekit.files import write_atomic
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.marks import Datum, data
from edgekit.reporting.charts.theme import IMAGE
from edgekit.timeline.gather import History, Series
from edgekit.timeline.words import sentence
from edgekit.words import visible

if TYPE_CHECKING:
    import altair as alt

ENDINGS = (".svg", ".png")
_HEIGHT = 150  # pixels of a panel
_MOST = 24  # panels: what an image can hold and a reader look at
# by what a unit is divided, and what that is called on the axis
_AXES = {"ns": (1e6, "ms"), "B": (1e6, "MB"), "fraction": (0.01, "%"), "instructions": (1e6, "million")}


def check_ending(path: Path) -> None:
    """Make sure that the format of a plot is known.

    Raises:
        UsageError: It is not.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{str(path)!r} does not say which format the plot should have.",
            f"End its name with {' or '.join(ENDINGS)}.",
        )


def write_plot(history: History, path: Path) -> None:
    """Draw a history into a file.

    Raises:
        UsageError: The file's ending names no format.
        StorageError: It cannot be written.
    """
    check_ending(path)
    import vl_convert

    definition = _definition(history)
    drawn = (
        bytes(vl_convert.vegalite_to_png(definition, scale=2))
        if path.suffix.lower() == ".png"
        else str(vl_convert.vegalite_to_svg(definition)).encode()
    )
    write_atomic(path, drawn, "name another file with --plot")


def _definition(history: History) -> dict[str, Any]:
    import altair as alt

    shown = history.series[:_MOST]
    panels = [_panel(history, series, last=series is shown[-1]) for series in shown]
    return configured(alt.vconcat(*panels), IMAGE)


def _panel(history: History, series: Series, *, last: bool) -> alt.LayerChart:
    import altair as alt

    metric = METRICS[history.metric]
    by, unit = _AXES.get(metric.unit, (1.0, metric.unit))
    points = [
        {
            "place": at,
            "value": each.value / by,
            "low": each.low / by,
            "high": each.high / by,
            "name": each.name,
        }
        for at, each in enumerate(series.values)
    ]
    x = alt.X(
        "place:Q",
        title="commits and sessions, in order" if last else None,
        axis=alt.Axis(format="d", tickMinStep=1, labels=False, ticks=False),
        scale=alt.Scale(domain=[-0.5, max(0.5, len(points) - 0.5)], nice=False),
    )
    y = alt.Y("value:Q", title=f"{metric.title} ({unit})", scale=alt.Scale(zero=False))
    base = alt.Chart(data(points)).encode(x=x)
    layers = [
        base.mark_rule(opacity=0.35, color=IMAGE.muted).encode(y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_point(filled=True, size=22, opacity=0.9, color=IMAGE.precisions[0]).encode(y=y),
        alt.Chart(data(_levels(series, by)))
        .mark_rule(strokeWidth=2, color=IMAGE.precisions[2])
        .encode(x=alt.X("start:Q"), x2="end:Q", y=alt.Y("level:Q")),
    ]
    said = [sentence(metric, step) for step in series.steps[:3]]
    if (more := len(series.steps) - len(said)) > 0:
        said.append(f"… and {more} more")
    title = alt.Title(visible(series.label), subtitle=said or ["no step"])
    chart = alt.LayerChart(layer=layers)
    return chart.properties(
        width=IMAGE.width,
        height=_HEIGHT,
        title=title,
        description=f"{metric.title} of {visible(series.label)}",
    )


def _levels(series: Series, by: float) -> list[Datum]:
    """Return the level between changes as a line from its first value to its last."""
    from statistics import median

    edges = [0, *(step.change.at for step in series.steps), len(series.values)]
    return [
        {
            "start": start - 0.5,
            "end": end - 0.5,
            "level": median(each.value for each in series.values[start:end]) / by,
        }
        for start, end in pairwise(edges)
    ]
