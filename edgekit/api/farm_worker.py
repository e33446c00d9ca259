"""`edgekit.farm_worker`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgekit.api.given import several
from edgekit.errors import UsageError
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.device import Profile


def farm_worker(
    scheduler: str,
    *,
    devices: str | Profile | Iterable[str | Profile] = (),
    jobs: int = 1,
    progress: Progress = SILENT,
) -> None:
    """Do the steps that a Dask scheduler hands out, until interrupted.

    Args:
        scheduler: Its address: tls://HOST:8786, or tcp:// where everybody may be trusted.
        devices: Names or profiles of the devices that can be measured from here; each does one step at a
            time.
        jobs: How many steps that need no device are done at once; 0: none.
        progress: Receives who comes and goes.

    Raises:
        UsageError: There is no such device, nothing to do, or the scheduler has another version.
        UnavailableError: Dask is not installed.
    """
    from edgekit.device import Profile, find_profile
    from edgekit.farm import work

    chosen = [each if isinstance(each, Profile) else find_profile(each) for each in several(devices)]
    if jobs < 0 or not (chosen or jobs):
        raise UsageError(
            f"A worker with {len(chosen)} devices and {jobs} other steps at once has nothing to do.",
            "Name a device with --device, or one --jobs at least.",
        )
    work(scheduler, chosen, jobs=jobs, progress=progress)
