"""Where bundles are kept: folders in the cache that are either whole or not used.

A bundle's folder is named after what it was built from; `bundle.json` inside records what it holds. A
bundle is used only if every file in it still has the content it was built with.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgekit.errors import EdgekitError
from edgekit.files import new_folder, one_at_a_time, sha256_bytes, sha256_file, storage_errors
from edgekit.lookup import CACHE_ELSEWHERE, cache_folder
from edgekit.runtime.target import PythonTarget
from edgekit.schema import decode_record, write_record

RECORD = "bundle.json"
SCHEMA = "edgekit.bundle/1"


class BundleRecord(msgspec.Struct, frozen=True):
    """What bundle.json says."""

    schema: str
    runtime: str  # litert; python: a portable Python
    version: str
    requirements: tuple[str, ...]
    target: PythonTarget
    bytes: int
    sha256: str  # of everything the wheels hold; the same on every computer
    seal: str  # of every file, compiled bytecode included
    glibc: str = ""  # the oldest C library its libraries run with; empty: any, or not looked up


class Bundle(msgspec.Struct, frozen=True):
    """A bundle that is whole."""

    folder: Path
    record: BundleRecord

    def __str__(self) -> str:
        return f"{self.record.runtime} {self.record.version}"


@dataclass(frozen=True)
class Contents:
    """What was put into a bundle's folder."""

    runtime: str
    version: str
    requirements: tuple[str, ...]
    target: PythonTarget
    glibc: str = ""


def stored(folder: Path, fill: Callable[[Path], Contents]) -> Bundle:
    """Return the bundle in a folder of the cache, built if it is not there or not whole.

    Args:
        folder: From `place`.
        fill: Puts everything into an empty folder; called by one process at a time.

    Raises:
        StorageError: The cache cannot be written.
    """
    found = read(folder)
    if found:
        return found
    with one_at_a_time(folder, CACHE_ELSEWHERE):
        # another edgekit may have built it while this one waited
        return read(folder) or _build(folder, fill)


def place(name: str, version: str, python: str, *decisive: object) -> Path:
    """Return a bundle's folder: its name hashes all that decides what is in it."""
    key = sha256_bytes(msgspec.json.encode([SCHEMA, *decisive]))[:12]
    return _cache() / f"{name}-{version}-py{python}-{key}"


def list_bundles() -> tuple[Bundle, ...]:
    """Return the bundles in the cache that are whole, portable Pythons among them."""
    folders = sorted(_cache().iterdir()) if os.access(_cache(), os.R_OK | os.X_OK) else []
    return tuple(bundle for folder in folders if (bundle := read(folder)))


def remove_bundles() -> int:
    """Empty the cache of bundles, whole or not, and of what they were made from; return the bytes freed."""
    freed = 0
    for folder in (_cache(), cache_folder() / "debian"):
        freed += size(folder)
        with storage_errors(folder, "check who owns it"), suppress(FileNotFoundError):
            shutil.rmtree(folder)
    return freed


def read(folder: Path) -> Bundle | None:
    """Return a bundle if it is there and every byte of it is the one that was built."""
    try:
        if not (folder / RECORD).is_file():
            return None
        record = decode_record(folder / RECORD, BundleRecord, SCHEMA)
        return Bundle(folder, record) if folder_hash(folder) == record.seal else None
    except (EdgekitError, OSError):
        return None


def folder_hash(folder: Path, *, bytecode: bool = True) -> str:
    """Hash every file of a folder with its path, except the record itself."""
    lines = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != RECORD and (bytecode or "__pycache__" not in path.parts):
            lines.append(f"{name} {sha256_file(path)}")
    return sha256_bytes("\n".join(lines).encode())


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder; 0 if it does not exist."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _cache() -> Path:
    return cache_folder() / "runtimes"


def _build(folder: Path, fill: Callable[[Path], Contents]) -> Bundle:
    with new_folder(folder) as staging:
        contents = fill(staging)
        record = BundleRecord(
            SCHEMA,
            contents.runtime,
            contents.version,
            contents.requirements,
            contents.target,
            size(staging),
            folder_hash(staging, bytecode=False),
            folder_hash(staging),
            contents.glibc,
        )
        write_record(staging / RECORD, record)
    return Bundle(folder, record)
