"""Where models and devices are looked for, and where edgekit keeps its cache.

The project's own folder wins over the user's, which wins over what ships with edgekit.
"""

from __future__ import annotations

import os
from pathlib import Path

CACHE_ELSEWHERE = "keep the cache elsewhere: set EDGEKIT_CACHE"  # the remedy where it cannot be written
_PACKAGE = Path(__file__).resolve().parent


def models_folders() -> tuple[Path, ...]:
    """Folders that may hold trained models and their cards, first match wins."""
    return _folders("models")


def devices_folders() -> tuple[Path, ...]:
    """Folders that may hold device profiles, first match wins."""
    return _folders("devices")


def user_devices_folder() -> Path:
    """Where the user's own device profiles are; it need not exist."""
    from platformdirs import user_config_path

    return user_config_path("edgekit") / "devices"


def cache_folder() -> Path:
    """Where runtime bundles are kept; absolute. The environment variable EDGEKIT_CACHE overrides it."""
    if override := os.environ.get("EDGEKIT_CACHE"):
        return Path(override).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("edgekit")


def _folders(kind: str) -> tuple[Path, ...]:
    from platformdirs import user_config_path

    project, user = Path.cwd() / kind, user_config_path("edgekit") / kind
    # in a wheel they are inside the package, in a checkout next to it
    shipped = next((p for p in (_PACKAGE / "_shipped" / kind, _PACKAGE.parent / kind) if p.is_dir()), None)
    unique = dict.fromkeys(p for p in (project, user, shipped) if p is not None and p.is_dir())
    return tuple(unique)
