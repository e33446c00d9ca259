"""Tables as the page's template wants them: grouped headings, intervals under their figures, bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, TypeVar

from edgekit.report.comparison import Comparison
from edgekit.report.comparison_columns import comparison_table, threads_of
from edgekit.report.rows import Row
from edgekit.report.table import NONE, ColumnOf, Table

T = TypeVar("T")
_IDENTITY = {"set", "artefact", "runtime", "threads", "valid", "device"}  # what a row's heading says


def _time(row: Row) -> float:
    return row.latency.p50.value if row.latency and row.valid else 0.0


def _count(row: Row) -> float:
    """The count of what was not timed: a row has one bar."""
    counted = row.instructions if row.valid and row.latency is None else None
    return counted.median.value if counted else 0.0


_BARS = {"p50": _time, "instructions": _count}


def session_view(shown: Table) -> dict[str, Any]:
    """Arrange a session's table: a body for each set and thread count."""
    bar = _bars(shown.rows)
    arranged = _arranged(shown.columns)
    bodies = groupby(shown.rows, key=lambda row: (row.set, row.threads))
    return arranged | {
        "several_sets": shown.columns[0].key == "set",
        "bodies": [[(row, _cells(row, arranged, bar(row))) for row in body] for _, body in bodies],
    }


def comparison_view(found: Comparison) -> dict[str, Any]:
    """Arrange a comparison's table: a body for each file, runtime and thread count, with a line a device."""
    shown = comparison_table(found)
    bar = _bars([line.row for line in found.lines])
    arranged = _arranged(shown.columns)
    return arranged | {
        "several_sets": shown.columns[0].key == "set",
        "bodies": [
            (cell[0].row, threads_of(cell), [(line, _cells(line, arranged, bar(line.row))) for line in cell])
            for cell in found.cells
        ],
    }


def _arranged(columns: Sequence[ColumnOf[T]]) -> dict[str, Any]:
    figures = [column for column in columns if column.key not in _IDENTITY]
    main = [column for column in figures if not column.below]
    groups = groupby(main, key=lambda column: column.group)
    return {
        "groups": [(name, len(list(group))) for name, group in groups],
        "columns": main,
        "below": {column.below: column for column in figures if column.below},
    }


def _bars(computed: Sequence[Row]) -> Callable[[Row], dict[str, float]]:
    """Return how long a row's bars are, by column; the longest of a column is 1."""
    longest = {key: max(map(read, computed), default=0.0) for key, read in _BARS.items()}
    return lambda row: {key: read(row) / longest[key] for key, read in _BARS.items() if read(row)}


def _cells(line: Any, arranged: dict[str, Any], bars: dict[str, float]) -> list[dict[str, Any]]:
    return [_cell(line, column, arranged["below"].get(column.key), bars) for column in arranged["columns"]]


def _cell(line: T, column: ColumnOf[T], under: ColumnOf[T] | None, bars: dict[str, float]) -> dict[str, Any]:
    detail = under.cell(line) if under else NONE
    return {
        "text": column.cell(line),
        "detail": "" if under is None or detail == NONE else f"{detail} {under.unit}".rstrip(),
        "bar": bars.get(column.key),
        "words": column.words,
    }
