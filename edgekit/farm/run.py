"""Steps carried out by the workers of a Dask scheduler, with the meaning they have on this computer.

As many steps are sent as workers announce places for, no more: what waits, waits here. So a worker that dies
takes along what it was doing and nothing else, and a scheduler that is started again is sent what is missing.
"""

from __future__ import annotations

import queue
import shutil
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import msgspec

from edgekit.errors import EdgekitError, StorageError, UnavailableError
from edgekit.farm.connect import caution, client_of
from edgekit.farm.crew import Crew, resource
from edgekit.farm.job import Refusal, do
from edgekit.farm.parcel import pack, unpack
from edgekit.progress import SILENT, Progress
from edgekit.sweeping.local import Outcome, alone, missing
from edgekit.sweeping.steps import STEPS, Step
from edgekit.sweeping.store import Failure, Store
from edgekit.words import first_line

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 600.0  # seconds to wait for a scheduler that is gone, or for a device that nobody announces
GRACE = 15.0  # seconds for the first workers to come
_RETRIES = 2  # of a step whose device says that trying again may help
_LOOK = 1.0  # seconds between two looks at who is there


def run_steps(
    steps: Sequence[Step],
    store: Store,
    progress: Progress = SILENT,
    *,
    scheduler: str,
    patience: float = PATIENCE,
    grace: float = GRACE,
) -> Outcome:
    """Do what is not in the store yet on a scheduler's workers; one that fails leaves out what needs it.

    Args:
        steps: Each after those that it needs.
        store: Where results are and go, on this computer.
        progress: Receives every step that is sent, and who came and went.
        scheduler: Its address: tls://HOST:8786.
        patience: Seconds to wait for a scheduler that is gone, and for a device that no worker has any more.
        grace: Seconds for workers to come at the beginning.

    Raises:
        UsageError: The scheduler or a worker has another version; no step was sent.
        UnavailableError: No scheduler is there, or none came back; no worker announces what a step needs;
            another process uses the store.
        KeyboardInterrupt: What was done until then is in the store.
    """
    if not (wanted := missing(steps, store)):
        return Outcome(tuple(steps), (), (), 0)
    with alone(store):
        errand = _Errand(wanted, store, progress, scheduler, patience)
        errand.begin(grace)
        errand.carry_on()
    skipped = tuple(step for step in wanted if step.key not in errand.done | errand.failed.keys())
    lost = errand.failed.keys() | {step.key for step in skipped}
    done = tuple(step for step in steps if step.key not in lost)
    return Outcome(done, tuple(errand.failed.values()), skipped, len(errand.done))


class _SchedulerLost(Exception):  # noqa: N818 - it is told to nobody
    """The scheduler is gone, and with it what it was doing."""


@dataclass
class _Flight:
    """A step that was sent."""

    step: Step
    future: Future[Any]
    parcels: list[Future[Any]]  # what it needs stays with the workers as long as it is on its way
    only: str = ""  # the one worker that may do it; empty: any


class _Errand:
    """Steps on their way through ready → in flight → done or failed."""

    def __init__(
        self, steps: Sequence[Step], store: Store, progress: Progress, scheduler: str, patience: float
    ) -> None:
        self.done: set[str] = set()
        self.failed: dict[str, Failure] = {}
        self._store, self._progress, self._scheduler, self._patience = store, progress, scheduler, patience
        self._steps = {step.key: step for step in steps}
        self._graph = TopologicalSorter({s.key: set(s.needs) & self._steps.keys() for s in steps})
        self._graph.prepare()
        self._ready: dict[str, deque[Step]] = defaultdict(deque)
        self._suspects: deque[tuple[Step, int]] = deque()  # that ended workers, and how many
        self._flights: dict[str, _Flight] = {}  # by the future's key
        self._busy: dict[str, int] = defaultdict(int)  # how many of each resource are in use
        self._landed: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._parcels: WeakValueDictionary[str, Future[Any]] = WeakValueDictionary()
        self._absent: dict[str, float] = {}  # resources that nobody has: since when
        self._client: Client | None = None
        self._begun = 0

    def begin(self, grace: float) -> None:
        """See that there is a scheduler, and a worker of our version for every step."""
        self._take_ready()
        caution(self._scheduler, self._progress)
        self._client = client_of(self._scheduler)
        crew = Crew(self._client, self._progress)
        needed = {resource(step.device): step.device for step in self._steps.values()}
        until = time.monotonic() + grace
        try:
            while True:
                crew.look()
                crew.must_be_ours()
                absent = [name for name in needed if not crew.units[name]]
                if not absent:
                    return
                if time.monotonic() > until:
                    raise self._nobody(needed[absent[0]], crew)
                self._progress.step(f"waiting for a worker that announces {', '.join(absent)}")
                time.sleep(0.2)
        except BaseException:
            self._hang_up()
            raise

    def _nobody(self, device: str | None, crew: Crew) -> UnavailableError:
        known = ", ".join(sorted(crew.units)) or "nothing: there are no workers"
        option = "" if device is None else f" --device {device}"
        what = "steps without a device" if device is None else f"the device {device}"
        return UnavailableError(
            f"No worker at {self._scheduler} announces {what}; what is announced: {known}.",
            f"Start one where it can be reached: edgekit farm worker{option} {self._scheduler}",
        )

    def carry_on(self) -> None:
        """Work until nothing is left, also if the scheduler is started anew meanwhile."""
        try:
            while True:
                self._client = self._client or self._come_back()
                try:
                    self._work(Crew(self._client, self._progress))
                    return
                except (_SchedulerLost, OSError, TimeoutError) as error:
                    if isinstance(error, OSError) and not _of_the_network(error):
                        raise
                    self._hang_up()
        finally:
            self._hang_up()

    def _come_back(self) -> Client:
        self._progress.note(
            f"Lost the scheduler at {self._scheduler}; waiting up to {self._patience:.0f} s for it. "
            "Unfinished steps will be sent again."
        )
        until = time.monotonic() + self._patience
        while True:
            try:
                return client_of(self._scheduler)
            except (UnavailableError, OSError) as error:  # noqa: PERF203 - it is tried again
                if time.monotonic() > until:
                    raise UnavailableError(
                        f"The scheduler at {self._scheduler} did not come back within "
                        f"{self._patience:.0f} s.",
                        "Completed steps are kept. Restart it, and rerun the same command.",
                    ) from error
                time.sleep(min(2.0, self._patience / 10))

    def _hang_up(self) -> None:
        """Take back what is in flight, and leave the scheduler."""
        for flight in list(self._flights.values()):
            self._take_back(flight)
        self._parcels.clear()
        client, self._client = self._client, None
        if client:
            with suppress(Exception):
                client.close(timeout=5)

    def _take_back(self, flight: _Flight) -> None:
        """Have a step wait again, before those that were never sent; a suspect still waits to be alone."""
        self._call_off(flight)
        if not flight.only:
            self._begun -= 1
            self._ready[resource(flight.step.device)].appendleft(flight.step)

    def _call_off(self, flight: _Flight) -> None:
        self._forget(flight)
        with suppress(Exception):  # the scheduler may be gone
            flight.future.cancel(force=True)

    def _forget(self, flight: _Flight) -> None:
        del self._flights[flight.future.key]
        self._busy[resource(flight.step.device)] -= 1

    def _work(self, crew: Crew) -> None:
        while self._flights or any(self._ready.values()) or self._suspects:
            crew.look()
            self._check_alone(crew)
            self._give_up_on_the_absent(crew)
            self._send(crew)
            with suppress(queue.Empty):
                self._land(self._landed.get(timeout=_LOOK))
            if crew.client.status != "running":
                raise _SchedulerLost

    def _take_ready(self) -> None:
        for key in self._graph.get_ready():
            step = self._steps[key]
            self._ready[resource(step.device)].append(step)

    def _send(self, crew: Crew) -> None:
        """Send as many steps as there are places."""
        for name, steps in self._ready.items():
            while steps and self._busy[name] < crew.units[name]:
                self._launch(steps.popleft(), crew)
        if self._suspects and not self._flights and not any(self._ready.values()):
            step, _ = self._suspects[0]
            here = [each for each, has in crew.announced.items() if has.get(resource(step.device))]
            if here:
                self._launch(step, crew, only=here[0])

    def _launch(self, step: Step, crew: Crew, only: str = "") -> None:
        self._begun += not only
        self._progress.step(f"{self._begun} of {len(self._steps)}, {step.name}")
        parcels = {key: self._parcel(key, crew.client) for key in step.needs}
        future: Future[Any] = crew.client.submit(
            do,
            msgspec.json.encode(step),
            STEPS.named(step.kind).function,
            parcels,
            key=f"{step.kind}-{uuid.uuid4().hex}",
            resources={resource(step.device): 1},
            workers=[only] if only else crew.allowed(),
            retries=_RETRIES,
        )
        self._flights[future.key] = _Flight(step, future, list(parcels.values()), only)
        self._busy[resource(step.device)] += 1
        future.add_done_callback(self._landed.put)

    def _parcel(self, key: str, client: Client) -> Future[Any]:
        """Return a step's result where workers can fetch it."""
        future = self._parcels.get(key)
        if future is None or future.status != "finished":
            parcel = pack(self._store.path(key))
            name = f"artefact-{parcel.sha256[:16]}-{uuid.uuid4().hex[:8]}"
            future = client.scatter({name: parcel})[name]
            self._parcels[key] = future
        return future

    def _land(self, future: Future[Any]) -> None:
        """Keep what a step gave, or why it gave nothing."""
        from distributed import CancelledError, KilledWorker

        flight = self._flights.get(future.key)
        if flight is None:
            return  # it was taken back
        step = flight.step
        try:
            found = future.result()
        except (CancelledError, OSError):  # the scheduler is gone, or the worker that had what it needs
            self._take_back(flight)
            return
        except KilledWorker as killed:
            self._forget(flight)
            self._suspects.append((step, killed.allowed_failures + 1))
            self._progress.note(f"{step.name}: its workers crashed; it will be retried alone, at the end.")
            return
        except EdgekitError as error:
            found = Refusal(error.what, error.hint)
        except Exception as error:
            found = Refusal(f"{type(error).__name__}: {first_line(error)}")
        self._forget(flight)
        if flight.only:
            self._suspects.popleft()
        if not isinstance(found, Refusal):
            try:
                with self._store.working(step.key) as folder:
                    shutil.rmtree(folder)
                    folder.mkdir()
                    unpack(found, folder)
                    self._store.put(step.key, folder)
            except StorageError:
                raise
            except UnavailableError as error:
                found = Refusal(error.what, error.hint)
        if isinstance(found, Refusal):
            self._fail(step, found.reason, found.hint)
        else:
            self.done.add(step.key)
            self._graph.done(step.key)
            self._take_ready()

    def _fail(self, step: Step, reason: str, hint: str) -> None:
        self.failed[step.key] = self._store.fail(step.key, step.name, reason, hint)
        self._progress.note(f"Failed: {step.name}: {reason}")

    def _check_alone(self, crew: Crew) -> None:
        """See whether a step that was tried alone has ended its worker again."""
        for flight in list(self._flights.values()):
            if flight.only and flight.only not in crew.announced and not flight.future.done():
                self._call_off(flight)
                step, times = self._suspects.popleft()
                self._fail(
                    step,
                    f"It crashed its worker {times + 1} times, the last time with no other step running.",
                    "Check the worker's memory. Rerun the same command to retry the step.",
                )

    def _give_up_on_the_absent(self, crew: Crew) -> None:
        """Fail the steps of a device that has been gone for too long."""
        for name, steps in self._ready.items():
            if crew.units[name]:
                self._absent.pop(name, None)
                continue
            flying = [each for each in self._flights.values() if resource(each.step.device) == name]
            suspects = [step for step, _ in self._suspects if resource(step.device) == name]
            if not (steps or flying or suspects):
                self._absent.pop(name, None)
                continue
            if time.monotonic() - self._absent.setdefault(name, time.monotonic()) < self._patience:
                continue
            for flight in flying:
                self._call_off(flight)
            self._suspects = deque(each for each in self._suspects if each[0] not in suspects)
            for step in [*(each.step for each in flying), *steps, *suspects]:
                if step.key not in self.failed:
                    error = self._nobody(step.device, crew)
                    self._fail(step, f"{error.what} It waited {self._patience:.0f} s.", error.hint)
            steps.clear()


def _of_the_network(error: OSError) -> bool:
    """Whether an error is the scheduler's absence rather than the disk's."""
    return error.filename is None
