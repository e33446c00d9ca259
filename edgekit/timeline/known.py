"""The changes of a series, kept once found: the libraries that find them take a second to load.

They are in a database in edgekit's cache, by a hash of the values. It holds nothing that the values do not
say: if it is gone, damaged or cannot be written, changes are found again.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

import edgekit
from edgekit.errors import StorageError
from edgekit.files import sha256_bytes
from edgekit.lookup import cache_folder
from edgekit.timeline.index import remove
from edgekit.timeline.steps import Change, changes

_VERSION = 1  # raise it where `steps` or `edgekit.stats` finds other changes in the same values
_MOST = 10_000  # series kept, the newest
_PATIENCE = 5.0  # seconds that one writer waits for another
_CHANGES = msgspec.msgpack.Decoder(tuple[Change, ...])


@dataclass
class KnownChanges:
    """Changes by the values they were found in."""

    _kept: sqlite3.Connection | None
    _fresh: dict[str, tuple[Change, ...]] = field(default_factory=dict)

    def of(self, values: Sequence[float], *, exact: bool, share: bool) -> tuple[Change, ...]:
        """Return where values changed their level, as `edgekit.timeline.steps.changes` does."""
        if exact:
            return changes(values, exact=exact, share=share)
        key = sha256_bytes(
            f"{_VERSION} {edgekit.__version__} {share} ".encode() + array("d", values).tobytes()
        )
        found = self._look_up(key)
        if found is None:
            found = self._fresh[key] = changes(values, exact=exact, share=share)
        return found

    def _look_up(self, key: str) -> tuple[Change, ...] | None:
        if key in self._fresh or self._kept is None:
            return self._fresh.get(key)
        with suppress(sqlite3.Error, msgspec.MsgspecError):
            row = self._kept.execute("SELECT found FROM changes WHERE series = ?", (key,)).fetchone()
            return _CHANGES.decode(row[0]) if row else None
        return None

    def keep(self) -> None:
        """Write what was found since, all of it or nothing.

        Raises:
            sqlite3.Error: It cannot be written, or is damaged.
        """
        if not self._kept or not self._fresh:
            return
        rows = [(key, msgspec.msgpack.encode(found)) for key, found in self._fresh.items()]
        with self._kept as kept:
            kept.executemany("INSERT OR REPLACE INTO changes VALUES (?, ?)", rows)
            kept.execute("DELETE FROM changes WHERE rowid <= (SELECT max(rowid) FROM changes) - ?", (_MOST,))


@contextmanager
def known_changes() -> Iterator[KnownChanges]:
    """Open what is known of series; what is found meanwhile is kept."""
    try:
        path = cache_folder() / "history" / "changes.sqlite"
        kept = _opened(path)
    except (sqlite3.Error, StorageError, OSError):  # it cannot be written, or another writes for long
        yield KnownChanges(None)
        return
    with closing(kept):
        known = KnownChanges(kept)
        yield known
        try:
            known.keep()
        except sqlite3.OperationalError:
            pass
        except sqlite3.DatabaseError:
            remove(path)


def _opened(path: Path) -> sqlite3.Connection:
    """Open the database, a new one if it is damaged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connected(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        remove(path)
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    kept = sqlite3.connect(path, timeout=_PATIENCE)
    try:
        kept.execute("CREATE TABLE IF NOT EXISTS changes (series TEXT PRIMARY KEY, found BLOB)")
    except sqlite3.Error:
        kept.close()
        raise
    return kept
