"""A device's own noise: `NAME.noise.json`, next to its profile or in the user's folder."""

from __future__ import annotations

from pathlib import Path

from edgekit.errors import StorageError
from edgekit.lookup import devices_folders, user_devices_folder
from edgekit.results import NOISE_SCHEMA, Noise
from edgekit.schema import decode_record, write_record

_SUFFIX = ".noise.json"


def read_noise(name: str) -> Noise | None:
    """Return a device's noise as it was last measured; None: it never was.

    Raises:
        RecordError: Its file is damaged, or written by a newer edgekit.
    """
    paths = (folder / f"{name}{_SUFFIX}" for folder in devices_folders())
    path = next((path for path in paths if path.is_file()), None)
    return decode_record(path, Noise, NOISE_SCHEMA) if path else None


def write_noise(noise: Noise) -> Path:
    """Write a device's noise: where the project has its profile, else in the user's folder.

    Raises:
        StorageError: It cannot be written, or this user has no home folder.
    """
    project, folder = Path.cwd() / "devices", user_devices_folder()
    if (project / f"{noise.device}.toml").is_file():
        folder = project
    if folder is None:
        raise StorageError("This user has no home folder to keep profiles in.", "Set XDG_CONFIG_HOME.")
    path = folder / f"{noise.device}{_SUFFIX}"
    write_record(path, noise)
    return path
