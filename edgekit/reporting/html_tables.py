"""Tables as the page's template wants them: grouped headings, intervals under their figures, bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, TypeVar

from edgekit.reporting.rows import Row
from edgekit.reporting.side_by_side import Line, SideBySide
from edgekit.reporting.side_by_side.columns import table, threads_of
from edgekit.reporting.table import NONE, ColumnOf, Table

T = TypeVar("T")
# what a row's heading says
_IDENTITY = {"set", "artefact", "runtime", "threads", "valid", "device", "front", "alpha", "pixels"}


def session_view(shown: Table) -> dict[str, Any]:
    """Arrange a session's table: a body for each set and thread count."""
    bar = bars(shown.rows)
    shape = arranged(shown.columns)
    bodies = groupby(shown.rows, key=lambda row: (row.set, row.threads))
    return shape | {
        "several_sets": shown.columns[0].key == "set",
        "bodies": [[(row, cells_of(row, shape, bar(row))) for row in body] for _, body in bodies],
    }


def side_by_side_view(found: SideBySide) -> dict[str, Any]:
    """Arrange the table of devices: a body per file, runtime and thread count, a line per device."""
    shown = table(found)
    shape = arranged(shown.columns)
    timed = any(line.row.latency for line in found.lines)
    # an emulator's times are not drawn next to a device's
    drawn = [x for x in found.lines if not timed or x.time or x.session == found.bases.times]
    bar, with_bar = bars(line.row for line in drawn), set(map(id, drawn))

    def cells(line: Line) -> list[dict[str, Any]]:
        return cells_of(line, shape, bar(line.row) if id(line) in with_bar else {})

    return shape | {
        "bodies": [
            (cell[0].row, threads_of(cell), [(line, cells(line)) for line in cell]) for cell in found.cells
        ],
    }


def arranged(columns: Sequence[ColumnOf[T]]) -> dict[str, Any]:
    """Return the columns of figures, with the headings over them and those whose cells go below others'."""
    figures = [column for column in columns if column.key not in _IDENTITY]
    main = [column for column in figures if not column.below]
    groups = groupby(main, key=lambda column: column.group)
    return {
        "groups": [(name, len(list(group))) for name, group in groups],
        "columns": main,
        "below": {column.below: column for column in figures if column.below},
    }


def bars(comparable: Iterable[Row]) -> Callable[[Row], dict[str, float]]:
    """Return how long a row's bar is, by its column; the longest is 1.

    Bars are of times, or of counts where nothing was timed: never of both.
    """
    valid = [row for row in comparable if row.valid]
    key, read = ("p50", _time) if any(row.latency for row in valid) else ("instructions", _count)
    longest = max(map(read, valid), default=0.0)
    return lambda row: {key: read(row) / longest} if row.valid and read(row) else {}


def _time(row: Row) -> float:
    return row.latency.p50.value if row.latency else 0.0


def _count(row: Row) -> float:
    return row.instructions.median.value if row.instructions else 0.0


def cells_of(line: Any, shape: dict[str, Any], lengths: dict[str, float]) -> list[dict[str, Any]]:
    """Return a line's cells, as `arranged` has its columns, with the lengths of bars by column."""
    return [_cell(line, column, shape["below"].get(column.key), lengths) for column in shape["columns"]]


def _cell(
    line: T, column: ColumnOf[T], under: ColumnOf[T] | None, lengths: dict[str, float]
) -> dict[str, Any]:
    detail = under.cell(line) if under else NONE
    return {
        "text": column.cell(line),
        "detail": "" if under is None or detail == NONE else f"{detail} {under.unit}".rstrip(),
        "bar": lengths.get(column.key),
        "words": column.words,
    }
