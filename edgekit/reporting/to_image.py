"""The charts as an image."""

from __future__ import annotations

from edgekit.errors import UsageError
from edgekit.reporting.charts import figures
from edgekit.reporting.charts.by_device import by_device
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import IMAGE
from edgekit.reporting.report import Report
from edgekit.reporting.side_by_side.columns import title


def to_svg(report: Report) -> bytes:
    """Return the charts of devices side by side and of every session, one under the other, as SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_definition(report))).encode()


def to_png(report: Report) -> bytes:
    """Return the same as PNG, at twice the pixels for sharp screens."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_definition(report), scale=2))


def _definition(report: Report) -> dict[str, object]:
    import altair as alt

    found = report.side_by_side
    drawn = [(figure, title(found)) for figure in by_device(found, IMAGE)] if found else []
    drawn += [(each, session.table.title) for session in report.sessions for each in figures(session, IMAGE)]
    charts = [
        figure.chart.properties(title=alt.Title(figure.title, subtitle=subtitle))
        for figure, subtitle in drawn
    ]
    if not charts:
        raise UsageError("Nothing was measured, so there is no chart to draw.", "Run `edgekit bench` again.")
    return configured(alt.vconcat(*charts), IMAGE)
