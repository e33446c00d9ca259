"""Ending when asked to: a cancelled job, `timeout` and a closed terminal are like Ctrl-C."""

from __future__ import annotations

import signal
import time
from types import FrameType

_AGAIN = 2.0  # seconds; within them a second signal is the same request: `timeout` sends two at once

_last = 0.0
_first = 0


class Ended(KeyboardInterrupt):
    """A signal asks the command to end."""


def listen() -> None:
    """Raise Ended on SIGTERM and SIGHUP; one that is ignored, as under nohup, stays so."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def exit_code(otherwise: int) -> int:
    """Return the exit code that a shell gives a program that our signal ended."""
    return 128 + _first if _first else otherwise


def _end(number: int, _frame: FrameType | None) -> None:
    global _first, _last  # noqa: PLW0603 - a process ends once
    since, _last = time.monotonic() - _last, time.monotonic()
    if _first and since < _AGAIN:
        return
    _first = _first or number
    raise Ended(f"Ended by {signal.Signals(number).name}.")
