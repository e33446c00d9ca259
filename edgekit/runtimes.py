"""The runtimes that execute artefacts, as bundles of wheels in the cache: what `edgekit runtime` does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.device import Profile
    from edgekit.runtime import Bundle

__all__ = ["build", "clean", "list"]


def list() -> tuple[Bundle, ...]:
    """Return the bundles in the cache, with the portable Pythons."""
    from edgekit.runtime import list_bundles

    return list_bundles()


def build(
    names: str | Iterable[str] = (), *, device: str | Profile = "host", progress: Progress = SILENT
) -> tuple[Bundle, ...]:
    """Fetch runtimes for a device's Python, so that a later bench needs no network.

    Args:
        names: NAME or NAME==VERSION, one or several; none: all that can be provided for the device.
        device: The device they are for; one that is given its Python need not be there.
        progress: Receives every step and each bundle.

    Raises:
        UsageError: There is no such runtime or device.
        RuntimeMissingError: One cannot be provided.
        DeviceError: The device cannot be reached.
        StorageError: The cache cannot be written.
    """
    from edgekit.api.given import several
    from edgekit.runtime import KINDS, RuntimeSpec, available, ensure_bundle, parse_runtime
    from edgekit.visit import find_target, profile_of

    specs = [parse_runtime(name) for name in several(names)]
    target = find_target(profile_of(device), progress)
    if not specs:
        obstacles = available(target)
        specs = [RuntimeSpec(KINDS[name]) for name, obstacle in obstacles.items() if not obstacle]
        for obstacle in filter(None, obstacles.values()):
            progress.note(obstacle)
    bundles = []
    for spec in specs:
        bundles.append(ensure_bundle(spec, target, progress))
        progress.note(f"{bundles[-1]} for {target}: {bundles[-1].folder}")
    return tuple(bundles)


def clean() -> int:
    """Remove all bundles and portable Pythons, and what they were made from; return the bytes freed."""
    from edgekit.runtime import remove_bundles

    return remove_bundles()
