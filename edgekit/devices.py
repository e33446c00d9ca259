"""The devices that can be measured on: what `edgekit devices` does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from edgekit.advice import Advice
    from edgekit.device import Profile
    from edgekit.results import Noise
    from edgekit.visit import Fingerprint

__all__ = ["add", "clean", "doctor", "find", "find_each", "list", "noise", "probe"]

_NOISE_MODELS = ("mobilenet_v1_0.25_32_digits", "mobilenet_v1_0.5_64_shapes")  # a short one and a longer one


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
    from edgekit.device import read_noise
    from edgekit.visit import profile_of

    profile = profile_of(device)
    found = probe(profile, progress=progress)
    return advise(profile, found.device, found.environment, found.runtimes, read_noise(profile.name))


def noise(device: str | Profile = "host", *, again: bool = False, progress: Progress = SILENT) -> Noise:
    """Return how far repeats of one thing differ on a device; `compare` and `check` go by it.

    It is measured, which takes about three minutes, where it never was, is older than 30 days, or was
    measured with another kernel; otherwise what is stored is returned. Two of the models that ship are
    converted for it, once.

    Args:
        device: A device's name, or a profile.
        again: Measure it in any case.
        progress: Receives every step.

    Raises:
        UsageError: There is no such device, or it is emulated.
        InvalidError: A measurement cannot be trusted, for another reason than its noise.
        DeviceError: It cannot be reached, or nothing could be measured.
        StorageError: The noise cannot be stored.
    """
    from edgekit.device import read_noise, write_noise
    from edgekit.errors import RuntimeMissingError
    from edgekit.measurement import measure_noise
    from edgekit.schema import now
    from edgekit.visit import profile_of

    profile = profile_of(device)
    stored = read_noise(profile.name)
    if stored and not again:
        system = probe(profile, progress=progress).device.system
        if not stored.doubt(system, now()):
            return stored
    files = [_shipped(name, progress) for name in _NOISE_MODELS] if profile.timed else []
    try:
        found = measure_noise(profile, files, progress)
    except RuntimeMissingError:  # a 32-bit board
        found = measure_noise(profile, files, progress, runtimes=("tflite-runtime",))
    write_noise(found)
    return found


def _shipped(model: str, progress: Progress) -> Path:
    """Return the int8 file of a model that ships, converted once in a process of its own.

    TensorFlow, which converts it, must not be loaded while something is measured.

    Raises:
        StorageError: It could not be converted.
    """
    import subprocess
    import sys

    import edgekit
    from edgekit.errors import StorageError
    from edgekit.lookup import cache_folder

    folder = cache_folder() / "noise" / edgekit.__version__ / model
    file = folder / "int8.tflite"
    if not file.is_file():
        progress.step(f"Converting {model}")
        command = [sys.executable, "-m", "edgekit", "convert", model, "--int8", "--output", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not file.is_file():
            said = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
            raise StorageError(f"{model} could not be converted: {said}", f"Try: edgekit convert {model}")
    return file


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
