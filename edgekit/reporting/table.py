"""The table that every format shows: cells as text, one unit a column, columns chosen by width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar, cast

from edgekit.reporting.rows import Row

T = TypeVar("T")

NONE = "–"
INSUFFICIENT = "insufficient"


@dataclass(frozen=True)
class ColumnOf(Generic[T]):
    """One column of a table whose rows are of some kind."""

    key: str
    title: str
    unit: str
    cell: Callable[[T], str]
    about: str  # what it says, for people
    rank: int  # the lower, the longer it stays when the table must become narrower
    group: str = ""  # heading over neighbouring columns, where a format has room for one
    words: bool = False  # left-aligned; numbers are aligned right
    below: str = ""  # key of the column under whose cell a format may put this one's
    short: str = ""  # title where room is scarce

    @property
    def heading(self) -> str:
        """Title and unit on one line."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


@dataclass(frozen=True)
class TableOf(Generic[T]):
    """Rows of cells."""

    title: str
    columns: tuple[ColumnOf[T], ...]
    rows: tuple[T, ...]

    @property
    def cells(self) -> list[list[str]]:
        """Text by row and column."""
        return [[column.cell(row) for column in self.columns] for row in self.rows]

    def within(self, width: int, gap: int = 2) -> TableOf[T]:
        """Keep the most important columns that fit `width` characters, `gap` of them a column for ruling.

        A heading may have two lines, its short title over its unit. What was measured and its
        first figure always stay.
        """
        room, kept = width - 1, set[str]()
        for column in sorted(self.columns, key=lambda column: column.rank):
            texts = [column.short or column.title, column.unit, *map(column.cell, self.rows)]
            needed = gap + max(len(line) for text in texts for line in text.split("\n"))
            if needed <= room or column.rank <= 1:
                kept.add(column.key)
                room -= needed
        return replace(self, columns=tuple(column for column in self.columns if column.key in kept))


Column: TypeAlias = ColumnOf[Row]  # of one session's table
Table: TypeAlias = TableOf[Row]


def lifted(column: Column) -> ColumnOf[Any]:
    """Let a session's column read whatever has a `row`."""
    wider = cast("ColumnOf[Any]", column)
    return replace(wider, cell=lambda each: column.cell(each.row))
