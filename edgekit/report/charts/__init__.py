"""The charts of one session, defined once for the page and for image files."""

from __future__ import annotations

from edgekit.report.charts.distribution import distribution
from edgekit.report.charts.figure import Figure
from edgekit.report.charts.footprint import memory, size
from edgekit.report.charts.latency import latency
from edgekit.report.charts.theme import Theme
from edgekit.report.charts.tradeoff import tradeoff
from edgekit.report.columns import table
from edgekit.report.rows import measured
from edgekit.results import Result


def figures(result: Result, theme: Theme) -> list[Figure]:
    """Draw what was measured; what was not has no chart."""
    shown = table(result)
    drawn = (
        latency(shown, theme),
        distribution(measured(result), shown, theme),
        tradeoff(shown, theme),
        size(shown, theme),
        memory(shown, theme),
    )
    return [figure for figure in drawn if figure is not None]
