"""Files and folders as one gzip'd tar stream, made while it is sent."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit.device.transport import Payload
from edgekit.errors import DeviceError

_CHUNK = 1 << 18
_BLOCK = tarfile.BLOCKSIZE
_CLUSTER = 4096  # the least that a file system allots
_GZIP = 31  # zlib's window bits for gzip's format


@dataclass(frozen=True)
class Member:
    """One entry of the archive. Links are followed: the device gets what a payload's hash was made of."""

    name: str
    source: Path
    size: int | None  # bytes; None: a folder
    executable: bool

    def header(self) -> bytes:
        """Return the entry's tar header, the same on every computer."""
        info = tarfile.TarInfo(self.name)
        info.mtime = 1  # GNU tar warns about 0
        info.mode = 0o755 if self.executable or self.size is None else 0o644
        info.type, info.size = (tarfile.DIRTYPE, 0) if self.size is None else (tarfile.REGTYPE, self.size)
        return info.tobuf(tarfile.GNU_FORMAT)


def members(payloads: Sequence[Payload]) -> list[Member]:
    """List what has to be sent, each payload under its hash.

    Raises:
        DeviceError: A payload is not there.
    """
    return [member for payload in payloads for member in _members(payload)]


def room(entries: Sequence[Member]) -> int:
    """Return the bytes that entries take on a disk."""
    return sum(-(-(entry.size or 1) // _CLUSTER) * _CLUSTER for entry in entries)


def pack(entries: Sequence[Member], advance: Callable[[float], None]) -> Iterator[bytes]:
    """Yield the archive.

    Args:
        entries: What is in it.
        advance: Receives how many bytes of the files have been packed.
    """
    squeeze = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    for part in _tar(entries, advance):
        if data := squeeze.compress(part):
            yield data
    yield squeeze.flush()


def _members(payload: Payload) -> Iterator[Member]:
    source = payload.source
    if not source.exists():
        raise DeviceError(f"{source} is missing.", "Run the command again.")
    paths = [source, *sorted(source.rglob("*"))] if source.is_dir() else [source]
    for path in paths:
        inside = path.relative_to(source).as_posix()
        name = payload.sha256 if inside == "." else f"{payload.sha256}/{inside}"
        status = path.stat()
        if path.is_dir():
            yield Member(name, path, None, executable=True)
        elif path.is_file():
            yield Member(name, path, status.st_size, executable=bool(status.st_mode & 0o100))


def _tar(entries: Sequence[Member], advance: Callable[[float], None]) -> Iterator[bytes]:
    done = 0
    for entry in entries:
        yield entry.header()
        if entry.size is None:
            continue
        start = done
        with entry.source.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
                done += len(chunk)
                advance(done)
        if done - start != entry.size:
            raise DeviceError(f"{entry.source} changed while it was sent.", "Run the command again.")
        yield bytes(-entry.size % _BLOCK)
    yield bytes(2 * _BLOCK)  # the archive's end
