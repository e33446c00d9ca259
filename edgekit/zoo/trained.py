"""The trained checkpoints that can be named."""

from __future__ import annotations

import re
from pathlib import Path

from edgekit.errors import UsageError
from edgekit.lookup import models_folders
from edgekit.zoo.card import SUFFIX, Card, checkpoint_of, read_card

DEFAULT_DATASET = "digits"  # whose checkpoint is meant where several fit and none is named


def checkpoints() -> list[tuple[Path, Card]]:
    """Every checkpoint that can be named, with its card; the project's own shadow those that ship."""
    found: dict[str, tuple[Path, Card]] = {}
    for folder in models_folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            if checkpoint_of(path).is_file():
                card = read_card(path)
                found.setdefault(card.name, (checkpoint_of(path), card))
    return list(found.values())


def dataset_name(dataset: str) -> str:
    """A dataset's part of a checkpoint's name: `digits`; for `./My photos/` `My-photos`."""
    stem = Path(dataset).resolve().name.removesuffix(".npz")
    return re.sub(r"[^A-Za-z0-9_.]+", "-", stem).strip("-.") or "data"


def find_checkpoint(
    family: str, alpha: float, resolution: int | None, classes: int | None, dataset: str | None
) -> tuple[Path, Card]:
    """Return the one checkpoint that fits; None fits all.

    Raises:
        UsageError: None fits, or several do and none of them is of the default dataset.
    """
    there_are = checkpoints()
    fitting = [
        (path, card)
        for path, card in there_are
        if (card.family, card.alpha) == (family, alpha)
        and resolution in (None, card.resolution)
        and classes in (None, card.classes)
        and (dataset is None or dataset_name(dataset) == dataset_name(card.dataset))
    ]
    preferred = [entry for entry in fitting if entry[1].dataset == DEFAULT_DATASET]
    chosen = fitting if len(fitting) == 1 else preferred
    if len(chosen) == 1:
        return chosen[0]
    if fitting:
        names = ", ".join(card.name for _, card in fitting)
        raise UsageError(
            f"Several checkpoints fit {family} with alpha {alpha}: {names}.", "Name one of them."
        )
    wanted = f"alpha {alpha}" + "".join(
        f", {what} {value}"
        for what, value in (("resolution", resolution), ("classes", classes), ("dataset", dataset))
        if value is not None
    )
    names = ", ".join(card.name for _, card in there_are) or "none"
    raise UsageError(
        f"There is no trained {family} with {wanted}. There are: {names}.",
        f"Train it: edgekit train {family} --alpha {alpha} --resolution {resolution or 32} "
        f"--dataset {dataset or DEFAULT_DATASET}",
    )
