"""Writing cpio archives, the form in which a kernel takes its first files.

The format is "newc": linux/Documentation/driver-api/early-userspace/buffer-format.rst. The kernel unpacks
archives that follow one another. Nothing here depends on when, where or by whom an archive is written.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

_FOLDER = stat.S_IFDIR | 0o755
_PROGRAM = stat.S_IFREG | 0o755
_FILE = stat.S_IFREG | 0o644
_LINK = stat.S_IFLNK | 0o777
_LARGEST = 1 << 32  # bytes; the format has no room for a larger size


class Archive:
    """A cpio archive that is being written. Folders come before what is in them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._entries = file, 0

    def folder(self, name: str) -> None:
        """Add an empty folder."""
        self._entry(name, _FOLDER)

    def text(self, name: str, content: str, *, program: bool = False) -> None:
        """Add a file with that content."""
        data = content.encode()
        self._entry(name, _PROGRAM if program else _FILE, len(data), BytesIO(data))

    def copy(self, source: Path, name: str) -> None:
        """Add a file, or a folder with all that is in it.

        Raises:
            OSError: Something cannot be read, or is neither file, folder nor symbolic link.
        """
        self._copy_one(source, name)
        if source.is_dir():
            for path in _below(source):
                self._copy_one(path, f"{name}/{path.relative_to(source).as_posix()}")

    def end(self) -> None:
        """Write the last entry."""
        self._entry("TRAILER!!!", 0)

    def _copy_one(self, source: Path, name: str) -> None:
        found = source.lstat()
        if stat.S_ISLNK(found.st_mode):
            target = os.fsencode(source.readlink())
            self._entry(name, _LINK, len(target), BytesIO(target))
        elif stat.S_ISDIR(found.st_mode):
            self._entry(name, _FOLDER)
        elif stat.S_ISREG(found.st_mode) and found.st_size < _LARGEST:
            with source.open("rb") as file:
                self._entry(name, _PROGRAM if found.st_mode & 0o100 else _FILE, found.st_size, file)
        else:
            raise OSError(0, "not a file that an archive can hold", str(source))

    def _entry(self, name: str, mode: int, size: int = 0, content: BinaryIO | None = None) -> None:
        encoded = os.fsencode(name) + b"\0"
        self._entries += 1  # the inode: two files with one inode would be links
        links = 2 if mode == _FOLDER else 1
        # inode, mode, user, group, links, time, size, device (2), what it stands for (2), name's length, sum
        fields = (self._entries, mode, 0, 0, links, 0, size, 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % value for value in fields) + encoded
        self._file.write(header + _padding(len(header)))
        if content is not None:
            start = self._file.tell()
            shutil.copyfileobj(content, self._file, 1 << 20)
            if self._file.tell() - start != size:
                raise OSError(0, "changed while it was read", name)
            self._file.write(_padding(size))


def _below(folder: Path) -> Iterator[Path]:
    """Yield everything in a folder in a fixed order, a folder before what is in it; no link is followed."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)


def _padding(length: int) -> bytes:
    return b"\0" * (-length % 4)
