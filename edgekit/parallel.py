"""Work on all processors, in threads: runtimes and NumPy let go of Python's lock while they compute."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

_MOST = 8
_LOW = 19  # a sixtieth of the time that another thread has, where both want it

S = TypeVar("S")
T = TypeVar("T")


def processors() -> int:
    """How many this process may use, within reason: each thread has buffers of its own."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(found, _MOST)


def let_others_first() -> None:
    """Give this thread only the time that others leave, where threads have priorities of their own: Linux."""
    if sys.platform == "linux":
        with suppress(OSError):  # a container may forbid it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOW)


def in_threads(function: Callable[[S], T], items: Iterable[S], threads: int | None = None) -> Iterator[T]:
    """Yield what a function makes of each item, in their order.

    Items are taken as they are needed, twice as many as there are threads: memory does not grow with them,
    and an interrupted command ends soon.

    Args:
        function: Is called in the threads.
        items: Are gone through in this one.
        threads: How many; None: as many as processors.
    """
    threads = threads or processors()
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
