"""The newest measurement of each cell, with what budgets say of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edgekit.budget import Baseline, Budget, Cell, Verdict, judge, read_cells
from edgekit.overview.folder import Folder, Series
from edgekit.reporting.rows import Row
from edgekit.reporting.session import Session
from edgekit.results import Measurement, Result

Key = tuple[object, ...]  # of one measurement of one session


@dataclass(frozen=True)
class Line:
    """One measurement."""

    key: Key
    series: Series
    session: Session
    row: Row
    cell: Cell
    verdicts: tuple[Verdict, ...]

    @property
    def result(self) -> Result:
        """The session's result."""
        return self.session.result

    @property
    def device(self) -> str:
        """The device's name."""
        return self.session.device.profile

    @property
    def holds(self) -> str:
        """The worst verdict on it; empty: no budget is about it."""
        words = {verdict.verdict for verdict in self.verdicts}
        return next((word for word in _WORST if word in words), "")


_WORST = ("fail", "missing", "invalid", "inconclusive", "pass")


def read_lines(
    folder: Folder, budgets: Sequence[Budget], baseline: Baseline
) -> tuple[tuple[Line, ...], tuple[Verdict, ...]]:
    """Read the newest of each cell and judge it, relative limits by the baseline.

    Returns:
        The lines: by device, model and threads, the fastest first; and all verdicts, also of what is missing.
    """
    by_age = sorted(folder.sessions, key=lambda each: (each.created, str(each.path)))
    measured = read_cells([result.path for result in by_age if result.path])
    cells = {_of_cell(cell): cell for cell in measured.cells}
    verdicts = judge(budgets, measured, baseline)
    by: dict[Key, list[Verdict]] = {}
    for verdict in verdicts:
        by.setdefault(_of_verdict(verdict), []).append(verdict)
    lines = [
        Line(key, series, session, row, cells[key], tuple(by.get(key, ())))
        for session, row, key, series in _rows(folder)
        if key in cells
    ]
    return tuple(sorted(lines, key=_place)), verdicts


def _rows(folder: Folder) -> Iterator[tuple[Session, Row, Key, Series]]:
    """Yield what a session has the newest of."""
    for result in folder.sessions:
        session = Session(result)
        for row in session.rows:
            measured = result.measurements[row.index]
            series = _series(result, measured)
            if result.path and folder.newest.get(series) == result.path.name:
                runtime, artefact = measured.runtime, measured.artefact
                what = (artefact.set, artefact.file, runtime.label, measured.threads)
                yield session, row, (str(result.path), *what, _pins(measured.affinity)), series


def _series(result: Result, measured: Measurement) -> Series:
    """Return what `Entry.series` says of it."""
    runtime, artefact = measured.runtime, measured.artefact
    fps = None if result.device.emulated else result.fps
    return (
        result.device.profile,
        artefact.set,
        artefact.file,
        runtime.name,
        not runtime.xnnpack,
        measured.threads,
        _pins(measured.affinity),
        fps or 0.0,
    )


def _of_cell(cell: Cell) -> Key:
    what = (cell.model, cell.artefact.file, cell.runtime.label, cell.threads)
    return (str(cell.result.path or ""), *what, cell.affinity)


def _of_verdict(verdict: Verdict) -> Key:
    what = (verdict.model, verdict.artefact, verdict.runtime, verdict.threads)
    return (verdict.result, *what, _pins(verdict.affinity))


def _pins(affinity: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted({*affinity}))


def _place(line: Line) -> tuple[object, ...]:
    row = line.row
    time = row.latency.p50.value if row.latency else float("inf")
    count = row.instructions.median.value if row.instructions else float("inf")
    return line.device, row.set, row.threads, time, count, line.key[0], line.key[1:4]
