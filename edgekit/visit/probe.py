"""Looking at a device without measuring anything."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edgekit.device import Profile, Transport
from edgekit.files import noexec
from edgekit.lookup import cache_folder
from edgekit.progress import SILENT, Progress
from edgekit.results import Device, Environment
from edgekit.runtime import available
from edgekit.visit.visiting import profile_of, visiting


@dataclass(frozen=True)
class Fingerprint:
    """What a device is, how it is doing, and what can run on it."""

    device: Device
    environment: Environment
    runtimes: dict[str, str]  # name: why it cannot be provided; empty: it can


def probe(
    device: str | Profile, progress: Progress = SILENT, *, transport: Transport | None = None
) -> Fingerprint:
    """Look at a device.

    Args:
        device: A profile, or its name.
        progress: Receives what takes time.
        transport: Instead of the one in the profile.

    Raises:
        DeviceError: It cannot be reached, or has no usable Python.
    """
    profile = profile_of(device)
    with visiting(profile, progress=progress, transport=transport) as visit:
        environment = visit.environment  # all that is wanted was seen on arrival
    if profile.kind.here:  # runtimes are imported from the cache itself
        environment = msgspec.structs.replace(environment, noexec=noexec(cache_folder()))
    return Fingerprint(visit.device, environment, available(visit.target))
