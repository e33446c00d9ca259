"""Where results are kept: `results/20260102T030405Z-SET-DEVICE.json`."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

from edgekit.errors import StorageError
from edgekit.files import OUTPUT, check_writable, storage_errors
from edgekit.results import Result, write_result

RESULTS = Path("results")
COMPARED = RESULTS / "compared"  # sides of comparisons, which are not sessions to check or to report
_SELDOM = 1.0  # seconds between two writes of a result that grows; the shortest repeat of a mode takes longer


def result_path(folder: Path, result: Result, sets: Iterable[str] = ()) -> Path:
    """Return an unused name for a new result.

    Args:
        folder: Where it is to be.
        result: What is to be in it.
        sets: The artefact sets that it is named after; none: those that were measured.
    """
    when = re.sub(r"[-:]", "", result.created)
    sets = dict.fromkeys(sets or (measurement.artefact.title for measurement in result.measurements))
    stem = "-".join([when, "+".join(sets) or "nothing", result.device.profile])
    # file systems allow 255 bytes; writing the file whole needs some of them
    stem = re.sub(r"[^\w.+-]+", "_", stem).encode()[:150].decode(errors="ignore")
    candidates = (folder / f"{stem}{f'-{n}' if n > 1 else ''}.json" for n in count(1))
    # a link that leads nowhere takes its name, too
    return next(path for path in candidates if not os.path.lexists(path))


def save_result(result: Result, folder: Path = RESULTS, sets: Iterable[str] = ()) -> Path:
    """Write a result under a name that nobody else takes, however many write at once; return its path.

    Args:
        result: What is written.
        folder: Where.
        sets: The artefact sets that it is named after; none: those that were measured.

    Raises:
        StorageError: The folder cannot be written; no trace is left.
    """
    draft = folder / f".{secrets.token_hex(8)}.new"
    write_result(draft, result)
    try:
        path = _linked(draft, folder, result, sets)
    finally:
        draft.unlink(missing_ok=True)
    result.__dict__["_path"] = path
    return path


def _linked(draft: Path, folder: Path, result: Result, sets: Iterable[str]) -> Path:
    """Give a file the first name that is free: a link, unlike a rename, never replaces."""
    sets = tuple(sets)
    while True:
        path = result_path(folder, result, sets)
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            draft.replace(path)
        return path


class Store:
    """The file of one session's result, from the first repeat on: no ending loses more than one."""

    def __init__(self, output: Path | None = None, folder: Path = RESULTS) -> None:
        """Make sure, before anything is measured, that the file can be written.

        Args:
            output: The file; None: a new one in the folder.
            folder: For new files.

        Raises:
            StorageError: It cannot.
        """
        self._path, self._folder, self._next = output, folder, 0.0
        check_writable(output or folder / "new.json", OUTPUT)

    @property
    def due(self) -> bool:
        """Whether what has been measured since the last time is worth a write."""
        return time.monotonic() >= self._next

    def keep(self, result: Result, sets: Iterable[str]) -> None:
        """Write what there is so far.

        A full disk does not end the session: there may be room when the result is whole.

        Args:
            result: The session so far.
            sets: The artefact sets that it measures.
        """
        with suppress(StorageError, OSError):
            self.write(result, sets)
        self._next = time.monotonic() + _SELDOM

    def write(self, result: Result, sets: Iterable[str] = ()) -> None:
        """Write the result.

        Raises:
            StorageError: The file cannot be written; what was kept before is still there.
        """
        with storage_errors(self._path or self._folder / "new.json", OUTPUT):
            if self._path is None:
                self._path = save_result(result, self._folder, sets)
            else:
                write_result(self._path, result)
