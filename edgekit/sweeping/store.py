"""Where the results of steps are kept: one folder per key. The store is the truth about what is done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from edgekit.files import new_folder, one_at_a_time, storage_errors, write_atomic
from edgekit.schema import UNREADABLE, encode_record, now

_WORK, _FAILED = "work", "failed"


class Failure(msgspec.Struct, frozen=True):
    """Why a step gave nothing the last time."""

    key: str
    name: str  # of the step
    reason: str
    hint: str = ""  # what to do
    when: str = ""  # ISO 8601, UTC


class Store:
    """A folder with the result of each step under its key; `work` and `failed` are next to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def holds(self, key: str) -> bool:
        """Whether a step's result is there, whole."""
        return self.path(key).is_dir()

    def path(self, key: str) -> Path:
        """Return the folder of a step's result."""
        return self.folder / key

    @contextmanager
    def working(self, key: str) -> Iterator[Path]:
        """Yield the folder in which to make a step's result, to one process at a time.

        What an interrupted process left there is still there: a training goes on from its last epoch.
        """
        with one_at_a_time(self.folder / _WORK / key):
            folder = self.folder / _WORK / key
            folder.mkdir(exist_ok=True)
            yield folder
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, key: str, folder: Path) -> None:
        """Take over a folder as a step's result, whole or not at all; of two, the first stays.

        Args:
            key: The step's.
            folder: Moved if it is on the same file system, else copied.

        Raises:
            StorageError: The store cannot be written or the disk is full; no trace is left.
        """
        with storage_errors(self.path(key)):
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.holds(key) and not _moved(folder, self.path(key)):
                with new_folder(self.path(key)) as staging:
                    shutil.copytree(folder, staging, dirs_exist_ok=True)
            (self.folder / _FAILED / key).with_suffix(".json").unlink(missing_ok=True)

    def fail(self, key: str, name: str, reason: str, hint: str = "") -> Failure:
        """Write down why a step gave nothing."""
        failure = Failure(key, name, reason, hint, now())
        write_atomic((self.folder / _FAILED / key).with_suffix(".json"), encode_record(failure))
        return failure

    def failure(self, key: str) -> Failure | None:
        """Return why a step gave nothing the last time; None: it gave something, or was never run."""
        with suppress(OSError, *UNREADABLE):
            data = (self.folder / _FAILED / key).with_suffix(".json").read_bytes()
            return msgspec.json.decode(data, type=Failure)
        return None


def _moved(source: Path, target: Path) -> bool:
    """Move a folder to its place in one go; return whether that was possible.

    Its files are on the disk before its name is, so that a power cut leaves no whole name of half a result.
    """
    for file in source.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
    try:
        source.rename(target)
    except OSError:
        return target.is_dir()
    return True
