"""The cells that count, of results that may have measured the same more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit.budget.cells import Cell, ResultFile, read_session
from edgekit.results import Result


@dataclass(frozen=True)
class Measured:
    """The cells that count: of several sessions that measured the same, the newest one counts."""

    cells: tuple[Cell, ...]
    superseded: int = 0  # measurements that a newer session made again
    partial: tuple[ResultFile, ...] = ()  # sessions that are not whole, even those of which no cell counts

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the noise that bounds rest on may not hold, each once."""
        return tuple(dict.fromkeys(cell.result.doubt for cell in self.cells if cell.result.doubt))


def read_cells(results: Sequence[Result | Path]) -> Measured:
    """Read results, from files or from memory.

    Sessions are told apart by when they were made. A cell stays the same one if its file's content or its
    runtime's version changes; several versions in one session are all kept. Another pace, other CPUs or a
    runtime without XNNPACK make another cell.

    Raises:
        RecordError: One of them is not a result, damaged, or written by a newer edgekit.
    """
    newest: dict[tuple[object, ...], list[Cell]] = {}
    count = 0
    partial: list[ResultFile] = []
    for order, result in enumerate(results):
        file = read_session(result, order)
        partial += [file] if file.partial else []
        for cell in file.cells():
            count += 1
            known = newest.setdefault(cell.subject, [])
            if known and known[0].result.age < file.age:
                known.clear()
            if not known or known[0].result is file:
                known.append(cell)
    cells = tuple(cell for group in newest.values() for cell in group)
    return Measured(cells, count - len(cells), tuple(partial))
