"""What a model needs on the device: the file, and memory while it runs."""

from __future__ import annotations

from edgekit import units
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import STEP, Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.rows import Row
from edgekit.reporting.table import Table


def size(shown: Table, theme: Theme) -> Figure | None:
    """Draw each file's size, the smallest first; None where nothing was measured."""
    import altair as alt

    files = {row.name: row for row in shown.rows}  # each once, whatever ran it
    ranked = sorted(files.values(), key=lambda row: row.bytes)
    if not ranked:
        return None
    strips = [
        marks.strip(row, shown, place)
        | {"label": f"{units.megabytes(row.bytes)} MB · {row.name}", "end": row.bytes / 1e6}
        for place, row in enumerate(ranked)
    ]
    held, n = marks.data(strips), len(strips)
    bars = marks.bars(held, n, "zero", "end", alt.X("zero:Q", title="file size (MB)")).encode(
        color=marks.colour(theme, shown.rows), tooltip=["artefact:N", alt.Tooltip("size:N", title="size, MB")]
    )
    words = f"Sizes of {n} model files in MB, the smallest first; the table has the figures."
    chart = alt.LayerChart(layer=[bars, marks.labels(held, theme, n)])
    return Figure("size", "File size", "1 MB is 10⁶ bytes.", framed(chart, theme, STEP * n, words))


def memory(shown: Table, theme: Theme) -> Figure | None:
    """Draw each measurement's memory at the fewest threads; None where it was not measured."""
    import altair as alt

    known = [row for row in shown.rows if row.memory]
    if not known:
        return None
    fewest = min(row.threads for row in known)
    ranked = sorted((row for row in known if row.threads == fewest), key=_peak)
    strips = [marks.strip(row, shown, place) | _memory(row) for place, row in enumerate(ranked)]
    held, n = marks.data(strips), len(strips)
    axis = alt.X("zero:Q", title="resident memory (MB)")
    told = marks.tooltip(shown, "base_ram", "loaded_ram", "peak_ram", "model_ram")
    layers = [
        marks.bars(held, n, "zero", "base", axis).encode(color=alt.value(theme.idle), tooltip=told),
        marks.bars(held, n, "base", "peak").encode(color=marks.colour(theme, shown.rows), tooltip=told),
        marks.labels(held, theme, n),
    ]
    words = f"Resident memory of {n} measurements in MB; the table has the figures."
    caption = (
        "Grey: the process with the runtime imported. Coloured: what the model adds at its peak. "
        f"On {ranked[0].threads_text}, in a process of its own."
    )
    chart = framed(alt.LayerChart(layer=layers), theme, STEP * n, words)
    return Figure("memory", "Memory", caption, chart)


def _memory(row: Row) -> Datum:
    if row.memory is None:
        return {}
    base, peak, model = (size / 1e6 for size in (row.memory.baseline, row.memory.peak, row.memory.model))
    label = f"{units.significant(model)} MB on {units.significant(base)} · {row.name} · {row.runtime}"
    return {"label": label, "zero": 0, "base": base, "peak": peak}


def _peak(row: Row) -> int:
    return row.memory.peak if row.memory else 0
