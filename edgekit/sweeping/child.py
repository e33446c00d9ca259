"""A process that does steps for another one: orders in on standard input, reports out on standard output.

Converters and trainers take memory and print; one that crashes takes nothing along here. When the process
that gives the orders is gone, however it ended, this one ends at once.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from edgekit.errors import EdgekitError
from edgekit.sweeping.steps import Step, function_of, run_step
from edgekit.sweeping.store import Store
from edgekit.words import first_line

FAREWELL = 10.0  # seconds for a step to end when it is asked to
_OFTEN = 0.2  # seconds between two reports of how far a step is


class Order(msgspec.Struct, frozen=True):
    """What the process is asked to do. Without a step: end."""

    step: Step | None = None
    run: str = ""  # the step's function: `edgekit.sweeping.work:convert`
    store: str = ""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """What it says while it does it, and at the end."""

    part: str = ""  # a part of the step begins
    total: float | None = None  # how much there is of that part; None: not known
    advance: float | None = None  # how much of it is done
    note: str = ""
    ended: bool = False
    failed: str = ""  # why the step gave nothing
    hint: str = ""


def serve() -> None:
    """Do what is asked until standard input ends."""
    orders: queue.Queue[Order] = queue.Queue()
    own_input, own_output = os.dup(0), os.dup(1)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)  # what libraries print is not a report
    teller = _Teller(own_output)
    threading.Thread(target=_listen, args=(own_input, orders), daemon=True).start()
    with suppress(KeyboardInterrupt):
        while (order := orders.get()).step is not None:
            teller.say(_done(order, order.step, teller))


def _done(order: Order, step: Step, teller: _Teller) -> Report:
    """Do a step; return how it ended."""
    try:
        run_step(step, Store(Path(order.store)), teller, function_of(order.run))
    except EdgekitError as error:
        return Report(ended=True, failed=error.what, hint=error.hint)
    except Exception as error:
        what = f"{type(error).__name__}: {first_line(error)}"
        return Report(ended=True, failed=f"unexpected error in edgekit: {what}")
    return Report(ended=True)


def _listen(descriptor: int, orders: queue.Queue[Order]) -> None:
    """Pass on orders; end the process when it is asked to end, or nobody is there any more."""
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            order = msgspec.json.decode(line, type=Order)
            orders.put(order)
            if order.step is None:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(FAREWELL)
    os._exit(1)


class _Teller:
    """A Progress that reports to the process which gave the order."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._next = descriptor, 0.0

    def step(self, what: str, total: float | None = None) -> None:
        """Report it."""
        self.say(Report(part=what, total=total))

    def advance(self, done: float) -> None:
        """Report it, unless that was done a moment ago."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _OFTEN
            self.say(Report(advance=done))

    def note(self, text: str) -> None:
        """Report it."""
        self.say(Report(note=text))

    def say(self, report: Report) -> None:
        os.write(self._descriptor, msgspec.json.encode(report) + b"\n")
