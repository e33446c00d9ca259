"""The charts as a picture."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.errors import UsageError
from edgekit.reporting.charts import figures
from edgekit.reporting.charts.compared import compared
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import IMAGE
from edgekit.reporting.columns import table, title
from edgekit.reporting.comparison import compare
from edgekit.reporting.comparison_columns import title as comparison_title
from edgekit.results import Result


def to_svg(results: Sequence[Result]) -> bytes:
    """Return the charts of devices beside each other and of every session, one under the other, as SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_definition(results))).encode()


def to_png(results: Sequence[Result]) -> bytes:
    """Return the same as PNG, at twice the pixels for sharp screens."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_definition(results), scale=2))


def _definition(results: Sequence[Result]) -> dict[str, object]:
    import altair as alt

    found = compare(results) if len(results) > 1 else None
    beside = compared(found, IMAGE) if found else []
    charts = [
        figure.chart.properties(title=alt.Title(figure.title, subtitle=comparison_title(found)))
        for figure in beside
        if found
    ] + [
        figure.chart.properties(title=alt.Title(figure.title, subtitle=title(result)))
        for result in results
        for figure in figures(result, table(result), IMAGE)
    ]
    if not charts:
        raise UsageError("Nothing was measured, so there is no chart to draw.", "Run `edgekit bench` again.")
    return configured(alt.vconcat(*charts), IMAGE)
