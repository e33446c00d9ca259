"""What limits are relative to: the cells of an earlier result, each found by what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from msgspec.structs import replace

from edgekit.budget.cells import Cell
from edgekit.budget.figures import Absent
from edgekit.budget.measured import Measured, read_cells
from edgekit.budget.metrics import Metric
from edgekit.budget.read import Budget, read_baseline
from edgekit.budget.record import Verdict, Word, about
from edgekit.budget.select import Index
from edgekit.results import Result


@dataclass(frozen=True)
class Baseline:
    """What relative limits are relative to."""

    cells: Measured
    absent: tuple[Path, ...] = ()  # files that were named and are not there

    @cached_property
    def _known(self) -> dict[tuple[object, ...], list[Cell]]:
        known: dict[tuple[object, ...], list[Cell]] = {}
        for cell in self.cells.cells:
            known.setdefault(cell.subject, []).append(cell)
        return known

    @cached_property
    def _index(self) -> Index:
        return Index(self.cells)

    def of(self, cell: Cell) -> Cell | tuple[Word, str]:
        """Return the same cell in the baseline; else what to call its verdict, and why."""
        there = self._known.get(cell.subject, [])
        same = [each for each in there if each.runtime.version == cell.runtime.version]
        if len(same or there) == 1:
            return (same or there)[0]
        if there:
            names = " and ".join(each.runtime.label for each in there)
            return "missing", f"the baseline has {names}, not {cell.runtime.label}"
        if self.cells.cells:
            return "first", "the baseline does not contain this measurement yet"
        return "first", "there is no baseline yet"

    def lost(self, limit: Verdict, metric: Metric, budget: Budget, measured: Index) -> Iterator[Verdict]:
        """Yield what a limit is about and only the baseline has, on devices that were measured."""
        there, _ = self._index.find(budget) if self.cells.cells else ([], "")
        for cell in {each.subject: each for each in there}.values():
            gone = cell.device in measured.devices and cell.subject not in measured.subjects
            if gone and not isinstance(metric.read(cell), Absent):
                yield replace(about(limit, cell), reason="in the baseline, and not measured", result="")


NO_BASELINE = Baseline(Measured(()))


def stated_baseline(path: Path, budgets: Sequence[Budget]) -> Baseline:
    """Read the baseline that a file of budgets names; nothing is read where no limit is relative.

    Raises:
        RecordError: A file is not a result.
    """
    return find_baseline(read_baseline(path)) if any(each.relative for each in budgets) else NO_BASELINE


def find_baseline(results: Sequence[Result | Path]) -> Baseline:
    """Read a baseline; files that are not there are kept by name, since a first run has none.

    Raises:
        RecordError: A file is not a result.
    """
    absent = tuple(each for each in results if isinstance(each, Path) and not each.exists())
    return Baseline(read_cells([each for each in results if each not in absent]), absent)
