"""A folder of images: one sub-folder per class, named after it; or of images without classes.

An image is identified by its decoded pixels. JPEG and WebP leave decoders some freedom: with another
Pillow a pixel may differ by a level, and then hashes and splits differ too. PNG, BMP and TIFF do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import MODES, empty, fitted
from edgekit.data.dataset import Dataset, Images, UInt8, plain_name
from edgekit.data.decode import BrokenImageError, map_threads, read_image
from edgekit.data.scan import File, scan_all, scan_classes, shown
from edgekit.data.split import split_images, split_together, unlabelled
from edgekit.data.tables import Table, find_tables, read_tables
from edgekit.errors import DataError
from edgekit.files import sha256_bytes
from edgekit.progress import Progress

_NAMED = 10  # broken images to name, before only counting them


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
    """Read a folder: of class sub-folders, of images alone, or with tables of labels (see `tables`).

    Every image is decoded once, to hash its pixels and to find the broken ones, which are skipped and
    named through `progress.note`.

    Raises:
        DataError: There are not two classes, or too few usable images.
    """
    if tables := find_tables(folder):
        return _multilabel(folder, tables, preprocessing, progress)
    files, names = scan_classes(folder, progress)
    kept, hashes = _hash_all(files, folder, progress)
    images = FileImages(tuple(file.path for file in kept), preprocessing)
    held_out = np.array([file.held_out for file in kept]) if any(f.held_out for f in files) else None
    if not names:
        return unlabelled(_name(folder), images, hashes, preprocessing, progress)
    number = {name: label for label, name in enumerate(names)}
    labels = np.array([number[file.name] for file in kept], dtype=np.int64)
    aside = np.array([file.aside for file in kept])
    splits = split_images(images, labels, hashes, names, held_out=held_out, aside=aside, progress=progress)
    return Dataset(_name(folder), names, preprocessing, *splits)


def read_alone(
    folder: Path, preprocessing: Preprocessing, progress: Progress
) -> tuple[str, Images, Sequence[str]]:
    """Read every image in a folder at any depth, whatever the folders' names say.

    Returns:
        The folder's name, the images and their hashes.

    Raises:
        DataError: None can be read.
    """
    kept, hashes = _hash_all([File(path, "") for path in scan_all(folder, progress)], folder, progress)
    return _name(folder), FileImages(tuple(file.path for file in kept), preprocessing), hashes


def _multilabel(
    folder: Path, tables: Sequence[Table], preprocessing: Preprocessing, progress: Progress
) -> Dataset:
    files, masks, names = read_tables(folder, tables, progress)
    kept, hashes = _hash_all(files, folder, progress)
    images = FileImages(tuple(file.path for file in kept), preprocessing)
    labels = np.array([masks[file.path] for file in kept], dtype=np.int64)
    held_out = np.array([file.held_out for file in kept]) if any(f.held_out for f in files) else None
    splits = split_together(images, labels, hashes, held_out=held_out, progress=progress)
    return Dataset(_name(folder), names, preprocessing, *splits, multilabel=True)


def _name(folder: Path) -> str:
    return plain_name(folder.resolve().name) or "images"


def _hash_all(files: list[File], folder: Path, progress: Progress) -> tuple[list[File], list[str]]:
    """Hash every image's content; the first of the result are the files that could be read.

    Raises:
        DataError: None can be read.
    """
    progress.step(f"Reading {len(files)} images", len(files))
    kept, hashes = [], []
    found = map_threads(_hash, [file.path for file in files])
    for done, (file, digest) in enumerate(zip(files, found, strict=True), 1):
        if isinstance(digest, str):
            kept.append(file)
            hashes.append(digest)
        elif done - len(kept) <= _NAMED:
            progress.note(f"Skipped {shown(file.path, folder)}: {digest}.")
        progress.advance(done)
    if broken := len(files) - len(kept):
        progress.note(f"Skipped {broken} of {len(files)} images: they cannot be read.")
    if not kept:
        raise DataError(
            f"{str(folder)!r} has no usable images: none of its {len(files)} can be read.",
            "Check that they open in an image viewer.",
        )
    return kept, hashes


def _hash(path: Path) -> str | BrokenImageError:
    """The SHA-256 of an image's size and RGB pixels, so that copies in other formats are recognised."""
    try:
        image = read_image(path)
    except BrokenImageError as error:
        return error
    return sha256_bytes(f"{image.width}x{image.height}:".encode() + image.tobytes())
