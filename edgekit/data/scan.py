"""What a folder of images holds: which files, of which classes, and what of it is left out, and why.

Sub-folders named `train` and `test` (or `val`, `valid`, `validation`) with the classes inside are taken as
the user's own division: `test`, or else `val`, is for evaluation, and all the rest for training and
calibration; where all three are there, `val` is for calibration. One without classes inside, as the `test`
of a Kaggle competition, is not used.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from edgekit.data.decode import SUFFIXES
from edgekit.errors import DataError
from edgekit.progress import Progress
from edgekit.words import listed, plural

TRAIN = ("train", "training")
VALIDATION = ("val", "valid", "validation")
EVALUATION = ("test", *VALIDATION)  # the first that is there evaluates
_NOT_CLASSES = ("__macosx", "annotation", "annotations")
_HEIC = (".heic", ".heif")
_NAMED = 5  # folders to name, before only counting them


@dataclass(frozen=True)
class File:
    """An image file, its class (empty: not known), and whether its folder is set aside."""

    path: Path
    name: str
    held_out: bool = False  # for evaluation
    aside: bool = False  # for calibration, and never to train on


@dataclass(frozen=True)
class _Root:
    """A folder that has classes inside."""

    path: Path
    held_out: bool = False
    aside: bool = False


@dataclass
class _Found:
    """The visible files in one folder, at any depth."""

    path: Path
    images: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def scan_classes(folder: Path, progress: Progress) -> tuple[list[File], tuple[str, ...]]:
    """Find the image files and the classes, in order; no classes where the images are in no sub-folder.

    Raises:
        DataError: There are no images, or only one class.
    """
    roots, passed_over = _roots(folder)
    classes, others = [], []
    for root in roots:
        for place in _visible(root.path):
            found = _found(place)
            others += found.others
            if found.images and place.name.lower() not in _NOT_CLASSES:
                classes.append((root, found))
            else:
                passed_over.append(place)
    names = _ordered({_class_name(found.path) for _, found in classes}, progress)
    loose = [path for path in _files(folder) if path.suffix.lower() in SUFFIXES]
    _note_others([*others, *_heic(_files(folder))], folder, progress)
    if not names:
        _check_any(folder, loose, passed_over, others)
        _note_passed_over(passed_over, folder, progress)
        return [File(path, "") for path in loose], ()
    if len(names) == 1:
        only = classes[0][1].path
        if not loose and len(_with_images(only)) > 1:
            progress.note(f"The classes are the sub-folders of {str(only.relative_to(folder))!r}.")
            return scan_classes(only, progress)
        raise DataError(
            f"{str(folder)!r} has only the sub-folder {names[0]!r}; a dataset has one sub-folder for each of "
            "at least two classes.",
            "Name a folder such as images/ that holds images/cat/*.jpg and images/dog/*.jpg; "
            f"for images without classes: --calibrate-on {shlex.quote(str(folder))} in place of --dataset",
        )
    _note_passed_over(passed_over, folder, progress)
    if loose:
        few = f"{plural(len(loose), 'image')} directly in {str(folder)!r}"
        progress.note(f"Ignored {few}: they belong to no class.")
    return [
        File(path, found.path.name, root.held_out, root.aside)
        for root, found in classes
        for path in found.images
    ], names


def scan_all(folder: Path, progress: Progress) -> list[Path]:
    """Find every image file at any depth, whatever folder it is in.

    Raises:
        DataError: There is none.
    """
    found = _found(folder)
    _note_others(found.others, folder, progress)
    _check_any(folder, found.images, [], found.others)
    return found.images


def shown(path: Path, folder: Path) -> str:
    """A path as one printable line."""
    return repr(str(path.relative_to(folder)))


def _roots(folder: Path) -> tuple[list[_Root], list[Path]]:
    """Return the folders that have classes inside; and others.

    Raises:
        DataError: The part that should evaluate is empty.
    """
    own = {part.name.lower(): part for part in _visible(folder)}
    parts = {name: own[name] for name in (*EVALUATION, *TRAIN) if name in own}
    inside = {name: _with_images(part) for name, part in parts.items()}
    others = (part for name, part in own.items() if name not in (*parts, *_NOT_CLASSES))
    if not any(inside.values()) or any(map(_holds_images, others)):
        return [_Root(folder)], []
    _check_evaluation(folder, parts)
    trained = set().union(*(inside[name] for name in TRAIN if name in parts))
    # a test part of other folders than the classes has images without classes
    usable = [name for name, found in inside.items() if found and (not trained or trained & found)]
    evaluation = next((name for name in EVALUATION if name in usable and len(usable) > 1), None)
    ignored = [part for name, part in own.items() if name not in usable]
    asides = VALIDATION if evaluation == "test" and trained else ()
    roots = [_Root(part, name == evaluation, name in asides) for name, part in own.items() if name in usable]
    return roots, ignored


def _check_evaluation(folder: Path, parts: dict[str, Path]) -> None:
    """Raise a DataError if there is a part to evaluate with, and nothing in it."""
    part = next((parts[name] for name in EVALUATION if name in parts), None)
    if part is not None and not _holds_images(part):
        raise DataError(
            f"{str(part)!r} is for evaluation, but has no images.",
            f"Put some into its class folders, or remove {shown(part, folder)} to hold out part of the "
            "others.",
        )


def _with_images(part: Path) -> set[str]:
    """The names of the sub-folders that hold images."""
    return {place.name for place in _visible(part) if _holds_images(place)}


def _visible(folder: Path) -> list[Path]:
    """Sub-folders that are not hidden, links to folders included, in sorted order."""
    return [path for path in _subfolders(folder) if not path.name.startswith(".")]


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError as error:
        _refuse(error)


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.is_dir() and not p.name.startswith("."))


def _found(folder: Path) -> _Found:
    """Visible files in a folder at any depth; inner links to folders are not followed."""
    found = _Found(folder)
    for path in _walk(folder):
        (found.images if path.suffix.lower() in SUFFIXES else found.others).append(path)
    return found


def _holds_images(folder: Path) -> bool:
    return any(path.suffix.lower() in SUFFIXES for path in _walk(folder))


def _walk(folder: Path) -> Iterator[Path]:
    for place, inner, names in os.walk(folder, onerror=_refuse):
        inner[:] = sorted(n for n in inner if not n.startswith(".") and n.lower() not in _NOT_CLASSES)
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _refuse(error: OSError) -> NoReturn:
    raise DataError(
        f"{str(error.filename)!r} cannot be read: {error.strerror}.", "Check the path and its permissions."
    ) from error


def _class_name(path: Path) -> str:
    """The class a folder stands for; the name must survive a list of labels with one on each line."""
    name = path.name
    if not name.isprintable():
        raise DataError(
            f"The class folder {name!r} has a line break or another unprintable character in its name.",
            "Rename it: class names are written one on each line of labels.txt.",
        )
    return name


def _ordered(names: Iterable[str], progress: Progress) -> tuple[str, ...]:
    """Sort names as text; numbers, if all are, by their value."""
    as_text = sorted(names)
    if not all(name.isdecimal() for name in as_text):
        return tuple(as_text)
    by_value = sorted(as_text, key=lambda name: (int(name), name))
    if by_value != as_text:
        first = next(i for i, pair in enumerate(zip(by_value, as_text, strict=True)) if pair[0] != pair[1])
        shown = [", ".join(order[: first + 1]) for order in (by_value, as_text)]
        progress.note(
            f"The class names are numbers and are sorted as numbers: {shown[0]} …. Keras' own loader sorts "
            f"them as text: {shown[1]} …. If the model was trained that way, set that order with --labels."
        )
    return tuple(by_value)


def _note_passed_over(places: Sequence[Path], folder: Path, progress: Progress) -> None:
    """Name the folders that are not classes, hidden ones too."""
    hidden = [path for path in _subfolders(folder) if path.name.startswith(".")]
    there = [shown(place, folder) for place in (*places, *hidden)]
    if there:
        named = listed(there[:_NAMED]) if len(there) <= _NAMED else ", ".join(there[:_NAMED]) + ", …"
        what = f"folder {named}: it holds" if len(there) == 1 else f"folders {named}: they hold"
        progress.note(f"Ignored the {what} no classes.")


def _note_others(others: Sequence[Path], folder: Path, progress: Progress) -> None:
    """Name files that are not images, and say what to do about those that only need another format."""
    heic = _heic(others)
    rest = [path for path in others if path not in set(heic)]
    if rest:
        example = shown(rest[0], folder)
        several = f"{len(rest)} files that are not images, such as {example}."
        progress.note(f"Ignored {several if len(rest) > 1 else f'{example}, which is not an image.'}")
    if heic:
        progress.note(f"Ignored {_heic_words(heic, folder)} To use them: {_convert_heic(folder)}")


def _heic(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() in _HEIC]


def _heic_words(heic: Sequence[Path], folder: Path) -> str:
    return f"{plural(len(heic), 'HEIC image')}, such as {shown(heic[0], folder)}."


def _convert_heic(folder: Path) -> str:
    """A command that converts them in place; `mogrify` is part of ImageMagick."""
    return f"find {shlex.quote(str(folder))} -iname '*.hei[cf]' -exec mogrify -format jpg {{}} +"


def _check_any(folder: Path, images: Sequence[Path], empty: Sequence[Path], others: Sequence[Path]) -> None:
    """Raise a DataError if there are no images."""
    if images:
        return
    if heic := [*_heic(others), *_heic(_files(folder))]:
        raise DataError(
            f"{str(folder)!r} has no images that can be read, but {_heic_words(heic, folder)}",
            f"Convert them: {_convert_heic(folder)}",
        )
    if empty:
        raise DataError(
            f"{str(folder)!r} has {plural(len(empty), 'class folder')} but no images.",
            f"Images are known by their endings: {' '.join(sorted(SUFFIXES))}.",
        )
    raise DataError(
        f"{str(folder)!r} has no sub-folders; a dataset has one sub-folder for each of at least two classes.",
        "Name a folder such as images/ that holds images/cat/*.jpg and images/dog/*.jpg.",
    )
