"""What adb's clients can open on the test phone: shells and file transfer, each in a process of its own.

A shell ends as under Android's adbd (daemon/shell_service.cpp): a command's standard input and output are
one socket, its errors another; when the client or the connection is gone, the shell itself, and nothing
that it started, gets SIGHUP, and both sockets are closed.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import struct
import termios
import tty
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING

import adb_sync

if TYPE_CHECKING:
    from adb_device import Stream

USER = 2000  # AID_SHELL
GROUPS = (
    2000,
    1004,
    1007,
    1011,
    1015,
    1028,
    3001,
    3002,
    3003,
    3006,
    3009,
    3011,
)  # as `id` shows on Android 14
SH = "/system/bin/sh"
STDIN, STDOUT, STDERR, EXIT, CLOSE_STDIN = range(5)  # packets of the shell protocol, version 2
_PACKET = struct.Struct("<BI")  # kind and length
_CHUNK = 64 * 1024  # bytes
_ENVIRONMENT = {
    "ANDROID_DATA": "/data",
    "ANDROID_ROOT": "/system",
    "HOME": "/",
    "HOSTNAME": "labphone",
    "LOGNAME": "shell",
    "PATH": "/product/bin:/apex/com.android.runtime/bin:/apex/com.android.art/bin:/system_ext/bin:"
    "/system/bin:/system/xbin:/odm/bin:/vendor/bin:/vendor/xbin",
    "SHELL": SH,
    "TMPDIR": "/data/local/tmp",
    "USER": "shell",
}

Serving = Coroutine[None, None, None]
Service = Callable[["Stream", "Spawner"], Serving]


def find(name: bytes) -> Service | None:
    """Return the service of that name, None if there is none."""
    kind, _, argument = name.partition(b":")
    words = kind.split(b",")
    if words[0] == b"shell" and b"v2" in words:
        terminal = b"pty" in words or (b"raw" not in words and not argument)
        return lambda stream, spawner: _shell(stream, spawner, argument, terminal)
    if words[0] in (b"shell", b"exec"):
        return lambda stream, spawner: _terminal(stream, spawner, argument)
    if words[0] == b"sync":
        return _sync
    return None


class Spawner:
    """Starts processes in the root as the shell user, and learns how they end."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._ends: dict[int, asyncio.Future[int]] = {}

    def shell(self, command: bytes, stdin: int, stdout: int, stderr: int, terminal: bool = False) -> int:
        """Start a shell; return its process id."""

        def become() -> None:
            if terminal:
                fcntl.ioctl(stdin, termios.TIOCSCTTY, 0)
            for source, target in ((stdin, 0), (stdout, 1), (stderr, 2)):
                os.dup2(source, target)
            os.closerange(3, 256)
            # qemu-user reads what CPU it is from there
            qemu = {name: value for name, value in os.environ.items() if name.startswith("QEMU_")}
            argv: list[str | bytes] = [SH, "-c", command] if command else [f"-{SH}"]
            os.execve(SH, argv, {**_ENVIRONMENT, **qemu})

        return self._fork(become)

    def sync(self, connection: socket.socket) -> int:
        """Start a process for file transfer."""
        return self._fork(lambda: adb_sync.serve(connection))

    async def end(self, pid: int) -> int:
        """Return how a process ended, as `os.waitpid` has it."""
        return await self._ends[pid]

    def kill(self, pid: int, number: int) -> None:
        if not self._ends[pid].done():
            os.kill(pid, number)

    def reap(self) -> None:
        """Learn who ended; as process 1, this one also inherits all orphans."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if (end := self._ends.get(found[0])) and not end.done():
                    end.set_result(found[1])

    def _fork(self, become: Callable[[], None]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                self._enter()
                become()
            finally:
                os._exit(126)
        self._ends[pid] = asyncio.get_running_loop().create_future()
        return pid

    def _enter(self) -> None:
        """Be the shell user, in the root, in a session of its own."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.chroot(self._root)
        os.chdir("/")
        os.setgroups(GROUPS)
        os.setgid(USER)
        os.setuid(USER)


async def _shell(stream: Stream, spawner: Spawner, command: bytes, terminal: bool) -> None:
    """A command with the shell protocol: its output and errors apart, its exit status."""
    process = _Terminal(spawner, command) if terminal else _Pipes(spawner, command)
    reading = asyncio.ensure_future(_pass_input(stream, process))
    try:
        outputs = [(process.output, STDOUT)] + ([] if process.errors is None else [(process.errors, STDERR)])
        await asyncio.gather(*(_pass_output(stream, file, kind) for file, kind in outputs))
        status = await spawner.end(process.pid)
        code = 0x80 | os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        await stream.write(_PACKET.pack(EXIT, 1) + bytes([code]))
    finally:
        reading.cancel()
        spawner.kill(process.pid, signal.SIGHUP)
        process.close()


async def _pass_output(stream: Stream, file: int, kind: int) -> None:
    while content := await _read(file):
        await stream.write(_PACKET.pack(kind, len(content)) + content)


async def _pass_input(stream: Stream, process: _Pipes | _Terminal) -> None:
    buffer = b""
    while True:
        buffer += await stream.read()
        while len(buffer) >= _PACKET.size:
            kind, length = _PACKET.unpack_from(buffer)
            if len(buffer) < _PACKET.size + length:
                break
            content, buffer = buffer[_PACKET.size : _PACKET.size + length], buffer[_PACKET.size + length :]
            if kind == STDIN:
                await _write(process.output, content)
            elif kind == CLOSE_STDIN:
                process.end_input()
        stream.took()


async def _terminal(stream: Stream, spawner: Spawner, command: bytes) -> None:
    """A command without the shell protocol: on a terminal, raw if it is not an interactive shell."""
    process = _Terminal(spawner, command, raw=bool(command))

    async def pass_input() -> None:
        while True:
            await _write(process.output, await stream.read())
            stream.took()

    reading = asyncio.ensure_future(pass_input())
    try:
        while content := await _read(process.output):
            await stream.write(content)
    finally:
        reading.cancel()
        process.close()  # the kernel sends SIGHUP to what runs on the terminal


async def _sync(stream: Stream, spawner: Spawner) -> None:
    ours, theirs = socket.socketpair()
    pid = spawner.sync(theirs)
    theirs.close()
    ours.setblocking(False)

    async def pass_input() -> None:
        while True:
            await _write(ours.fileno(), await stream.read())
            stream.took()

    reading = asyncio.ensure_future(pass_input())
    try:
        while content := await _read(ours.fileno()):
            await stream.write(content)
        await spawner.end(pid)
    finally:
        reading.cancel()
        _forget(ours.fileno())
        ours.close()


class _Pipes:
    """A command with one socket for standard input and output, and one for errors."""

    def __init__(self, spawner: Spawner, command: bytes) -> None:
        self._output, output = socket.socketpair()
        self._errors, errors = socket.socketpair()
        self.pid = spawner.shell(command, output.fileno(), output.fileno(), errors.fileno())
        for theirs in (output, errors):
            theirs.close()
        for ours in (self._output, self._errors):
            ours.setblocking(False)
        self.output = self._output.fileno()
        self.errors: int | None = self._errors.fileno()

    def end_input(self) -> None:
        with suppress(OSError):
            self._output.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for ours in (self._output, self._errors):
            _forget(ours.fileno())
            ours.close()


class _Terminal:
    """A command on a terminal."""

    def __init__(self, spawner: Spawner, command: bytes, raw: bool = False) -> None:
        self.output, theirs = os.openpty()
        if raw:
            tty.setraw(theirs)
        self.pid = spawner.shell(command, theirs, theirs, theirs, terminal=True)
        os.close(theirs)
        os.set_blocking(self.output, False)
        self.errors: int | None = None

    def end_input(self) -> None:
        """A terminal's input cannot be ended alone; adbd leaves it open too."""

    def close(self) -> None:
        _forget(self.output)
        os.close(self.output)


async def _read(file: int) -> bytes:
    """Return what there is, nothing at the end."""
    await _when(asyncio.get_running_loop().add_reader, file)
    with suppress(OSError):  # of a terminal, or reset: nobody is there any more
        return os.read(file, _CHUNK)
    return b""


async def _write(file: int, content: bytes) -> None:
    """Write all, or drop it if nobody reads any more."""
    with suppress(OSError):
        while content:
            await _when(asyncio.get_running_loop().add_writer, file)
            content = content[os.write(file, content) :]


async def _when(add: Callable[..., object], file: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    add(file, wake)
    try:
        await ready
    finally:
        (loop.remove_reader if add == loop.add_reader else loop.remove_writer)(file)


def _forget(file: int) -> None:
    loop = asyncio.get_running_loop()
    loop.remove_reader(file)
    loop.remove_writer(file)
