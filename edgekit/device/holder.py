"""The process that holds a device: while it lives there, the device is ours and as the profile asks."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from edgekit.device.entry import Entry
from edgekit.device.process import end, start

_FAREWELL = 15.0  # seconds for the device to be restored
_LOOK = 0.2  # seconds between looks at whether a device is reached


class Holder:
    """The near end of it. When its standard input ends, it restores the device and goes."""

    def __init__(self, argv: Sequence[str], *, own_session: bool) -> None:
        # The write end lives in this process alone. However edgekit ends, even killed, the kernel closes it.
        reader, self._writer = os.pipe()
        self._heard, self._entered = b"", False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the holder
        try:
            self._process = start(argv, stdin=reader, stderr=self._errors, own_session=own_session)
        except BaseException:
            os.close(self._writer)
            self._errors.close()
            raise
        finally:
            os.close(reader)

    @property
    def alive(self) -> bool:
        """Whether the near end runs, which it does as long as the connection lasts."""
        return self._process.poll() is None

    def enter(self, entry: Entry, patience: float, greeting: float, reached: Callable[[], bool]) -> bool:
        """Get past the login shell; return whether the script now runs, False: the login shell has ended.

        Args:
            entry: The script's.
            patience: Seconds for all of it.
            greeting: Seconds for the login shell, from when the device is reached.
            reached: Whether that is so, as far as is known.

        Raises:
            TimeoutError: It did not happen in time.
        """
        self._say(entry.knock)
        descriptor = self._stdout()
        limit, reached_at = time.monotonic() + patience, None
        while True:
            now = time.monotonic()
            if reached_at is None and reached():
                reached_at = now
            if now > limit or (reached_at is not None and now > reached_at + greeting):
                raise TimeoutError
            if not select.select([descriptor], [], [], _LOOK)[0]:
                continue
            chunk = os.read(descriptor, 1 << 16)
            if not chunk:
                return False
            self._heard += chunk
            _, found, rest = self._heard.partition(entry.answer)
            if found:
                self._heard, self._entered = rest, True
                self._say(entry.line)
                return True

    def lines(self, patience: float) -> Iterator[str]:
        """Yield what it says until it ends.

        Args:
            patience: Seconds without a word after which it is given up.

        Raises:
            TimeoutError: It was silent for that long.
        """
        descriptor, buffer, limit = self._stdout(), self._heard, time.monotonic() + patience
        while True:
            if not select.select([descriptor], [], [], max(0.0, limit - time.monotonic()))[0]:
                raise TimeoutError
            chunk = os.read(descriptor, 4096)
            if not chunk:
                return
            limit = time.monotonic() + patience
            *whole, buffer = (buffer + chunk).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in whole)

    def tell(self, word: str) -> None:
        """Say something to it."""
        self._say(f"{word}\n".encode())

    def complaint(self) -> str:
        """What it, and the program that reaches it, wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")

    def heard(self) -> str:
        """What the login shell wrote to standard output."""
        return self._heard.decode("utf-8", "replace")

    @property
    def status(self) -> int | None:
        """The near end's exit status; None: it runs."""
        return self._process.poll()

    def finish(self) -> None:
        """Wait until it has ended by itself."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_FAREWELL)

    def close(self) -> None:
        """Let it restore the device and go."""
        assert self._process.stdout  # noqa: S101 - narrows the type: it is a pipe
        os.close(self._writer)
        self._process.stdout.close()  # one that still waits for its turn writes, and so notices
        try:
            if self._entered:  # else there is nothing to restore
                self.finish()
        finally:
            end(self._process)
            self._errors.close()

    def _stdout(self) -> int:
        assert self._process.stdout  # noqa: S101 - narrows the type: it is a pipe
        return self._process.stdout.fileno()

    def _say(self, what: bytes) -> None:
        with suppress(BrokenPipeError):
            os.write(self._writer, what)
