"""The index of a folder of results: what each file measured, so that a file is read once.

It is a database in edgekit's cache, never in the folder, and holds nothing that the files do not: if it is
gone, damaged, of another version, or cannot be written, it is made again. A file is known by its name, size
and time of change. One that cannot be read is remembered with the reason, and read again once it has changed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

import edgekit
from edgekit.budget import METRICS
from edgekit.errors import RecordError, StorageError, UsageError
from edgekit.files import sha256_bytes
from edgekit.lookup import cache_folder
from edgekit.progress import SILENT, Progress
from edgekit.results import SCHEMA
from edgekit.timeline.entries import Entry, read_entries
from edgekit.words import plural

_VERSION = 2
_BATCH = 100  # files that a killed run loses at most
_PATIENCE = 60.0  # seconds that one writer waits for another
_TABLES = """
CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, bytes INTEGER, changed INTEGER, problem TEXT);
CREATE TABLE IF NOT EXISTS entries (file TEXT, entry BLOB);
CREATE INDEX IF NOT EXISTS by_file ON entries (file);
"""
_ENTRY = msgspec.json.Decoder(Entry)


@dataclass(frozen=True)
class Unreadable:
    """A file that is not a result that this edgekit can read."""

    file: str
    why: str


@dataclass(frozen=True)
class Found:
    """What is in a folder."""

    entries: tuple[Entry, ...]
    unreadable: tuple[Unreadable, ...]
    note: str = ""  # why the index was not kept


def look(folder: Path, progress: Progress = SILENT) -> Found:
    """Return what the results in a folder measured; those that are new or have changed are read.

    Raises:
        UsageError: There is no such folder.
    """
    try:
        files = _files(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be read: {error.strerror or error}.", "Name the folder with --results."
        ) from error
    for _ in range(2):
        try:
            path = _place(folder)
            with _opened(path) as index:
                return _look(index, folder, files, progress)
        except (sqlite3.OperationalError, StorageError, OSError) as error:  # noqa: PERF203 - it is tried again
            with _opened(None) as index:
                found = _look(index, folder, files, progress)
            why = str(error).rstrip(".")
            return Found(found.entries, found.unreadable, f"The index cannot be kept, so all is read: {why}.")
        except (sqlite3.DatabaseError, *_UNREADABLE):
            remove(path)  # damaged: it is made again
    raise AssertionError("an index that was just made is damaged")  # pragma: no cover


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change (ns) of every file that may be a result, by name."""
    with os.scandir(folder) as entries:
        return {
            entry.name: (entry.stat().st_size, entry.stat().st_mtime_ns)
            for entry in entries
            if entry.name.endswith(".json") and not entry.name.startswith(".") and entry.is_file()
        }


def _place(folder: Path) -> Path:
    """Return where the index of a folder is; another edgekit, or other metrics, have another."""
    key = sha256_bytes(os.fsencode(folder.resolve()))[:16]
    made_by = f"{_VERSION} {SCHEMA} {edgekit.__version__} {' '.join(METRICS)}"
    return cache_folder() / "history" / f"{key}-{sha256_bytes(made_by.encode())[:8]}.sqlite"


@contextmanager
def _opened(path: Path | None) -> Iterator[sqlite3.Connection]:
    """Open an index; None: one in memory."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path or ":memory:", timeout=_PATIENCE)) as index:
        index.executescript(_TABLES)
        yield index


def remove(path: Path) -> None:
    """Remove a damaged database, and what SQLite would still write into the next one."""
    for name in (path.name, f"{path.name}-journal"):
        with suppress(OSError):
            path.with_name(name).unlink()


def _look(
    index: sqlite3.Connection, folder: Path, files: dict[str, tuple[int, int]], progress: Progress
) -> Found:
    known = {name: (size, changed) for name, size, changed, _ in index.execute("SELECT * FROM files")}
    gone = known.keys() - files.keys()
    fresh = sorted(name for name, state in files.items() if known.get(name) != state)
    if fresh:
        progress.step(f"Reading {plural(len(fresh), 'result')}", len(fresh))
    done = 0
    for batch in (list(gone), *_batches(fresh)):
        read = [(name, *_read(folder / name)) for name in batch if name in files]
        with index:  # all of it or nothing, also when the process is killed
            _forget(index, batch)
            index.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                ((name, *files[name], problem) for name, _, problem in read),
            )
            index.executemany(
                "INSERT INTO entries VALUES (?, ?)",
                ((name, msgspec.json.encode(each)) for name, entries, _ in read for each in entries),
            )
        done += len(read)
        progress.advance(done)
    problems = index.execute("SELECT name, problem FROM files WHERE problem != '' ORDER BY name").fetchall()
    entries = index.execute("SELECT entry FROM entries").fetchall()
    return Found(
        tuple(_ENTRY.decode(entry) for (entry,) in entries),
        tuple(Unreadable(name, problem) for name, problem in problems),
    )


def _forget(index: sqlite3.Connection, names: Sequence[str]) -> None:
    """Remove what is known of files."""
    for table, column in (("entries", "file"), ("files", "name")):
        index.executemany(f"DELETE FROM {table} WHERE {column} = ?", ((name,) for name in names))  # noqa: S608


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    left = iter(names)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _read(path: Path) -> tuple[tuple[Entry, ...], str]:
    """Return what a file measured, or why that cannot be read."""
    try:
        return read_entries(path), ""
    except RecordError as error:
        return (), str(error).removeprefix(f"{path} ")
