"""Who is there to work: what each worker announces, and whether its edgekit is ours."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from edgekit import __version__
from edgekit.errors import UsageError
from edgekit.farm.job import version
from edgekit.progress import Progress

if TYPE_CHECKING:
    from distributed import Client

COMPUTE = "compute"  # the resource of steps that need no device
_DEVICE = "device-"
_SHARE = 20  # looking takes at most 1/20 of the time


def resource(device: str | None) -> str:
    """Return the Dask resource that a step on a device needs; None: one without a device."""
    return COMPUTE if device is None else f"{_DEVICE}{device}"


class Crew:
    """The workers of a scheduler.

    Args:
        client: Connected to it.
        progress: Receives who came and who went.
    """

    def __init__(self, client: Client, progress: Progress) -> None:
        self.client = client
        self.units: Counter[str] = Counter()  # how many of each resource are announced
        self.announced: dict[str, dict[str, float]] = {}  # of each worker, by its address
        self.strangers: dict[str, str] = {}  # workers with another edgekit: why they get no job
        self._names: dict[str, str] = {}
        self._progress, self._next = progress, 0.0

    def look(self) -> None:
        """See who is there, unless that was done a moment ago."""
        begin = time.monotonic()
        if begin < self._next:
            return
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        for address in self._names.keys() - workers.keys():
            self._progress.note(f"Lost the worker {self._names.pop(address)}.")
            self.strangers.pop(address, None)
        if new := workers.keys() - self._names.keys():
            answers = self.client.run(version, workers=list(new), on_error="return")
            for address, answer in answers.items():
                self._names[address] = f"{workers[address]['name']} at {address}"
                if answer != __version__:
                    has = f"edgekit {answer}" if isinstance(answer, str) else "no edgekit that can be loaded"
                    self.strangers[address] = f"The worker {self._names[address]} has {has}"
                    self._progress.note(f"{self.strangers[address]}, not {__version__}; it gets no steps.")
        self.announced = {
            address: worker["resources"]
            for address, worker in workers.items()
            if address in self._names and address not in self.strangers
        }
        self.units = Counter()
        for resources in self.announced.values():
            self.units.update({name: int(count) for name, count in resources.items()})
        self._next = time.monotonic() + max(1.0, _SHARE * (time.monotonic() - begin))

    def must_be_ours(self) -> None:
        """Refuse a worker with another edgekit.

        Raises:
            UsageError: There is one; both versions are named.
        """
        for stranger in self.strangers.values():
            raise UsageError(
                f"{stranger}; here it is edgekit {__version__}. No step was sent.",
                "Install the same version in both places.",
            )

    def allowed(self) -> list[str] | None:
        """Return the workers that may be given a job; None: all."""
        return list(self.announced) if self.strangers else None
