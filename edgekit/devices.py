"""The devices that can be measured on: what `edgekit devices` does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from edgekit.advice import Advice
    from edgekit.device import Profile
    from edgekit.visit import Fingerprint

__all__ = ["add", "clean", "doctor", "find", "find_each", "list", "probe"]


def list() -> tuple[Profile, ...]:
    """Return the profile of every device that has one: the project's, the user's and those of edgekit.

    Raises:
        RecordError: One of them is not valid.
    """
    from edgekit.device import list_profiles

    return list_profiles()


def find(name: str = "host", *, address: str = "", user: str = "") -> Profile:
    """Return a device's profile.

    Args:
        name: A device of `list`, or the path of a profile ending in `.toml`.
        address: Where it is, a host or a serial; empty: as EDGEKIT_NAME_ADDRESS in the environment or,
            without that, its profile says.
        user: Who to log in as with ssh; empty: likewise, EDGEKIT_NAME_USER.

    Raises:
        UsageError: There is no such device, or it has no address.
        RecordError: Its profile is not valid.
    """
    from edgekit.device import find_profile, reached_at

    return reached_at(find_profile(name), address=address, user=user)


def find_each(names: Iterable[str], *, address: str = "", user: str = "") -> tuple[Profile, ...]:
    """Return the profiles of several devices, each once; the address and user are for the one that has any.

    Raises:
        UsageError: A device is not known, or an address does not belong to exactly one.
        RecordError: A profile is not valid.
    """
    from edgekit.errors import UsageError

    found = {name: find(name) for name in names}
    remote = [name for name, profile in found.items() if profile.remote]
    if (address or user) and len(remote) > 1:
        raise UsageError(
            "--address and --user are for one device; several are named.",
            "Write down where each is: edgekit devices add NAME --ssh USER@HOST",
        )
    if address or user:
        name = next(iter(remote or found))
        found[name] = find(name, address=address, user=user)
    return tuple(found.values())


def add(
    name: str,
    *,
    ssh: str = "",
    adb: str = "",
    transport: str = "",
    address: str = "",
    port: int | None = None,
    like: str = "",
    description: str = "",
    python: str = "",
    folder: str = "",
) -> Path:
    """Write down where a device is, for all projects of this user; return the file.

    Args:
        name: What to call it: rpi4, or a name of your own.
        ssh: [USER@]HOST if it is reached over SSH: an address or an alias.
        adb: Its serial if it is reached by adb.
        transport: The name of another transport by which it is reached.
        address: Where it is, for `transport`.
        port: Port of its SSH server.
        like: A known device that it is like; empty: the one of that name.
        description: A description in your own words.
        python: Its interpreter, or `portable`; empty: python3 if it has one.
        folder: Folder for edgekit's files there.

    Raises:
        UsageError: Not exactly one way to reach it is given, or the device it is like is reached in another.
        RecordError: A value is not valid.
        StorageError: The profile cannot be written.
    """
    from edgekit.device import add_profile, reached_by
    from edgekit.errors import UsageError

    way = reached_by(ssh=ssh, adb=adb, transport=transport, address=address)
    if port and way.get("port", port) != port:
        raise UsageError(
            f"The address {ssh or address} has the port {way['port']}, --port is {port}.", "Give it once."
        )
    given = {"port": port, "description": description, "python": python, "folder": folder, **way}
    return add_profile(name, {key: value for key, value in given.items() if value}, like=like)


def probe(device: str | Profile = "host", *, progress: Progress = SILENT) -> Fingerprint:
    """Look at a device: board, cores, memory, clocks, temperature, and which runtimes it can run.

    Raises:
        UsageError: There is no such device.
        DeviceError: It cannot be reached, or has no usable Python.
    """
    from edgekit.visit import probe as run
    from edgekit.visit import profile_of

    return run(profile_of(device), progress)


def doctor(device: str | Profile = "host", *, progress: Progress = SILENT) -> tuple[Advice, ...]:
    """Return what stands in the way of a valid measurement, each with what to do; empty: nothing.

    Raises:
        UsageError: There is no such device.
        DeviceError: It cannot be reached, or has no usable Python.
    """
    from edgekit.advice import advise
    from edgekit.visit import profile_of

    profile = profile_of(device)
    found = probe(profile, progress=progress)
    return advise(profile, found.device, found.environment, found.runtimes)


def clean(device: str | Profile, *, progress: Progress = SILENT) -> int:
    """Remove everything edgekit keeps on a device; return the bytes that were freed.

    Raises:
        UsageError: There is no such device.
        DeviceError: It cannot be reached.
    """
    from edgekit.device import open_transport
    from edgekit.device.transport import connected
    from edgekit.visit import profile_of

    profile = profile_of(device)
    progress.step(f"Cleaning {profile.name}")
    with connected(open_transport(profile), progress) as reached:
        return reached.clean()
