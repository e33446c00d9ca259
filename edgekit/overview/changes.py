"""What changed since the session before, on each device: two sessions, compared cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgekit.comparison import Compared, Comparison, compare
from edgekit.errors import RecordError, UsageError
from edgekit.overview.folder import Folder
from edgekit.overview.lines import Line
from edgekit.progress import SILENT, Progress
from edgekit.results import Result, read_result
from edgekit.words import plural


@dataclass(frozen=True)
class Since:
    """One session and the one before it."""

    before: Result
    after: Result
    comparison: Comparison | None  # None: nothing in them can be compared
    why: str = ""  # it cannot

    @property
    def device(self) -> str:
        """The device's name."""
        return self.after.device.profile


@dataclass(frozen=True)
class Changes:
    """What changed everywhere."""

    since: tuple[Since, ...]  # by device
    pairs: dict[tuple[str, ...], Compared]  # by measurement: see `of`
    first: int  # measurements that were never made before

    def of(self, line: Line) -> Compared | None:
        """Return what changed of a measurement; None: there is none before it, or it is not comparable."""
        row = line.row
        return self.pairs.get((str(line.result.path), row.set, row.artefact, row.runtime, str(row.threads)))


def find_changes(folder: Folder, lines: Sequence[Line], progress: Progress = SILENT) -> Changes:
    """Compare the newest measurement of each cell with the one before it."""
    sides: dict[tuple[str, str], Result] = {}
    cells: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if earlier := folder.before.get(line.series):
            key = (folder.newest[line.series], earlier)
            sides[key] = line.result
            cells.setdefault(key, []).append(line)
    progress.step(f"Comparing {plural(len(sides), 'session')} with the one before", len(sides))
    found: list[Since] = []
    for done, (key, after) in enumerate(sides.items()):
        progress.advance(done)
        try:
            before = read_result(folder.path / key[1])
        except RecordError:
            continue  # it was just read for the index, and is gone or has changed
        found.append(_since(before, after, cells[key]))
    pairs: dict[tuple[str, ...], Compared] = {
        (str(each.after.path), pair.model, pair.artefact, pair.runtime, pair.threads): pair
        for each in found
        for pair in (each.comparison.pairs if each.comparison else ())
    }
    first = sum(line.series not in folder.before for line in lines)
    return Changes(tuple(sorted(found, key=lambda each: each.device)), pairs, first)


def _since(before: Result, after: Result, lines: Sequence[Line]) -> Since:
    """Compare what is the newest of both sessions alone: other cells have other sessions."""
    from msgspec.structs import replace

    names = {line.series[1:6] for line in lines}

    def of(result: Result) -> Result:
        kept = replace(
            result,
            measurements=tuple(
                each
                for each in result.measurements
                if (
                    each.artefact.set,
                    each.artefact.file,
                    each.runtime.name,
                    not each.runtime.xnnpack,
                    each.threads,
                )
                in names
            ),
        )
        kept.__dict__["_path"] = result.path
        return kept

    try:
        return Since(before, after, compare(of(before), of(after)))
    except UsageError as error:
        return Since(before, after, None, error.what)
