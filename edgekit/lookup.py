"""Where models and devices are looked for, and where edgekit keeps its cache.

The project's own folder wins over the user's, which wins over what ships with edgekit.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edgekit.errors import StorageError

CACHE_ELSEWHERE = "keep the cache elsewhere: set EDGEKIT_CACHE"  # the remedy where it cannot be written
_PACKAGE = Path(__file__).resolve().parent


def models_folders() -> tuple[Path, ...]:
    """Folders that may hold trained models and their cards, first match wins."""
    return _folders("models")


def devices_folders() -> tuple[Path, ...]:
    """Folders that may hold device profiles, first match wins."""
    return _folders("devices")


def user_devices_folder() -> Path | None:
    """Where the user's own device profiles are; it need not exist. None: this user has no home."""
    return _user_folder("devices")


def cache_folder() -> Path:
    """Where runtime bundles are kept; absolute. The environment variable EDGEKIT_CACHE overrides it.

    Raises:
        StorageError: This user has no home folder, and EDGEKIT_CACHE is not set.
    """
    if override := os.environ.get("EDGEKIT_CACHE"):
        return Path(override).absolute()
    from platformdirs import user_cache_path

    folder = _in_home(user_cache_path)
    if folder is None:
        raise StorageError("This user has no home folder to keep a cache in.", "Set EDGEKIT_CACHE.")
    return folder


def tool_folders() -> dict[str, str]:
    """Environment variables that send what other tools write to EDGEKIT_CACHE, if that is set.

    What the user has set already is not among them.
    """
    if not os.environ.get("EDGEKIT_CACHE"):
        return {}
    names = {"KERAS_HOME": "keras", "UV_CACHE_DIR": "uv", "PIP_CACHE_DIR": "pip"}
    return {name: str(cache_folder() / folder) for name, folder in names.items() if name not in os.environ}


def keras_home() -> Path:
    """Where Keras keeps what it downloads."""
    if folder := {**tool_folders(), **os.environ}.get("KERAS_HOME"):
        return Path(folder)
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.expanduser raises where there is none
    return Path(home if os.access(home, os.W_OK) else "/tmp") / ".keras"  # noqa: S108 - as Keras does


def ensure_temporary_folder() -> None:
    """Use one in EDGEKIT_CACHE if the usual ones cannot be written, as in a read-only container."""
    usual = (*map(os.environ.get, ("TMPDIR", "TEMP", "TMP")), "/tmp", "/var/tmp", "/usr/tmp")  # noqa: S108
    if not os.environ.get("EDGEKIT_CACHE") or any(os.access(place, os.W_OK) for place in usual if place):
        return
    folder = cache_folder() / "tmp"
    with suppress(OSError):  # a command that writes nothing needs none
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["TMPDIR"] = str(folder)


def _folders(kind: str) -> tuple[Path, ...]:
    # in a wheel they are inside the package, in a checkout next to it
    shipped = next((p for p in (_PACKAGE / "_shipped" / kind, _PACKAGE.parent / kind) if p.is_dir()), None)
    unique = dict.fromkeys(p for p in (Path.cwd() / kind, _user_folder(kind), shipped) if p is not None)
    # HOME may be another user's, closed to this one
    return tuple(p for p in unique if os.access(p, os.R_OK | os.X_OK) and p.is_dir())


def _user_folder(kind: str) -> Path | None:
    from platformdirs import user_config_path

    folder = _in_home(user_config_path)
    return folder and folder / kind


def _in_home(find: Callable[[str], Path]) -> Path | None:
    """Return edgekit's folder of some kind in the user's home; None: this user has no home."""
    try:
        folder = find("edgekit")
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None  # older platformdirs keep a ~ that stands for nothing
