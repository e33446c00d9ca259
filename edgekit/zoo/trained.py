"""The trained checkpoints that can be named."""

from __future__ import annotations

import re
from pathlib import Path

from edgekit.errors import RecordError, UsageError
from edgekit.lookup import models_folders
from edgekit.zoo.card import SUFFIX, Card, checkpoint_of, read_card
from edgekit.zoo.families import FAMILIES
from edgekit.zoo.spec import stem

DEFAULT_DATASET = "digits"  # preferred if several checkpoints fit and no dataset is named


def checkpoints() -> list[tuple[Path, Card]]:
    """Every checkpoint that can be named, with its card; the project's own shadow those that ship.

    Those whose cards cannot be read are left out.
    """
    return [entry for entry in _all().values() if not isinstance(entry, RecordError)]


def checkpoint(name: str) -> tuple[Path, Card] | None:
    """Return the checkpoint of that name, with its card, or None if there is none.

    Raises:
        RecordError: Its card is damaged, or of a newer edgekit.
    """
    entry = _all().get(name)
    if isinstance(entry, RecordError):
        raise entry
    return entry


def _check_readable(names: str) -> None:
    """Raise the RecordError of the first unreadable card whose checkpoint's name fits a pattern."""
    for name, entry in _all().items():
        if isinstance(entry, RecordError) and re.fullmatch(names, name):
            raise entry


def _all() -> dict[str, tuple[Path, Card] | RecordError]:
    """Checkpoints by name, or what is wrong with their cards."""
    found: dict[str, tuple[Path, Card] | RecordError] = {}
    for folder in models_folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            if checkpoint_of(path).is_file():
                try:
                    card = read_card(path)
                except RecordError as error:
                    found.setdefault(path.stem, error)
                else:
                    found.setdefault(card.name, (checkpoint_of(path), card))
    return found


def dataset_name(dataset: str) -> str:
    """A dataset's part of a checkpoint's name: `digits`; for `./My photos/` `My-photos`."""
    stem = Path(dataset).resolve().name.removesuffix(".npz")
    return re.sub(r"[^A-Za-z0-9_.]+", "-", stem).strip("-.") or "data"


def find_checkpoint(
    family: str, alpha: float | None, resolution: int | None, classes: int | None, dataset: str | None
) -> tuple[Path, Card]:
    """Return the one checkpoint that fits; None fits all.

    Raises:
        UsageError: None fits, or several do and none of them is of the default dataset.
        RecordError: One whose card cannot be read fits by its name, and may be the one meant.
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
    if len(preferred) == 1:
        return preferred[0]
    data = re.escape(dataset_name(dataset)) if dataset else ".+"
    _check_readable(rf"{re.escape(stem(family, alpha))}_{resolution or '[0-9]+'}_{data}")
    if len(fitting) == 1:
        return fitting[0]
    asked = {"alpha": alpha, "resolution": resolution, "classes": classes, "dataset": dataset}
    wanted = ", ".join(f"{what} {value}" for what, value in asked.items() if value is not None)
    what = f"{family} with {wanted}" if wanted else family
    if fitting:
        names = ", ".join(card.name for _, card in fitting)
        raise UsageError(f"Several checkpoints fit {what}: {names}.", "Name one of them.")
    names = ", ".join(card.name for _, card in there_are) or "none"
    raise UsageError(
        f"There is no trained {what}. There are: {names}.",
        f"Train it: edgekit train {family} {'' if alpha is None else f'--alpha {alpha} '}"
        f"--resolution {resolution or FAMILIES[family].resolution} --dataset {dataset or DEFAULT_DATASET}",
    )
