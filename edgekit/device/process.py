"""Running a local process to its end: fed without blocking, bounded in time, gone with all it started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgekit.device.transport import Completed
from edgekit.errors import DeviceError

_CHUNK = 1 << 16


class UnansweredError(TimeoutError):
    """A program runs, but it is not known to be the right one."""


@dataclass(frozen=True)
class Knock:
    """What a program is given first, to see that it is the one that is expected."""

    said: bytes
    answer: bytes  # on standard output, wherever it stands there
    patience: float  # seconds


def execute(
    argv: Sequence[str],
    feed: Iterable[bytes] = (),
    *,
    deadline: float,
    hold: bool = True,
    cwd: Path | None = None,
    knock: Knock | None = None,
    heard: Callable[[bytes], None] | None = None,
) -> Completed:
    """Run a program; it and everything it started is gone when this returns or raises.

    Args:
        argv: Program and arguments.
        feed: What its standard input gets, produced as fast as it is taken.
        deadline: Seconds that it may take after the last byte of its input was taken.
        hold: Keep its standard input open until it ends, so that it can see whether edgekit lives.
        cwd: Where it starts.
        knock: What it is given first; `feed` waits for the answer.
        heard: Receives its standard output as it comes, from what follows the knock's answer on.

    Raises:
        UnansweredError: The knock was not answered.
        TimeoutError: The deadline has passed.
        OSError: The program cannot be started.
    """
    # The write end lives in this process alone. However edgekit ends, even killed, the kernel closes it.
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=0) as pipe:
        try:
            process = start(argv, stdin=reader, cwd=cwd)
        finally:
            os.close(reader)
        try:
            outputs = _Exchange(
                process, pipe, iter(feed), deadline=deadline, hold=hold, knock=knock, heard=heard
            ).outputs()
        finally:
            end(process)
    stdout, stderr = outputs
    return Completed(stdout, stderr.decode("utf-8", "replace"), process.returncode)


def start(
    argv: Sequence[str],
    *,
    stdin: int,
    stderr: int | IO[bytes] = subprocess.PIPE,
    cwd: Path | None = None,
    own_session: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a program, by default as the leader of a group that can be ended as a whole."""
    return subprocess.Popen(
        list(argv),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        cwd=cwd,
        start_new_session=own_session,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def overdue(name: str, deadline: float) -> DeviceError:
    """Return the error for a command that did not finish in time."""
    return DeviceError(
        f"{name} did not finish within {deadline:.0f} s and was killed.",
        "The device may be busy, or too slow for this model: try again, or use a smaller model.",
    )


class _Exchange:
    """Feeds a process and collects what it says, at the same time."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        pipe: IO[bytes],
        feed: Iterator[bytes],
        *,
        deadline: float,
        hold: bool,
        knock: Knock | None,
        heard: Callable[[bytes], None] | None,
    ) -> None:
        assert process.stdout and process.stderr  # noqa: S101 - narrows the type: both are pipes
        self._process, self._pipe, self._feed, self._hold = process, pipe, feed, hold
        self._stdout = process.stdout.fileno()
        self._collected: dict[int, list[bytes]] = {self._stdout: [], process.stderr.fileno(): []}
        self._deadline, self._limit = deadline, time.monotonic() + deadline
        self._pending = memoryview(knock.said if knock else b"")
        self._knock = knock  # until it is answered
        self._heard = heard
        if knock:
            self._limit = time.monotonic() + knock.patience
        os.set_blocking(pipe.fileno(), False)

    def outputs(self) -> tuple[bytes, bytes]:
        """Return standard output and standard error once both are closed and the process has ended."""
        with selectors.DefaultSelector() as selector:
            for descriptor in self._collected:
                selector.register(descriptor, selectors.EVENT_READ, self._collect)
            selector.register(self._pipe, selectors.EVENT_WRITE, self._give)
            while any(key.fd in self._collected for key in selector.get_map().values()):
                ready = selector.select(self._left())
                if not ready:
                    raise UnansweredError if self._knock else TimeoutError
                for key, _ in ready:
                    if not key.data(key.fd):
                        selector.unregister(key.fileobj)
                        self._close_input(key.fd)
                if self._answered():
                    selector.register(self._pipe, selectors.EVENT_WRITE, self._give)
        try:
            self._process.wait(self._left())
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        stdout, stderr = (b"".join(chunks) for chunks in self._collected.values())
        return stdout, stderr

    def _left(self) -> float:
        return max(0.0, self._limit - time.monotonic())

    def _collect(self, descriptor: int) -> bool:
        """Read what there is; return whether there may be more."""
        chunk = os.read(descriptor, _CHUNK)
        self._collected[descriptor].append(chunk)
        if self._heard and chunk and not self._knock and descriptor == self._stdout:
            self._heard(chunk)
        return bool(chunk)

    def _answered(self) -> bool:
        """Return whether the knock has just been answered."""
        if not self._knock or self._pending:
            return False
        chunks = self._collected[self._stdout]
        chunks[:] = [b"".join(chunks)]
        _, answered, rest = chunks[0].partition(self._knock.answer)
        if not answered:
            return False
        self._knock, self._limit = None, time.monotonic() + self._deadline
        if self._heard and rest:
            self._heard(rest)
        return True

    def _give(self, descriptor: int) -> bool:
        """Write what fits; return whether there is more to write, and somebody to read it."""
        self._pending = self._pending or memoryview(next(self._feed, b""))
        if not self._pending:
            return False
        try:
            self._pending = self._pending[os.write(descriptor, self._pending) :]
        except BrokenPipeError:
            return False
        if self._knock:
            return bool(self._pending)
        self._limit = time.monotonic() + self._deadline
        return True

    def _close_input(self, ended: int) -> None:
        if not self._pipe.closed and ended == self._pipe.fileno() and not self._hold and not self._knock:
            self._pipe.close()
