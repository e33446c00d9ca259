"""The charts of one session, defined once for the page and for image files."""

from __future__ import annotations

from edgekit.report.charts.distribution import distribution
from edgekit.report.charts.figure import Figure
from edgekit.report.charts.footprint import memory, size
from edgekit.report.charts.latency import latency
from edgekit.report.charts.theme import Theme
from edgekit.report.charts.tradeoff import tradeoff
from edgekit.report.table import Table
from edgekit.results import Result


def figures(result: Result, shown: Table, theme: Theme) -> list[Figure]:
    """Draw what was measured, from a result and its table; what was not measured has no chart."""
    drawn = (
        latency(shown, theme),
        distribution(result, shown, theme),
        tradeoff(shown, theme),
        size(shown, theme),
        memory(shown, theme),
    )
    return [figure for figure in drawn if figure is not None]
