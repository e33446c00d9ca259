"""Running a local process to its end: fed without blocking, bounded in time, gone with all it started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from edgekit.device.transport import Completed
from edgekit.errors import DeviceError

_CHUNK = 1 << 16


def execute(
    argv: Sequence[str],
    feed: Iterable[bytes] = (),
    *,
    deadline: float,
    hold: bool = True,
    cwd: Path | None = None,
) -> Completed:
    """Run a program; it and everything it started is gone when this returns or raises.

    Args:
        argv: Program and arguments.
        feed: What its standard input gets, produced as fast as it is taken.
        deadline: Seconds that it may take after the last byte of its input was taken.
        hold: Keep its standard input open until it ends, so that it can see whether edgekit lives.
        cwd: Where it starts.

    Raises:
        TimeoutError: The deadline has passed.
        OSError: The program cannot be started.
    """
    # The write end lives in this process alone. However edgekit ends, even killed, the kernel closes it.
    reader, writer = os.pipe()
    try:
        try:
            process = start(argv, stdin=reader, cwd=cwd)
        finally:
            os.close(reader)
        with os.fdopen(writer, "wb", buffering=0) as pipe:
            writer = -1
            try:
                stdout, stderr = _converse(process, pipe, iter(feed), deadline, hold)
            finally:
                end(process)
    finally:
        if writer >= 0:
            os.close(writer)
    return Completed(stdout, stderr.decode("utf-8", "replace"), process.returncode)


def start(
    argv: Sequence[str],
    *,
    stdin: int,
    stderr: int | IO[bytes] = subprocess.PIPE,
    cwd: Path | None = None,
    own_session: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a program, unless told otherwise as the leader of a group that can be ended as a whole."""
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
    """Return the error for a command that was not done in time."""
    return DeviceError(
        f"{name} was not done after {deadline:.0f} s and was ended.",
        "The model may be too slow for this device; try --mode quick.",
    )


def _converse(
    process: subprocess.Popen[bytes], pipe: IO[bytes], feed: Iterator[bytes], deadline: float, hold: bool
) -> tuple[bytes, bytes]:
    """Feed and collect at the same time until the process has closed both of its outputs."""
    assert process.stdout and process.stderr  # noqa: S101 - narrows the type: both are pipes
    collected: dict[int, list[bytes]] = {process.stdout.fileno(): [], process.stderr.fileno(): []}
    os.set_blocking(pipe.fileno(), False)
    limit = time.monotonic() + deadline
    waiting = memoryview(b"")
    with selectors.DefaultSelector() as selector:
        for descriptor in collected:
            selector.register(descriptor, selectors.EVENT_READ)
        selector.register(pipe, selectors.EVENT_WRITE)
        while any(key.fd in collected for key in selector.get_map().values()):
            ready = selector.select(max(0.0, limit - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                if key.fd not in collected:
                    left = _write(pipe, waiting or memoryview(next(feed, b"")))
                    if left is None:
                        selector.unregister(pipe)
                        if not hold:
                            pipe.close()
                        continue
                    waiting, limit = left, time.monotonic() + deadline
                elif chunk := os.read(key.fd, _CHUNK):
                    collected[key.fd].append(chunk)
                else:
                    selector.unregister(key.fd)
    try:
        process.wait(max(0.1, limit - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    stdout, stderr = (b"".join(chunks) for chunks in collected.values())
    return stdout, stderr


def _write(pipe: IO[bytes], data: memoryview) -> memoryview | None:
    """Write what fits; return the rest, or None once there is nothing more to write or nobody to read."""
    if not data:
        return None
    try:
        return data[pipe.write(data) or 0 :]
    except BrokenPipeError:
        return None
