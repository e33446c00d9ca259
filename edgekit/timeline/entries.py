"""What a result file says of each cell, in few words: who, when, which commit, and every metric's figure."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import msgspec

from edgekit.budget import METRICS, Cell, Figure, Metric, read_session
from edgekit.results import Repository


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A metric's figure, in its unit."""

    value: float
    low: float | None  # 99 % bounds; None: nothing bounds it
    high: float | None
    flaw: str = ""  # code of what makes it invalid; empty: valid


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of one session."""

    file: str  # name in the folder
    created: str  # ISO 8601, UTC
    repository: Repository | None
    device: str
    model: str
    artefact: str
    runtime: str  # without the version
    xnnpack: bool
    threads: int
    affinity: tuple[int, ...]
    fps: float | None
    mode: str
    context: dict[str, str]  # what may change from one session to the next without another series
    figures: dict[str, Known]  # by metric

    @property
    def series(self) -> tuple[object, ...]:
        """What it shares with the other entries of its series, in the order in which people sort."""
        return (
            self.device,
            self.model,
            self.artefact,
            self.runtime,
            not self.xnnpack,
            self.threads,
            self.affinity,
            self.fps or 0.0,
        )


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Read what a result file measured.

    Raises:
        RecordError: Not a result, damaged, or written by a newer edgekit.
    """
    file = read_session(path)
    return tuple(_entry(path, cell) for cell in file.cells())


def _entry(path: Path, cell: Cell) -> Entry:
    result, device = cell.result, cell.result.device
    context = {
        "runtime": cell.runtime.label,
        "system": device.system,
        "Python": device.python,
        "C library": device.libc,
        "mode": result.mode,
        "edgekit": result.edgekit,
        "file": cell.artefact.sha256[:12],
    }
    return Entry(
        file=path.name,
        created=result.created,
        repository=result.repository,
        device=cell.device,
        model=cell.model,
        artefact=cell.artefact.file,
        runtime=cell.runtime.name,
        xnnpack=cell.runtime.xnnpack,
        threads=cell.threads,
        affinity=cell.affinity,
        fps=result.fps,
        mode=result.mode,
        context={name: text for name, text in context.items() if text},
        figures=_figures(cell),
    )


def _figures(cell: Cell) -> dict[str, Known]:
    read = ((metric, metric.read(cell)) for metric in METRICS.values())
    return {
        metric.name: Known(seen.value, _bound(seen, seen.low), _bound(seen, seen.high), _flaw(metric, cell))
        for metric, seen in read
        if isinstance(seen, Figure) and seen.value is not None
    }


def _flaw(metric: Metric, cell: Cell) -> str:
    found = metric.flaw(cell)
    return found.code if found else ""


def _bound(seen: Figure, bound: float) -> float | None:
    return bound if isfinite(bound) and not seen.doubt else None
