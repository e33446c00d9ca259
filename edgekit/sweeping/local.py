"""Steps carried out on this computer: each device does one at a time, different devices at the same time.

While a step measures this computer nothing else of the sweep runs.
"""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from edgekit.errors import UnavailableError
from edgekit.files import alone_in
from edgekit.progress import SILENT, Progress
from edgekit.sweeping.child import FAREWELL, Order, Report
from edgekit.sweeping.steps import STEPS, Step
from edgekit.sweeping.store import Failure, Store

_SERVE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from edgekit.sweeping.child import serve
serve()
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a sweep's steps, in their order."""

    done: tuple[Step, ...]  # their results are in the store, or are not needed since what needs them is
    failed: tuple[Failure, ...]
    skipped: tuple[Step, ...]  # something that they need failed
    ran: int  # how many of those done were not done before


def run_steps(steps: Sequence[Step], store: Store, progress: Progress = SILENT) -> Outcome:
    """Do what is not in the store yet; one that fails leaves out only what needs it.

    A step that failed earlier is tried again.

    Args:
        steps: Each after those that it needs.
        store: Where results are and go.
        progress: Receives every step's parts, after the step's name.

    Raises:
        UnavailableError: Another process uses the store.
        StorageError: The store cannot be written.
        KeyboardInterrupt: What was done until then is in the store.
    """
    if not (wanted := missing(steps, store)):
        return Outcome(tuple(steps), (), (), 0)
    with alone(store), _Lanes(wanted, store, progress) as lanes:
        while lanes.turn():
            pass
    lost = {failure.key for failure in lanes.failed} | {step.key for step in lanes.skipped}
    done = tuple(step for step in steps if step.key not in lost)
    return Outcome(done, tuple(lanes.failed), tuple(lanes.skipped), len(wanted) - len(lost))


def missing(steps: Sequence[Step], store: Store) -> list[Step]:
    """Return the steps to do: the last of each chain, and what those need, as far as the store lacks them."""
    inner = {key for step in steps for key in step.needs}
    wanted: set[str] = set()
    for step in reversed(steps):
        if (step.key not in inner or step.key in wanted) and not store.holds(step.key):
            wanted |= {step.key, *step.needs}
    return [step for step in steps if step.key in wanted and not store.holds(step.key)]


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Keep other sweeps out of the store; the kernel lets go when this process ends."""
    busy = UnavailableError(
        f"Another sweep is at work in {store.folder}.", "Wait until it has ended, or use another folder."
    )
    with alone_in(store.folder, busy, name=".lock"):
        yield


class _Lanes:
    """The processes that work: one for each device, and one for what needs none."""

    def __init__(self, steps: Iterable[Step], store: Store, progress: Progress) -> None:
        self.failed: list[Failure] = []
        self.skipped: list[Step] = []
        self._waiting = {step.key: step for step in steps}
        self._total, self._begun = len(self._waiting), 0
        self._store, self._progress = store, progress
        self._said: set[str] = set()  # notes
        self._workers: dict[str | None, _Worker] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> _Lanes:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.ask_to_end()
        for worker in self._workers.values():
            worker.end()
        self._selector.close()

    def turn(self) -> bool:
        """Start what can be started, and hear what the others have to say; return whether anything runs."""
        for step in self._startable():
            self._start(step)
        if not self._running:
            return False
        for key, _ in self._selector.select():
            self._hear(key.data)
        return True

    @property
    def _running(self) -> list[Step]:
        return [worker.step for worker in self._workers.values() if worker.step]

    def _startable(self) -> Iterator[Step]:
        """Yield steps whose needs are done and whose device is free.

        One that must be alone holds up those after it, so that its turn comes.
        """
        for step in list(self._waiting.values()):
            running = self._running
            if any(each.alone for each in running):
                return
            if not all(self._store.holds(key) for key in step.needs):
                continue
            if step.alone and running:
                return
            if step.device not in {each.device for each in running}:
                yield step

    def _start(self, step: Step) -> None:
        del self._waiting[step.key]
        self._begun += 1
        if step.device not in self._workers:
            worker = self._workers[step.device] = _Worker()
            self._selector.register(worker.output, selectors.EVENT_READ, worker)
        self._workers[step.device].begin(step, self._store)
        self._progress.step(self._title(step))

    def _hear(self, worker: _Worker) -> None:
        step = worker.step
        reports = worker.reports()
        if reports is None:  # it is gone
            self._selector.unregister(worker.output)
            worker.end()
            self._workers = {lane: each for lane, each in self._workers.items() if each is not worker}
            if step:
                self._fail(step, worker.epitaph, "Rerun the same command to resume.")
            return
        for report in reports if step else ():
            assert step  # noqa: S101 - narrows the type
            if report.part:
                self._progress.step(f"{self._title(step)} · {report.part}", report.total)
            if report.advance is not None:
                self._progress.advance(report.advance)
            if report.note and report.note not in self._said:  # what is true of each size is said once
                self._said.add(report.note)
                self._progress.note(f"{step.name}: {report.note}")
            if report.ended:
                worker.step = None
            if report.failed:
                self._fail(step, report.failed, report.hint)

    def _title(self, step: Step) -> str:
        return f"{self._begun} of {self._total}, {step.name}"

    def _fail(self, step: Step, reason: str, hint: str) -> None:
        """Keep why a step failed, and leave out all that needs it."""
        self.failed.append(self._store.fail(step.key, step.name, reason, hint))
        self._progress.note(f"Failed: {step.name}: {reason}")
        lost = {step.key}
        for each in list(self._waiting.values()):
            if lost & set(each.needs):
                lost.add(each.key)
                self.skipped.append(self._waiting.pop(each.key))
        self._total -= len(lost) - 1


class _Worker:
    """A process that does one step after the other, seen from here."""

    def __init__(self) -> None:
        self.step: Step | None = None  # that it is doing
        self._rest = b""
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the process that gives the orders
        )
        assert self._process.stdin and self._process.stdout  # noqa: S101 - narrows the type: both are pipes
        self._input, self.output = self._process.stdin, self._process.stdout

    def begin(self, step: Step, store: Store) -> None:
        """Have it do a step."""
        self.step = step
        self._say(Order(step, STEPS.named(step.kind).function, str(store.folder.resolve())))

    def reports(self) -> list[Report] | None:
        """Return what it said since the last time; None: it has ended."""
        chunk = self.output.read1(1 << 16)  # type: ignore[attr-defined]
        if not chunk:
            return None
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [msgspec.json.decode(line, type=Report) for line in lines]

    def ask_to_end(self) -> None:
        """Have it leave what it does, and put its device in order."""
        self._say(Order())

    def end(self) -> None:
        """Wait until it has ended."""
        try:
            self._process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._input.close()
        self.output.close()

    @property
    def epitaph(self) -> str:
        """How it ended."""
        code = self._process.returncode
        if code >= 0:
            return f"Its process exited with {code}."
        name = signal.Signals(-code).name
        memory = " The computer may be short of memory." if name == "SIGKILL" else ""
        return f"Its process was ended by {name}.{memory}"

    def _say(self, order: Order) -> None:
        try:
            self._input.write(msgspec.json.encode(order) + b"\n")
            self._input.flush()
        except BrokenPipeError:
            pass  # its end is noticed where it is heard
