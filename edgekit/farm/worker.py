"""Being a worker: a process of Dask's for each device, and one for steps that need none.

Each process does one step at a time, so that one that crashes takes no other step along. Dask's nannies start
a process that ended again; when the scheduler is gone they end too, and are started again here.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import platform
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from edgekit.device import Profile
from edgekit.errors import UnavailableError
from edgekit.farm.connect import caution, greet, need_dask
from edgekit.farm.crew import COMPUTE, resource
from edgekit.progress import SILENT, Progress

_AGAIN = 2.0  # seconds between two looks for a scheduler


def places(devices: Sequence[Profile], jobs: int) -> dict[str, dict[str, float]]:
    """Return what each worker process announces, by its name.

    While this computer is measured nothing else may run on it: then one process does everything.

    Args:
        devices: To announce.
        jobs: Processes for steps that need no device.
    """
    here = {resource(device.name): 1.0 for device in devices}
    if any(device.kind.here and device.timed for device in devices):
        return {"-".join(d.name for d in devices): {**here, **({COMPUTE: 1.0} if jobs else {})}}
    computing: dict[str, dict[str, float]] = {f"{COMPUTE}-{n + 1}": {COMPUTE: 1.0} for n in range(jobs)}
    return {device.name: {resource(device.name): 1.0} for device in devices} | computing


def work(scheduler: str, devices: Sequence[Profile], *, jobs: int = 1, progress: Progress = SILENT) -> None:
    """Do a scheduler's steps until interrupted.

    Args:
        scheduler: Its address: tls://HOST:8786. It need not be there yet, and may be started anew.
        devices: Those that can be measured from here.
        jobs: How many steps that need no device are done at once; 0: none.
        progress: Receives who comes and goes.

    Raises:
        UsageError: It is not an address, or its scheduler has another version.
        KeyboardInterrupt: Always, in the end.
    """
    # read when Dask is first imported, by the processes that are started too
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
    need_dask()
    caution(scheduler, progress)
    import dask

    # one import of Dask serves all processes, and those that replace them
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    settings: dict[str, Any] = {
        "distributed.worker.multiprocessing-method": "forkserver" if forks else "spawn",
        "distributed.nanny.pre-spawn-environ": {},  # a step is to find what it finds without Dask
    }
    with dask.config.set(settings):
        while True:
            _wait_for(scheduler, progress)
            asyncio.run(_serve(scheduler, places(devices, jobs), progress))
            progress.note(f"Lost the scheduler at {scheduler}.")


def _wait_for(scheduler: str, progress: Progress) -> None:
    said = False
    while True:
        try:
            return greet(scheduler)
        except UnavailableError as error:  # noqa: PERF203 - it is tried again
            if not said:
                progress.note(f"{error.what} Waiting for it.")
            said = True
            time.sleep(_AGAIN)


async def _serve(scheduler: str, announced: dict[str, dict[str, float]], progress: Progress) -> None:
    """Keep one process for each set of resources, until the scheduler is gone."""
    from distributed import Nanny

    # a scheduler refuses a name that it has: and every other board is called raspberrypi
    here = f"{platform.node()}-{secrets.token_hex(3)}"
    nannies = [
        Nanny(
            scheduler,
            nthreads=1,
            memory_limit=0,  # what a step takes is not Dask's to judge
            name=f"{name}@{here}",
            resources=resources,
            dashboard_address=None,
            dashboard=False,
            death_timeout=30,
        )
        for name, resources in announced.items()
    ]
    try:
        await asyncio.gather(*nannies)
        progress.note(f"Working for {scheduler}: {', '.join(announced)}. Press Ctrl-C to stop.")
        await asyncio.wait(
            [asyncio.ensure_future(nanny.finished()) for nanny in nannies],
            return_when=asyncio.FIRST_COMPLETED,
        )
    except (OSError, RuntimeError, asyncio.TimeoutError):
        await asyncio.sleep(_AGAIN)  # the scheduler went while they started
    finally:
        with suppress(Exception):
            await asyncio.gather(*(nanny.close(timeout=5) for nanny in nannies), return_exceptions=True)
