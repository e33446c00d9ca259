"""Candidates from a sweep: every measurement of every size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgekit.budget import Cell as Measured
from edgekit.budget import Figure, exact, read_cells
from edgekit.choice.candidate import Candidate, Scale
from edgekit.choice.measured import candidate, valid
from edgekit.choice.telling import share
from edgekit.choice.wanted import Given, Wanted
from edgekit.errors import UsageError
from edgekit.sweeps import Cell as Size
from edgekit.sweeps import Sweep, read_sweep


def candidates(given: Sequence[Given], wanted: Wanted, notes: list[str]) -> list[Candidate]:
    """Read a sweep and return what can be shipped.

    Args:
        given: The sweep, its folder or its file; several: of one family, on one dataset.
        wanted: Which of its measurements.
        notes: Receives what is to be known of them.

    Raises:
        UsageError: Nothing of what is wanted was measured.
        InvalidError: No measurement of it is valid.
        RecordError: Not a sweep, damaged, or of a newer edgekit.
    """
    sizes: dict[int, tuple[Measured, Size, Sweep]] = {}
    failed: list[tuple[str | None, str]] = []
    for each in given:
        sweep = read_sweep(each) if isinstance(each, Path) else each
        if not isinstance(sweep, Sweep):
            continue
        if not sweep.trained:
            notes.append("The models have random weights: times and sizes are real, accuracies are not.")
        for size in sweep.cells:
            failed += [(why.device, f"{size.title}: {why.step} failed: {why.reason}") for why in size.failed]
            for cell in read_cells(size.results).cells:
                sizes[id(cell)] = (cell, size, sweep)
    if not sizes:
        raise UsageError(f"Nothing of the sweep {given[0]} was measured.", "Go on with it: edgekit sweep")
    cells = wanted.of([cell for cell, _, _ in sizes.values()])
    notes += [text for device, text in failed if device in (None, cells[0].device)]
    return [_candidate(*sizes[id(cell)]) for cell in valid(cells, notes)]


def _candidate(cell: Measured, size: Size, sweep: Sweep) -> Candidate:
    quality = _quality(size, cell.artefact.precision)
    return candidate(cell, trained=sweep.trained, task=sweep.dataset or "", quality=quality)


def _quality(size: Size, precision: str) -> dict[Scale, Figure]:
    """Return what says how good a size is, apart from its own accuracy."""
    found: dict[Scale, Figure] = {}
    if size.multiply_adds is not None:
        found["multiply_adds"] = exact(size.multiply_adds)
    for each in size.published:
        if each.precision == precision:
            found["published"] = share(round(each.top1 * each.images), each.images)
    return found
