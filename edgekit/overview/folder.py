"""A folder of results: which sessions have the newest of each cell, which came before, what is left out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgekit.errors import RecordError, UsageError
from edgekit.explanation import Breakdown
from edgekit.explanation.record import SCHEMA as EXPLANATION
from edgekit.progress import SILENT, Progress
from edgekit.results import Result, read_result
from edgekit.schema import UNREADABLE
from edgekit.timeline import Entry, Unreadable, look
from edgekit.words import plural

Series = tuple[object, ...]  # what tells a cell from others, without versions: `Entry.series`


@dataclass(frozen=True)
class Folder:
    """What a folder has, each session once."""

    path: Path
    entries: tuple[Entry, ...]  # of every session
    sessions: tuple[Result, ...]  # those that have the newest of a cell, by device, the newest first
    newest: dict[Series, str]  # file that has the newest of each cell
    before: dict[Series, str]  # file that has the one before; there is none: no key
    left_out: tuple[Unreadable, ...]  # and why
    breakdowns: tuple[Breakdown, ...]  # of `edgekit explain --json`
    note: str = ""

    @property
    def files(self) -> int:
        """How many sessions there are."""
        return len({entry.file for entry in self.entries})


def read_folder(path: Path, progress: Progress = SILENT) -> Folder:
    """Read a folder; what cannot be read is named in what is returned.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        found = look(path, progress)
    except UsageError as error:
        raise UsageError(error.what, "Name a folder of results that may be read.") from error
    unreadable, breakdowns = _explanations(path, found.unreadable)
    entries, copies = _once(found.entries)
    known = {entry.file for entry in found.entries} | {each.file for each in found.unreadable}
    left_out = [*unreadable, *copies, *_empty(path, known)]
    sessions: dict[str, Result] = {}
    while True:
        newest, before = _newest(entries)
        wanted = sorted({*newest.values()} - sessions.keys())
        if not wanted:
            break
        progress.step(f"Reading the newest {plural(len(wanted), 'session')}", len(wanted))
        for done, name in enumerate(wanted):
            progress.advance(done)
            try:
                sessions[name] = read_result(path / name)
            except RecordError as error:
                left_out.append(Unreadable(name, str(error).removeprefix(f"{path / name} ")))
                entries = tuple(entry for entry in entries if entry.file != name)
    shown = sorted({*newest.values()}, key=lambda name: (sessions[name].created, name), reverse=True)
    return Folder(
        path=path,
        entries=entries,
        sessions=tuple(sorted(map(sessions.__getitem__, shown), key=lambda each: each.device.profile)),
        newest=newest,
        before=before,
        left_out=tuple(sorted(left_out, key=lambda each: each.file)),
        breakdowns=breakdowns,
        note=found.note,
    )


def _newest(entries: Iterable[Entry]) -> tuple[dict[Series, str], dict[Series, str]]:
    """Return the file of the newest session of each cell, and of the one before."""
    sessions: dict[Series, set[tuple[str, str]]] = {}
    for entry in entries:
        sessions.setdefault(entry.series, set()).add((entry.created, entry.file))
    ordered = {series: sorted(files, reverse=True) for series, files in sessions.items()}
    newest = {series: files[0][1] for series, files in ordered.items()}
    return newest, {series: files[1][1] for series, files in ordered.items() if len(files) > 1}


def _once(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], list[Unreadable]]:
    """Return the entries of each session once, and the files that are copies of others."""
    by_file: dict[str, list[Entry]] = {}
    for entry in entries:
        by_file.setdefault(entry.file, []).append(entry)
    known: dict[bytes, str] = {}
    copies = {}
    for name in sorted(by_file):
        content = msgspec.json.encode([msgspec.structs.replace(each, file="") for each in by_file[name]])
        first = known.setdefault(content, name)
        if first != name:
            copies[name] = Unreadable(name, f"is a copy of {first}; it counts once.")
    return tuple(each for each in entries if each.file not in copies), list(copies.values())


def _empty(folder: Path, known: Container[str]) -> Iterator[Unreadable]:
    """Yield the sessions that measured nothing, and why."""
    for path in sorted(folder.glob("[!.]*.json")):
        if path.name in known:
            continue
        with suppress(RecordError):  # it is not a file, or has come or gone since
            result = read_result(path)
            if not result.measurements:
                yield Unreadable(path.name, f"measured nothing. {result.partial or ''}".rstrip())


class _Explanation(msgspec.Struct):
    schema: str
    breakdowns: tuple[Breakdown, ...]


def _explanations(
    folder: Path, unreadable: Sequence[Unreadable]
) -> tuple[list[Unreadable], tuple[Breakdown, ...]]:
    """Tell the explanations from the files that are not results; each is read once."""
    left, found = [], []
    for each in unreadable:
        try:
            record = msgspec.json.decode((folder / each.file).read_bytes(), type=_Explanation)
        except (OSError, *UNREADABLE):
            left.append(each)
            continue
        if record.schema == EXPLANATION:
            found += [breakdown for breakdown in record.breakdowns if breakdown not in found]
        else:
            left.append(each)
    return left, tuple(found)
