"""A folder of images: one sub-folder per class, named after it.

Sub-folders named `train` and `test` (or `val`, `validation`) with the classes inside are taken as the
user's own division: `test`, or else `val`, is for evaluation, and all the rest for training and calibration.

An image is identified by its decoded pixels. JPEG and WebP leave decoders some freedom: with another
Pillow a pixel may differ by a level, and then hashes and splits differ too. PNG, BMP and TIFF do not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import MODES, empty, fitted
from edgekit.data.dataset import Dataset, UInt8, plain_name
from edgekit.data.decode import SUFFIXES, BrokenImageError, map_threads, read_image
from edgekit.data.split import split_images
from edgekit.errors import DataError
from edgekit.files import sha256_bytes
from edgekit.progress import Progress

_TRAIN = ("train", "training")
_EVALUATION = ("test", "val", "valid", "validation")  # the first that is there evaluates
_NAMED = 10  # broken images to name, before only counting them


@dataclass(frozen=True)
class _File:
    """An image file, its class, and whether its folder is set aside for evaluation."""

    path: Path
    name: str
    held_out: bool


@dataclass(frozen=True)
class FileImages:
    """Image files, decoded when read."""

    paths: tuple[Path, ...]
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, indices: Sequence[int]) -> UInt8:
        """Return those images as uint8 [n, height, width, channels].

        Raises:
            DataError: A file that was whole when the dataset was loaded no longer is.
        """
        out = empty(len(indices), self.preprocessing)
        for row, image in enumerate(map_threads(self._read, [self.paths[i] for i in indices])):
            out[row] = image
        return out

    def _read(self, path: Path) -> UInt8:
        try:
            return fitted(read_image(path, MODES[self.preprocessing.channels]), self.preprocessing)
        except BrokenImageError as error:
            raise DataError(
                f"{str(path)!r} changed while it was in use: {error}.", "Run the command again."
            ) from error


def load(folder: Path, preprocessing: Preprocessing, _seed: int, progress: Progress) -> Dataset:
    """Read a folder of class sub-folders.

    Every image is decoded once, to hash its pixels and to find the broken ones, which are skipped and
    named through `progress.note`.

    Raises:
        DataError: There are not two classes, or a class has too few usable images.
    """
    files, names = _scan(folder, progress)
    kept, hashes = _hash_all(files, folder, progress)
    if not kept:
        raise DataError(
            f"{str(folder)!r} has no usable images: none of its {len(files)} can be read.",
            "Check that they open in an image viewer.",
        )
    number = {name: label for label, name in enumerate(names)}
    splits = split_images(
        FileImages(tuple(file.path for file in kept), preprocessing),
        np.array([number[file.name] for file in kept], dtype=np.int64),
        hashes,
        names,
        held_out=np.array([file.held_out for file in kept]) if any(f.held_out for f in files) else None,
        progress=progress,
    )
    return Dataset(plain_name(folder.resolve().name) or "images", names, preprocessing, *splits)


def _hash_all(files: list[_File], folder: Path, progress: Progress) -> tuple[list[_File], list[str]]:
    """Hash every image's content; the first of the result are the files that could be read."""
    progress.step(f"Reading {len(files)} images", len(files))
    kept, hashes = [], []
    found = map_threads(_hash, [file.path for file in files])
    for done, (file, digest) in enumerate(zip(files, found, strict=True), 1):
        if isinstance(digest, str):
            kept.append(file)
            hashes.append(digest)
        elif done - len(kept) <= _NAMED:
            progress.note(f"Skipped {_shown(file.path, folder)}: {digest}.")
        progress.advance(done)
    if broken := len(files) - len(kept):
        progress.note(f"Skipped {broken} of {len(files)} images: they cannot be read.")
    return kept, hashes


def _scan(folder: Path, progress: Progress) -> tuple[list[_File], tuple[str, ...]]:
    """Find the image files and the classes, in sorted order."""
    parts = _subfolders(folder)
    own = {part.name.lower(): part for part in parts}
    evaluation = next((own[name] for name in _EVALUATION if name in own), None)
    divided = evaluation is not None and set(own) <= {*_TRAIN, *_EVALUATION} and set(own) & {*_TRAIN}
    roots = parts if divided and all(map(_subfolders, parts)) else [folder]
    classes = [(root == evaluation, path) for root in roots for path in _subfolders(root)]
    names = tuple(sorted({_class_name(path) for _, path in classes}))
    if len(names) < 2:
        found = f"only the sub-folder {names[0]!r}" if names else "no sub-folders"
        raise DataError(
            f"{str(folder)!r} has {found}; a dataset has one sub-folder for each of at least two classes.",
            "Name a folder such as images/ that holds images/cat/*.jpg and images/dog/*.jpg.",
        )
    files, others = [], []
    for held_out, path in classes:
        for file in _walk(path):
            if file.suffix.lower() in SUFFIXES:
                files.append(_File(file, path.name, held_out))
            else:
                others.append(file)
    if others:
        example = _shown(others[0], folder)
        several = f"{len(others)} files that are not images, such as {example}."
        progress.note(f"Ignored {several if len(others) > 1 else f'{example}, which is not an image.'}")
    if not files:
        raise DataError(
            f"{str(folder)!r} has {len(names)} class folders but no images.",
            f"Images are known by their endings: {' '.join(sorted(SUFFIXES))}.",
        )
    return files, names


def _class_name(path: Path) -> str:
    """The class a folder stands for; the name must survive a list of labels with one on each line."""
    name = path.name
    if not name.isprintable():
        raise DataError(
            f"The class folder {name!r} has a line break or another unprintable character in its name.",
            "Rename it: class names are written one on each line of labels.txt.",
        )
    return name


def _subfolders(folder: Path) -> list[Path]:
    """Visible sub-folders, links to folders included, in sorted order."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        _refuse(error)


def _refuse(error: OSError) -> NoReturn:
    raise DataError(
        f"{str(error.filename)!r} cannot be read: {error.strerror}.", "Check the path and its permissions."
    ) from error


def _walk(folder: Path) -> Iterator[Path]:
    """Visible files in a class folder at any depth; inner links to folders are not followed."""
    for place, inner, names in os.walk(folder, onerror=_refuse):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _hash(path: Path) -> str | BrokenImageError:
    """The SHA-256 of an image's size and RGB pixels, so that copies in other formats are recognised."""
    try:
        image = read_image(path)
    except BrokenImageError as error:
        return error
    return sha256_bytes(f"{image.width}x{image.height}:".encode() + image.tobytes())


def _shown(path: Path, folder: Path) -> str:
    """A path as one printable line."""
    return repr(str(path.relative_to(folder)))
