"""Profiles: one TOML file each, `devices/NAME.toml`, in the project, the user's folder or edgekit."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgekit.device.profile import TRANSPORTS, Profile
from edgekit.errors import RecordError, StorageError, UsageError
from edgekit.files import write_atomic
from edgekit.lookup import devices_folders, user_devices_folder
from edgekit.words import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIX = ".toml"


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
    return _moved(profile, found) if profile.remote else profile


def reached_at(profile: Profile, *, address: str = "", user: str = "") -> Profile:
    """Return the profile with another address or user, where one is given.

    Raises:
        UsageError: The device is not one that has an address.
    """
    if (address or user) and not profile.remote:
        raise UsageError(
            f"{profile.name} has no address: it is reached by {profile.transport!r}.",
            "Leave out --address and --user, or name another device.",
        )
    return _moved(profile, {"address": address, "user": user})


def reached_by(
    *, ssh: str = "", adb: str = "", transport: str = "", address: str = ""
) -> dict[str, str | int]:
    """Return the fields of a profile that say how a device is reached; exactly one way must be given.

    Args:
        ssh: USER@HOST:PORT; HOST is enough.
        adb: A serial.
        transport: Any transport, by name.
        address: Where the device is, as that transport has it written.

    Raises:
        UsageError: None or several are given, or the transport is not known or has no addresses.
    """
    ways = [("ssh", ssh)] * bool(ssh) + [("adb", adb)] * bool(adb)
    ways += [(transport, address)] * bool(transport or address)
    if len(ways) != 1 or not ways[0][0]:
        raise UsageError(
            "One of --ssh, --adb and --transport says how the device is reached.",
            "Write: edgekit devices add NAME --ssh USER@HOST",
        )
    name, place = ways[0]
    return {"transport": name, **TRANSPORTS.named(name).located(place)}


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

    folder = user_devices_folder()
    if folder is None:
        raise StorageError("This user has no home folder to keep profiles in.", "Set XDG_CONFIG_HOME.")
    path = folder / f"{name}{SUFFIX}"
    write_atomic(path, tomli_w.dumps(lines).encode(), "keep your profiles elsewhere: set XDG_CONFIG_HOME")
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
        RecordError: It cannot be read, is not TOML, or says something that no profile says.
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
    moved = msgspec.structs.replace(profile, **{key: value for key, value in place.items() if value})
    return _settled(moved)


def _settled(profile: Profile) -> Profile:
    """Return the profile with a user and a port that are written in its address as fields of their own."""
    if not profile.remote or not profile.address:
        return profile
    fields = {key: value for key, value in profile.kind.located(profile.address).items() if value}
    return msgspec.structs.replace(profile, **fields)


def _profile(fields: Mapping[str, object], what: str) -> Profile:
    try:
        profile = msgspec.convert(fields, Profile)
        profile = _settled(profile)
    except msgspec.ValidationError as error:
        raise RecordError(f"{what} is not a valid device profile: {error}.", "Correct it.") from error
    except UsageError as error:
        raise RecordError(f"{what} is not a valid device profile. {error.what}", error.hint) from error
    return profile


def _names() -> list[str]:
    return sorted({path.stem for folder in devices_folders() for path in folder.glob(f"*{SUFFIX}")})
