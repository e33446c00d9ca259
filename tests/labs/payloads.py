"""Things to send to a device."""

from __future__ import annotations

import random
from pathlib import Path

from edgekit.device import Payload
from edgekit.files import sha256_bytes, sha256_file


def a_file(path: Path, size: int) -> Payload:
    """Make a file of bytes that cannot be compressed."""
    path.write_bytes(random.Random(size).randbytes(size))
    return Payload(path, sha256_file(path), size)


def a_folder(path: Path, files: dict[str, bytes]) -> Payload:
    """Make a folder of files, by their names relative to it."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return Payload(path, contents_hash(path), sum(map(len, files.values())))


def contents_hash(folder: Path) -> str:
    """Hash the names and contents of all files in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return sha256_bytes(repr([(str(path.relative_to(folder)), sha256_file(path)) for path in files]).encode())
