"""A farm of 1,000 simulated devices does 5,000 steps: one at a time per device, each result kept once.

    python benchmarks/farm.py [DEVICES [STEPS]]

A scheduler and four worker processes run on this computer; each process announces a quarter of the devices.
A step takes its device's lock without waiting: were two on one device, the step would fail and be counted.
Shown are failed steps, results in the store, how much memory the client had after the first tenth and at most
afterwards, and steps per second.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edgekit.farm import run_steps
from edgekit.files import lock
from edgekit.progress import Progress
from edgekit.sweeping import STEPS, Step, StepKind, Store, new_step

HERE = Path(__file__).resolve().parent
PROCESSES = 4


def simulate(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Hold the device's lock for some milliseconds, and write a kilobyte."""
    with Path(step.arguments["lock"]).open("w") as file:
        lock(file, wait=False)
        time.sleep(0.005)
        (folder / "result").write_bytes(os.urandom(1024))


if __name__ != "__main__":  # workers find the function in the module `farm`
    STEPS.add(StepKind("simulated", "result/1", simulate))


class Memory:
    """A Progress that watches how much memory this process has."""

    def __init__(self, total: int) -> None:
        self.begun, self.tenth, self.most, self._total = 0, 0, 0, total

    def step(self, what: str, total: float | None = None) -> None:
        """Count it, and look at the memory."""
        self.begun += what[0].isdigit()
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        if self.begun <= self._total // 10:
            self.tenth = max(self.tenth, resident)
        self.most = max(self.most, resident)

    def advance(self, done: float) -> None:
        """Steps are too short for that."""

    def note(self, text: str) -> None:
        """Show it."""
        print(text)


def main(devices: int = 1000, count: int = 5000) -> None:
    """Run it."""
    names = [f"simulated-{n}" for n in range(devices)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    dask = [sys.executable, "-m", "dask"]
    programs = [[*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]]
    for n in range(PROCESSES):
        own = names[n::PROCESSES]
        has = " ".join(f"device-{name}=1" for name in own)
        options = ["--no-nanny", "--no-dashboard", "--nthreads", str(len(own)), "--resources", has]
        programs.append([*dask, "worker", address, *options])
    with tempfile.TemporaryDirectory() as place:
        started = [subprocess.Popen(p, env=env, stderr=subprocess.DEVNULL, cwd=place) for p in programs]
        try:
            store, memory = Store(Path(place) / "store"), Memory(count)
            (Path(place) / "locks").mkdir()
            steps = [_step(n, names[n % devices], Path(place) / "locks") for n in range(count)]
            _await(port)
            begin = time.monotonic()
            outcome = run_steps(steps, store, memory, scheduler=address, grace=120)
            seconds = time.monotonic() - begin
            kept = sum(store.holds(step.key) for step in steps)
        finally:
            for process in started:
                process.kill()
    print(f"{devices} devices, {count} steps: {len(outcome.failed)} failed, {outcome.ran} ran, {kept} kept")
    print(f"client: {memory.tenth >> 20} MiB in the first tenth, {memory.most >> 20} MiB at most")
    print(f"{count / seconds:.0f} steps/s")
    sys.exit(bool(outcome.failed) or kept != count)


def _await(port: int, patience: float = 60.0) -> None:
    """Return once the scheduler listens: a client takes one that does not for absent."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"no scheduler within {patience:.0f} s")


def _step(n: int, device: str, locks: Path) -> Step:
    arguments = {"lock": str(locks / device), "n": n}
    return new_step("simulated", f"step {n} on {device}", arguments, device=device)


if __name__ == "__main__":
    from farm import main as start

    start(*map(int, sys.argv[1:]))
