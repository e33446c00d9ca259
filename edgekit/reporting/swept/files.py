"""A sweep as files: a page, a spreadsheet, Markdown and a plot."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from edgekit.files import OUTPUT, write_atomic
from edgekit.progress import SILENT, Progress
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import IMAGE, PAGE
from edgekit.reporting.html_tables import arranged, bars, cells_of
from edgekit.reporting.swept.chart import drawable, figures
from edgekit.reporting.swept.view import View
from edgekit.reporting.to_csv import COLUMNS, Value, encode, read
from edgekit.reporting.to_html import page, precisions, runtimes
from edgekit.reporting.to_markdown import code, markdown_table
from edgekit.sweeps import Sweep
from edgekit.words import markdown


def to_html(view: View) -> bytes:
    """Return a page like a report's, which works offline."""
    sweep, shown = view.sweep, view.table
    rows = [point.row for point in view.points]
    return page(
        title=shown.title,
        sweep={
            "name": f"{sweep.family} in {len(sweep.cells)} sizes",
            "facts": shown.title,
            "cautions": view.cautions,
            "summary": view.sentences,
            "table": _arranged(view),
            "figures": [(figure, configured(figure.chart, PAGE)) for figure in figures(shown, PAGE)],
            "precisions": precisions(rows),
            "runtimes": runtimes(rows),
            "command": sweep.command,
        },
    )


def _arranged(view: View) -> dict[str, Any]:
    """Arrange the table: a body for each device and number of threads."""
    shape, bodies = arranged(view.table.columns), []
    for where, group in groupby(view.points, key=lambda p: (p.device.profile, p.row.threads_text)):
        members = list(group)
        bar = bars(point.row for point in members)
        bodies.append(
            (" · ".join(where), [(point, cells_of(point, shape, bar(point.row))) for point in members])
        )
    return shape | {"bodies": bodies}


# heading: where a Point has it
_OWN = {
    "device": "device.profile",
    "emulated": "device.emulated",
    "family": "family",
    "alpha": "cell.alpha",
    "resolution": "cell.resolution",
    "parameters": "cell.parameters",
    "multiply_adds": "cell.multiply_adds",
    "front": "front",
    "top1": "accuracy.value",
    "top1_low": "accuracy.interval.0",
    "top1_high": "accuracy.interval.1",
    "top1_published": "accuracy.published",
}


def to_csv(view: View) -> bytes:
    """Return one row per measurement: its size, then the columns of a report's CSV."""
    rows = (
        [*(_word(read(p, path)) for path in _OWN.values()), *(read(p.row, path) for path in COLUMNS.values())]
        for p in view.points
    )
    return encode([*_OWN, *COLUMNS], rows)


def _word(value: Value) -> Value:
    return str(value).lower() if isinstance(value, bool) else value


def to_markdown(view: View) -> bytes:
    """Return what is said of the sweep, its table, and the command."""
    said = "\n".join(f"- {markdown(sentence)}" for sentence in (*view.cautions, *view.sentences))
    parts = (f"# {markdown(view.table.title)}", said, markdown_table(view.table), code(view.sweep.command))
    return ("\n\n".join(filter(None, parts)) + "\n").encode()


def to_svg(view: View) -> bytes:
    """Return the charts, one under the other; there must be one."""
    import altair as alt
    import vl_convert

    drawn = [
        figure.chart.properties(title=alt.Title(figure.title, subtitle=view.table.title))
        for figure in figures(view.table, IMAGE)
    ]
    return str(vl_convert.vegalite_to_svg(configured(alt.vconcat(*drawn), IMAGE))).encode()


PLOT = "sweep.svg"
FILES: dict[str, Callable[[View], bytes]] = {
    "sweep.html": to_html,
    "sweep.csv": to_csv,
    "sweep.md": to_markdown,
    PLOT: to_svg,
}


def write_files(sweep: Sweep, folder: Path, progress: Progress = SILENT) -> None:
    """Write a page, a spreadsheet, Markdown and a plot, each unless it is newer than the record.

    Without a valid measurement there is nothing to plot, and no plot.

    Raises:
        StorageError: A file cannot be written; those before it are.
    """
    record, view = sweep.path, View(sweep)
    age = record.stat().st_mtime_ns if record else 0
    for name, render in FILES.items():
        file = folder / name
        if name == PLOT and not drawable(view.points):
            file.unlink(missing_ok=True)
        elif not file.exists() or file.stat().st_mtime_ns < age:
            progress.step(f"Writing {name}")
            write_atomic(file, render(view), OUTPUT)
