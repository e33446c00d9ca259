"""The charts of one session, and of several devices side by side: for the page and for image files."""

from __future__ import annotations

from dataclasses import replace

from edgekit.reporting.charts.distribution import distribution
from edgekit.reporting.charts.figure import Figure
from edgekit.reporting.charts.footprint import memory, size
from edgekit.reporting.charts.instructions import instructions
from edgekit.reporting.charts.latency import latency
from edgekit.reporting.charts.sustained import sustained
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.charts.tradeoff import counts_tradeoff, tradeoff
from edgekit.reporting.session import Session
from edgekit.reporting.table import Table
from edgekit.results import Result

_EMULATED = "The device is emulated: these are the emulator's times, not the board's. "


def figures(session: Session, theme: Theme) -> list[Figure]:
    """Draw what a session measured; what was not measured has no chart."""
    result, shown = session.result, session.table
    timed = (
        latency(shown, theme),
        sustained(result, shown, theme),
        distribution(result, shown, theme),
        tradeoff(shown, theme),
    )
    needs = (size(shown, theme), memory(shown, theme))
    counts = instructions(shown, theme)
    drawn = [_cautioned(figure, result, shown) for figure in timed if figure]
    # what a session is about comes first
    rest = (*needs, counts) if drawn else (counts, *needs)
    return [*drawn, *(figure for figure in (*rest, counts_tradeoff(shown, theme)) if figure)]


def _cautioned(figure: Figure, result: Result, shown: Table) -> Figure:
    """Say whose times a chart shows, and what it leaves out."""
    untimed = sum(row.latency is None for row in shown.rows)
    left_out = f" {untimed} of {len(shown.rows)} measurements have no times and are left out."
    caption = (_EMULATED if result.device.emulated else "") + figure.caption + (left_out if untimed else "")
    return replace(figure, caption=caption)
