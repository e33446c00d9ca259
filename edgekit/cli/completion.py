"""What the shell offers after Tab. Loaded at every start, so everything else is imported late."""

from __future__ import annotations


def complete_model(incomplete: str) -> list[str]:
    """Names of models that begin as typed, for the shell's completion."""
    from edgekit.lookup import models_folders
    from edgekit.zoo import FAMILIES

    names = {path.stem for folder in models_folders() for path in folder.glob("*.toml")} | FAMILIES.keys()
    return sorted(name for name in names if name.startswith(incomplete))


def complete_family(incomplete: str) -> list[tuple[str, str]]:
    """Names and descriptions of model families that begin as typed."""
    from edgekit.zoo import FAMILIES

    return [(name, each.description) for name, each in FAMILIES.items() if name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """Names of file formats that begin as typed."""
    from edgekit.inspection import FILE_FORMATS

    return [name for name in FILE_FORMATS if name.startswith(incomplete)]


def complete_device(incomplete: str) -> list[str]:
    """Names of devices that begin as typed."""
    from edgekit.lookup import devices_folders

    names = {path.stem for folder in devices_folders() for path in folder.glob("*.toml")}
    return sorted(name for name in names if name.startswith(incomplete))


def complete_runtime(incomplete: str) -> list[str]:
    """Names of runtimes that begin as typed."""
    from edgekit.runtime import KINDS

    return [name for name in KINDS if name.startswith(incomplete)]


def complete_transport(incomplete: str) -> list[str]:
    """Names of transports that begin as typed."""
    from edgekit.device import TRANSPORTS

    return [name for name in TRANSPORTS if name.startswith(incomplete)]


def complete_dataset(incomplete: str) -> list[str]:
    """Names of datasets that begin as typed."""
    return [name for name in ("digits", "shapes", "cifar10") if name.startswith(incomplete)]
