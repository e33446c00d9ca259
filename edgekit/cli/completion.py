"""What the shell offers after Tab."""

from __future__ import annotations

from collections.abc import Iterable


def complete_model(incomplete: str) -> list[str]:
    """Names of models, trained ones and families."""
    from edgekit.lookup import models_folders
    from edgekit.zoo import FAMILIES

    names = {path.stem for folder in models_folders() for path in folder.glob("*.toml")}
    return _beginning(incomplete, sorted(names | FAMILIES.keys()))


def complete_family(incomplete: str) -> list[tuple[str, str]]:
    """Names and descriptions of model families that begin as typed."""
    from edgekit.zoo import FAMILIES

    return [(name, each.description) for name, each in FAMILIES.items() if name.startswith(incomplete)]


def complete_recipe(incomplete: str) -> list[tuple[str, str]]:
    """Names and descriptions of recipes that begin as typed."""
    from edgekit.training.recipes import RECIPES

    return [(name, each.description) for name, each in RECIPES.items() if name.startswith(incomplete)]


def complete_format(incomplete: str) -> list[str]:
    """Names of file formats."""
    from edgekit.inspection import FILE_FORMATS

    return _beginning(incomplete, FILE_FORMATS)


def complete_device(incomplete: str) -> list[str]:
    """Names of devices."""
    from edgekit.lookup import devices_folders

    names = {path.stem for folder in devices_folders() for path in folder.glob("*.toml")}
    return _beginning(incomplete, sorted(names))


def complete_board(incomplete: str) -> list[tuple[str, str]]:
    """Names and descriptions of boards with published figures that begin as typed."""
    from edgekit.expectation import BOARDS

    return [(name, each.description) for name, each in BOARDS.items() if name.startswith(incomplete)]


def complete_runtime(incomplete: str) -> list[str]:
    """Names of runtimes."""
    from edgekit.runtime import KINDS

    return _beginning(incomplete, KINDS)


def complete_transport(incomplete: str) -> list[str]:
    """Names of transports."""
    from edgekit.device import TRANSPORTS

    return _beginning(incomplete, TRANSPORTS)


def complete_dataset(incomplete: str) -> list[str]:
    """Names of datasets."""
    return _beginning(incomplete, ("digits", "shapes", "cifar10"))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    """Return those that begin as typed."""
    return [name for name in names if name.startswith(incomplete)]
