"""A device's profile: one TOML file, `devices/NAME.toml`, in the project, the user's folder or edgekit."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from edgekit.errors import RecordError, UsageError
from edgekit.files import write_atomic
from edgekit.lookup import devices_folders, user_devices_folder
from edgekit.words import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIX = ".toml"
_REMOTE = ("ssh", "adb")  # transports to devices that have an address

OLDEST_PYTHON = (3, 9)  # for which the runtimes are provided; the guest itself would run on 3.8
PORTABLE = "portable"  # as an interpreter: the one edgekit brings along


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to reach a device and what to do there."""

    description: str
    transport: Literal["local", "ssh", "adb", "emulator"]
    name: str = ""  # the file's, without its suffix
    address: str = ""  # ssh: a host as ssh takes it; adb: a serial; empty with adb: the only one attached
    user: str = ""  # ssh: who to log in as; empty: as ssh's own configuration says
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None  # ssh; None: as ssh's configuration says
    folder: str = ""  # edgekit's own folder there; empty: the transport's default
    python: str = ""  # interpreter; `portable`: edgekit brings one; empty: python3, else a portable one
    core: str = ""  # CPU core it should have, by Arm's name: Cortex-A72; empty: any
    affinity: tuple[int, ...] = ()  # CPUs to measure on unless asked otherwise; empty: all
    governor: str = ""  # cpufreq governor while measuring, where the device permits it; empty: left alone
    fixed_performance: bool = False  # Android's mode of sustainable clocks while measuring
    max_celsius: float | None = None  # a repeat waits until the CPU is cooler than this; None: it does not
    cool_seconds: Annotated[float, msgspec.Meta(ge=0)] = 180.0  # how long it waits at most
    emulated: bool = False  # its clock does not show the time that real hardware would take
    cpu: str = ""  # emulator: QEMU's name of the CPU: cortex-a72
    memory_mib: Annotated[int, msgspec.Meta(ge=256)] = 2048  # emulator

    @property
    def timed(self) -> bool:
        """Whether its clock shows time; an emulated board's counts instructions instead."""
        return self.transport != "emulator"


def find_profile(name: str) -> Profile:
    """Return the profile of that name; the project's own wins over the user's, which wins over edgekit's.

    EDGEKIT_NAME_ADDRESS and EDGEKIT_NAME_USER in the environment win over the address and user in it.

    Args:
        name: `host`, or the path of a profile ending in `.toml`.

    Raises:
        UsageError: There is no such profile; the nearest name is given.
        RecordError: Its file is not a valid profile.
    """
    profile = _written(name)
    prefix = "EDGEKIT_" + re.sub(r"\W", "_", profile.name).upper()
    found = {key: os.environ.get(f"{prefix}_{key.upper()}") for key in ("address", "user")}
    return _moved(profile, found) if profile.transport in _REMOTE else profile


def reached_at(profile: Profile, *, address: str = "", user: str = "") -> Profile:
    """Return the profile with another address or user, where one is given.

    Raises:
        UsageError: The device is not one that has an address.
    """
    if (address or user) and profile.transport not in _REMOTE:
        raise UsageError(
            f"{profile.name} has no address: it is reached by {profile.transport!r}.",
            "Leave out --address and --user, or name another device.",
        )
    return _moved(profile, {"address": address, "user": user})


def add_profile(name: str, fields: Mapping[str, object], *, like: str = "") -> Path:
    """Write a profile into the user's folder; return its path.

    Args:
        name: What the device is called from now on; a profile of that name there is replaced.
        fields: What differs from the profile it is like.
        like: A known device; empty: the known one of the same name, if there is one.

    Raises:
        UsageError: The name cannot be a file's, or the devices are not reached the same way.
        RecordError: The fields are not valid.
        StorageError: It cannot be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", name) or name.endswith(SUFFIX):
        raise UsageError(
            f"{name!r} cannot be a device's name.", "Use letters, digits, dots and dashes, such as rpi4-desk."
        )
    base = _written(like) if like else _written(name) if name in _names() else None
    if base and base.transport != fields["transport"]:
        raise UsageError(
            f"{base.name} is reached by {base.transport!r}, not by {fields['transport']!r}.",
            "Choose another name, or another device with --like.",
        )
    kept = msgspec.structs.asdict(base) if base else {"description": f"{name}, over {fields['transport']}"}
    profile = _profile({**kept, **fields, "name": name}, f"the profile of {name}")
    defaults = msgspec.structs.asdict(Profile(description="", transport="local"))
    lines = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in msgspec.structs.asdict(profile).items()
        if key != "name" and value != defaults[key]
    }
    import tomli_w

    path = user_devices_folder() / f"{name}{SUFFIX}"
    write_atomic(path, tomli_w.dumps(lines).encode())
    return path


def list_profiles() -> tuple[Profile, ...]:
    """Return every profile that can be found, by name.

    Raises:
        RecordError: One of the files is not a valid profile.
    """
    return tuple(find_profile(name) for name in _names())


def read_profile(path: Path) -> Profile:
    """Read one profile file.

    Raises:
        RecordError: It cannot be read, is no TOML, or says something that no profile says.
    """
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecordError(f"{path} is not a TOML file: {error}.", "Correct the file.") from error
    known = [field for field in Profile.__struct_fields__ if field != "name"]
    for key in fields:
        if key not in known:
            raise RecordError(
                f"{path} has the unknown key {key!r}.{nearest(key, known)}", f"Keys: {', '.join(known)}."
            )
    return _profile({**fields, "name": path.stem}, str(path))


def _written(name: str) -> Profile:
    """Read the profile of that name as its file has it."""
    if name.endswith(SUFFIX):
        return read_profile(Path(name))
    for folder in devices_folders():
        path = folder / f"{name}{SUFFIX}"
        if path.is_file():
            return read_profile(path)
    known = _names()
    raise UsageError(
        f"There is no device {name!r}.{nearest(name, known)}",
        f"Known devices: {', '.join(known) or 'none'}. `edgekit devices list` describes them.",
    )


def _moved(profile: Profile, place: Mapping[str, str | None]) -> Profile:
    return msgspec.structs.replace(profile, **{key: value for key, value in place.items() if value})


def _profile(fields: Mapping[str, object], what: str) -> Profile:
    try:
        return msgspec.convert(fields, Profile)
    except msgspec.ValidationError as error:
        raise RecordError(f"{what} is not a valid device profile: {error}.", "Correct it.") from error


def _names() -> list[str]:
    return sorted({path.stem for folder in devices_folders() for path in folder.glob(f"*{SUFFIX}")})
