"""Which C library a folder of compiled extensions needs, read from the extensions themselves."""

from __future__ import annotations

import re
from pathlib import Path

_ELF = b"\x7fELF"
# names of symbol versions are in an ELF file's string table, each ended by a zero byte
_VERSION = re.compile(rb"(?<=\0)GLIBC_(\d+)\.(\d+)(?=[.\0])")


def needed_glibc(folder: Path) -> str:
    """Return the oldest glibc that has every symbol the folder's libraries ask for; empty: none is needed."""
    found: set[tuple[int, int]] = set()
    for path in folder.rglob("*"):
        if path.is_file() and (content := _library(path)):
            found |= {(int(major), int(minor)) for major, minor in _VERSION.findall(content)}
    return ".".join(map(str, max(found))) if found else ""


def _library(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(len(_ELF))
        return head + file.read() if head == _ELF else b""
