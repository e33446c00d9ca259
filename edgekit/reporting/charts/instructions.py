"""How many instructions an inference takes: a bar per measurement, from zero, on no axis of time."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit import units
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import STEP, Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.kinds import cpu_words
from edgekit.reporting.rows import Row
from edgekit.reporting.table import Table

TITLE = "Instructions"
AXIS = "instructions of one inference, a count (million)"
_CAPTION = "Bar: median of the inferences that were counted{where}. A count is not a time. "
_UNTIMED = "Nothing was timed here, so there is no chart of latency. "


def instructions(shown: Table, theme: Theme) -> Figure | None:
    """Draw each measurement's instructions at the fewest threads; None where nothing was counted."""
    import altair as alt

    known = [row for row in shown.rows if row.instructions]
    if not known:
        return None
    fewest = min(row.threads for row in known)
    ranked = sorted((row for row in known if row.threads == fewest), key=lambda row: (row.set, counted(row)))
    strips = [_strip(row, shown, place) for place, row in enumerate(ranked)]
    held, n = marks.data(strips), len(strips)
    bars = marks.bars(held, n, "zero", "count", alt.X("zero:Q", title=AXIS)).encode(
        color=marks.colour(theme, shown.rows),
        opacity=marks.by_validity(0.75, 0.25),
        tooltip=marks.tooltip(shown, "instructions", "counts_spread", "counted_by"),
    )
    words = f"Instructions of one inference of {n} measurements in millions; the table has the figures."
    chart = framed(alt.LayerChart(layer=[bars, marks.labels(held, theme, n)]), theme, STEP * n, words)
    caption = _CAPTION.format(where=f", on {sources(ranked)}")
    untimed = "" if any(row.latency for row in shown.rows) else _UNTIMED
    return Figure("instructions", TITLE, f"{untimed}{caption}On {ranked[0].threads_text}.", chart)


def sources(computed: Sequence[Row]) -> str:
    """Say where the rows' counts come from."""
    return " and ".join(sorted({cpu_words(row.instructions.source) for row in computed if row.instructions}))


def counted(row: Row) -> float:
    """The median count; 0 where nothing was counted."""
    return row.instructions.median.value if row.instructions else 0.0


def _strip(row: Row, shown: Table, place: int) -> Datum:
    strip = marks.strip(row, shown, place)
    label = f"{units.significant(counted(row) / 1e6)} M · {row.name} · {row.runtime}"
    return strip | {"count": counted(row) / 1e6, "label": label if row.valid else f"INVALID · {label}"}
