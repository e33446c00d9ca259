"""The order of a model's classes: from a file, from ImageNet, or from the dataset itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from edgekit.data.dataset import Dataset, Split
from edgekit.errors import DataError, UsageError
from edgekit.words import nearest

SIDECARS = ("labels.txt", "class_names.txt")  # next to a model, in this order
IMAGENET_CLASSES = (1000, 1001)  # with 1,001 the first is the background
_NUMBERED = re.compile(r"(\d+)[\s:,]+(.+)")


def read_labels(path: Path) -> tuple[str, ...]:
    """Read class names, one on each line, in the order of the model's scores.

    Lines numbered from 0 on, as Teachable Machine writes them, lose their numbers.

    Raises:
        DataError: It is not such a file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{str(path)!r} cannot be read: {error}.", "Name a text file with --labels."
        ) from error
    return names_in(text, str(path))


def names_in(text: str, where: str) -> tuple[str, ...]:
    """Read the text of such a file.

    Args:
        text: The text.
        where: Whose it is, for messages.

    Raises:
        DataError: It holds no names.
    """
    names = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [_NUMBERED.fullmatch(name) for name in names]
    if names and all(match and int(match[1]) == i for i, match in enumerate(numbered)):
        names = [match[2] for match in numbered if match]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if not names or twice or not all(name.isprintable() for name in names):
        what = f"names {twice[0]!r} twice" if twice else "does not hold class names"
        raise DataError(f"{where!r} {what}.", "Write one class name on each line, all different.")
    return tuple(names)


def labels_next_to(model: Path) -> Path | None:
    """Return the file of class names next to a model file, or in a model folder.

    An empty one says nothing: a set made from images without classes has such a file.
    """
    folder = model if model.is_dir() else model.parent
    there = (folder / name for name in SIDECARS)
    return next((path for path in there if path.is_file() and path.stat().st_size), None)


@cache
def imagenet() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the synset and the names of each of ImageNet's 1,000 classes, in the order of its models."""
    lines = (Path(__file__).parent / "imagenet.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.partition(" ") for line in lines if not line.startswith("#"))
    return tuple((synset, tuple(names.split(", "))) for synset, _, names in rows)


def imagenet_labels(count: int) -> tuple[str, ...]:
    """Return a name for each class of an ImageNet model, all different."""
    first = Counter(names[0] for _, names in imagenet())
    labels = (n[0] if first[n[0]] == 1 else f"{n[0]} ({synset})" for synset, n in imagenet())
    return (*("background",) * (count - 1000), *labels)


def places_in_imagenet(names: Sequence[str], count: int) -> dict[str, int] | None:
    """Return the class of each name, a synset or one of its words; None: one of them is in no class.

    Raises:
        DataError: A name stands for several classes.
    """
    first, other = _by_word()
    found = {}
    for name in names:
        key = _plain(name)
        places = first.get(key) or first.get(_plain(name.split(",")[0])) or other.get(key)
        if not places:
            return None
        if len(places) > 1:
            synsets = " or ".join(imagenet()[place][0] for place in sorted(places))
            raise DataError(f"ImageNet has several classes {name!r}.", f"Name the folder {synsets}.")
        found[name] = next(iter(places)) + count - 1000
    return found


@cache
def _by_word() -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Classes by synset and first word, and by their other words."""
    first: dict[str, set[int]] = {}
    other: dict[str, set[int]] = {}
    for place, (synset, names) in enumerate(imagenet()):
        for name in (synset, names[0]):
            first.setdefault(_plain(name), set()).add(place)
        for name in names[1:]:
            other.setdefault(_plain(name), set()).add(place)
    return first, other


def places_among(names: Sequence[str], labels: Sequence[str]) -> dict[str, int]:
    """Return the place of each name among labels: as written, then whatever the case, and `_` for a space.

    Raises:
        UsageError: A name is not among them.
    """
    exact = {label: place for place, label in enumerate(labels)}
    plain = {_plain(label): place for place, label in enumerate(labels)}
    found = {}
    for name in names:
        place = exact.get(name, plain.get(_plain(name)))
        if place is None and name.isdecimal() and not any(label.isdecimal() for label in labels):
            place = int(name) if int(name) < len(labels) else None  # a class by its number
        if place is None:
            raise UsageError(
                f"The class {name!r} of the images is not one of the model's {len(labels)}: "
                f"{', '.join(labels[:3])} ….{nearest(name, labels)}",
                "Name the classes in the model's order, one on each line of a file: --labels FILE",
            )
        found[name] = place
    return found


def with_classes(dataset: Dataset, labels: Sequence[str], places: dict[str, int]) -> Dataset:
    """Return a dataset whose labels are places among the model's classes; it may lack some of them.

    Args:
        dataset: With classes of its own.
        labels: The model's classes.
        places: The place among them of each of the dataset's.
    """
    order = np.array([places[name] for name in dataset.labels], dtype=np.int64)

    def moved(split: Split) -> Split:
        if not dataset.multilabel:
            return replace(split, labels=order[split.labels])
        bits = split.labels[:, None] >> np.arange(len(order), dtype=np.int64) & 1
        return replace(split, labels=np.asarray(bits @ (np.int64(1) << order), dtype=np.int64))

    return replace(
        dataset,
        labels=tuple(labels),
        train=moved(dataset.train),
        calibration=moved(dataset.calibration),
        evaluation=moved(dataset.evaluation),
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()
