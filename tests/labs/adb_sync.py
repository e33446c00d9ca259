"""adb's file transfer, version 1, as Android's adbd serves it (daemon/file_sync_service.cpp)."""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path

_MESSAGE = struct.Struct("<4sI")  # what it is, and a length
_CHUNK = 64 * 1024  # bytes: SYNC_DATA_MAX


def serve(connection: socket.socket) -> None:
    """Answer requests until there are no more."""
    with suppress(EOFError, ConnectionError):
        while True:
            request, length = _MESSAGE.unpack(_exactly(connection, _MESSAGE.size))
            if request == b"QUIT":
                return
            _REQUESTS[request](connection, os.fsdecode(_exactly(connection, length)))


def _stat(connection: socket.socket, path: str) -> None:
    connection.sendall(b"STAT" + _describe(path))


def _list(connection: socket.socket, path: str) -> None:
    with suppress(OSError):
        for name in [".", "..", *(entry.name for entry in Path(path).iterdir())]:
            encoded = os.fsencode(name)
            head = b"DENT" + _describe(f"{path}/{name}") + struct.pack("<I", len(encoded))
            connection.sendall(head + encoded)
    connection.sendall(b"DONE" + bytes(16))


def _recv(connection: socket.socket, path: str) -> None:
    try:
        with Path(path).open("rb") as file:
            while content := file.read(_CHUNK):
                connection.sendall(_MESSAGE.pack(b"DATA", len(content)) + content)
    except OSError as error:
        _fail(connection, f"open failed: {error.strerror}")
        return
    connection.sendall(_MESSAGE.pack(b"DONE", 0))


def _send(connection: socket.socket, target: str) -> None:
    path, _, mode = target.rpartition(",")
    with suppress(OSError):
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            Path(path).unlink()
    try:
        Path(path).parent.mkdir(mode=0o775, parents=True, exist_ok=True)
        if stat.S_ISLNK(int(mode)):
            Path(path).symlink_to(os.fsdecode(_data(connection)[0]))
            modified = _data(connection)[1]
        else:
            modified = _receive(connection, path, int(mode))
        os.utime(path, (modified, modified), follow_symlinks=False)
    except OSError as error:
        _fail(connection, f"couldn't create file: {error.strerror}")
        with suppress(EOFError):
            while _data(connection)[0]:
                pass  # until the client has read the answer
        with suppress(OSError):
            Path(path).unlink()
        return
    connection.sendall(_MESSAGE.pack(b"OKAY", 0))


def _receive(connection: socket.socket, path: str, mode: int) -> int:
    """Write a file; return when it was modified."""
    allowed = mode & 0o777
    allowed |= (allowed >> 3) & 0o070 | (allowed >> 3) & 0o007
    file = os.open(path, os.O_WRONLY | os.O_CREAT, allowed)
    try:
        os.fchmod(file, allowed)
        while True:
            content, modified = _data(connection)
            if not content:
                return modified
            while content:
                content = content[os.write(file, content) :]
    finally:
        os.close(file)


def _data(connection: socket.socket) -> tuple[bytes, int]:
    """Return the next piece; at the end nothing, and the time of the file's modification."""
    kind, number = _MESSAGE.unpack(_exactly(connection, _MESSAGE.size))
    if kind == b"DONE":
        return b"", number
    return _exactly(connection, number), 0


def _describe(path: str) -> bytes:
    try:
        found = os.lstat(path)
    except OSError:
        return bytes(12)
    return struct.pack("<3I", found.st_mode, found.st_size & 0xFFFFFFFF, int(found.st_mtime))


def _fail(connection: socket.socket, reason: str) -> None:
    connection.sendall(_MESSAGE.pack(b"FAIL", len(reason.encode())) + reason.encode())


def _exactly(connection: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        piece = connection.recv(count - len(content))
        if not piece:
            raise EOFError
        content += piece
    return content


_REQUESTS = {b"STAT": _stat, b"LIST": _list, b"RECV": _recv, b"SEND": _send}
