"""How much sooner two workers end a sweep's steps than one, each with a CPU of its own.

    python benchmarks/farm_speedup.py [--sizes 12] [--least 1.7]

The steps are the conversions of a sweep with random weights: real work that needs no device. Each worker is
a process of `edgekit farm worker` that is pinned to one CPU, as if it were another computer; starting it is
not counted. Exits with 1 if two workers are not so many times as fast. Needs two idle CPUs.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.farm import run_steps
from edgekit.progress import SILENT
from edgekit.sweeping import Step, Store
from edgekit.sweeping.grid import plan
from edgekit.sweeping.request import SweepRequest

FIRST = 128  # pixels; sizes that cost nearly the same, so that none is waited for at the end


def main() -> int:
    """Time one worker, then two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, default=12)
    parser.add_argument("--least", type=float, default=1.7)
    given = parser.parse_args()
    request = SweepRequest(alphas=(0.5,), resolutions=tuple(range(FIRST, FIRST + given.sizes)))
    warm = SweepRequest(alphas=(0.25,), resolutions=tuple(range(32, 36)))
    seconds = [timed(count, conversions(request), conversions(warm)) for count in (1, 2)]
    one, two = seconds
    print(f"{given.sizes} conversions: {one:.1f} s by one worker, {two:.1f} s by two: {one / two:.2f} times")
    return int(one / two < given.least)


def conversions(request: SweepRequest) -> list[Step]:
    """Return a sweep's steps that need no device."""
    return [planned.convert for planned in plan(request, SILENT)]


def timed(workers: int, steps: list[Step], warm: list[Step]) -> float:
    """Return how long workers take that have loaded all libraries."""
    with tempfile.TemporaryDirectory() as place, farm(workers) as address:
        store = Store(Path(place))
        run_steps(warm, store, scheduler=address, grace=120)
        begin = time.monotonic()
        outcome = run_steps(steps, store, scheduler=address)
        seconds = time.monotonic() - begin
    if outcome.failed or outcome.ran != len(steps):
        raise SystemExit(f"{outcome.ran} of {len(steps)} steps were done: {outcome.failed}")
    return seconds


@contextmanager
def farm(workers: int) -> Iterator[str]:
    """Start a scheduler, and workers that have one CPU each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, quiet = f"tcp://127.0.0.1:{port}", subprocess.DEVNULL
    scheduler = ["dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    started = [subprocess.Popen([sys.executable, "-m", *scheduler], stderr=quiet)]
    for cpu in sorted(os.sched_getaffinity(0))[:workers]:
        worker = [sys.executable, "-m", "edgekit", "farm", "worker", "--jobs", "1", address]
        started.append(subprocess.Popen(["taskset", "-c", str(cpu), *worker], stderr=quiet))
    try:
        while not listens(port):
            time.sleep(0.2)
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(60)


def listens(port: int) -> bool:
    """Whether the scheduler is there."""
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main())
