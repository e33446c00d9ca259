"""`.npz` files: arrays of pictures and labels, as NumPy and Keras write them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import ArrayPictures
from edgekit.data.dataset import Dataset, Int64, UInt8
from edgekit.data.split import split_pictures
from edgekit.errors import DataError
from edgekit.progress import Progress

_PAIRS = (("images", "labels"), ("x", "y"))
_DIVIDED = ("x_train", "y_train", "x_test", "y_test")
_LAYOUTS = "[n, height, width], [n, height, width, 1] or [n, height, width, 3]"

Array = npt.NDArray[Any]


def load(path: Path, preprocessing: Preprocessing, seed: int, progress: Progress) -> Dataset:
    """Read a file of `images` and `labels`, `x` and `y`, or Keras' `x_train`, `y_train`, `x_test`, `y_test`.

    An array `class_names` names the classes; without one they are called by their number.

    Raises:
        DataError: Not such a file, damaged, or its pictures or labels cannot be understood without guessing.
    """
    progress.step(f"Reading {path.name}")
    arrays = _read(path)
    held_out = None
    pair = next((pair for pair in _PAIRS if set(pair) <= set(arrays)), None)
    if pair:
        images = _images(arrays[pair[0]], pair[0])
        labels = _labels(arrays[pair[1]], pair[1], len(images))
    elif set(_DIVIDED) <= set(arrays):
        train, test = (_images(arrays[f"x_{part}"], f"x_{part}") for part in ("train", "test"))
        if train.shape[1:] != test.shape[1:]:
            raise DataError(
                f"x_train holds pictures of shape {train.shape[1:]}, x_test of {test.shape[1:]}.",
                "Save both in one shape.",
            )
        parts = [_labels(arrays[f"y_{p}"], f"y_{p}", len(x)) for p, x in (("train", train), ("test", test))]
        images, labels = np.concatenate([train, test]), np.concatenate(parts)
        held_out = np.arange(len(labels)) >= len(train)
    else:
        raise DataError(
            f"{str(path)!r} holds the arrays {', '.join(sorted(arrays)) or 'none'}.",
            "Save `images` and `labels`, or `x_train`, `y_train`, `x_test` and `y_test`.",
        )
    names = _names(arrays.get("class_names"), labels)
    pictures = ArrayPictures(images, preprocessing)
    splits = split_pictures(
        pictures, labels, pictures.hashes(), names, held_out=held_out, seed=seed, progress=progress
    )
    return Dataset(path.stem, names, preprocessing, *splits)


def _read(path: Path) -> Mapping[str, Array]:
    """Read the arrays that are known; never unpickles, since that would run the file's code."""
    wanted = {"class_names", *_DIVIDED, *(name for pair in _PAIRS for name in pair)}
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("it holds a single array")
            return {name: file[name] for name in file.files if name in wanted}
    except MemoryError as error:
        raise DataError(f"{str(path)!r} does not fit in memory.", "Use an image folder instead.") from error
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{str(path)!r} cannot be read as .npz: {' '.join(str(error).split())}.",
            "Write it with numpy.savez_compressed, with plain number arrays.",
        ) from error


def _images(values: Array, name: str) -> UInt8:
    """Check pictures and bring them to uint8 [n, h, w] or [n, h, w, 3]."""
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim not in (3, 4) or (values.ndim == 4 and values.shape[3] != 3) or 0 in values.shape:
        first = values.ndim == 4 and values.shape[1] in (1, 3)
        raise DataError(
            f"{name} has shape {values.shape}, not {_LAYOUTS}.",
            "Move its channels last: numpy.moveaxis(x, 1, -1)." if first else "",
        )
    if values.dtype == np.uint8:
        return np.asarray(values)
    if values.dtype.kind not in "iuf":
        raise DataError(f"{name} has dtype {values.dtype}, not numbers.", "Save it as uint8, 0 to 255.")
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(f"{name} holds values that are not finite.", "Save it as uint8, 0 to 255.")
    # 0–255 and, for floats, 0–1 are told apart by the largest value; between the two it would be a guess
    if low >= 0 and 127 < high <= 255:
        return np.rint(values).astype(np.uint8)
    if low >= 0 and 0 < high <= 1 and values.dtype.kind == "f":
        return np.rint(values * np.float32(255)).astype(np.uint8)
    raise DataError(
        f"{name} is {values.dtype} from {low:g} to {high:g}; that could mean several brightness ranges.",
        "Save it as uint8, 0 to 255.",
    )


def _labels(values: Array, name: str, pictures: int) -> Int64:
    """Check labels and bring them to int64 [n]."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise DataError(
            f"{name} is {values.dtype} of shape {values.shape}, not whole numbers of shape [n].",
            "Of one-hot labels save labels.argmax(axis=1)." if values.ndim == 2 else "Save class indices.",
        )
    if len(values) != pictures:
        raise DataError(
            f"{name} has {len(values)} labels for {pictures} pictures.", "Save one label for each picture."
        )
    if values.min() < 0 or values.max() >= pictures:
        raise DataError(
            f"{name} runs from {values.min()} to {values.max()}.", "Number the classes 0, 1, 2 and so on."
        )
    return values.astype(np.int64)


def _names(values: Array | None, labels: Int64) -> tuple[str, ...]:
    count = int(labels.max()) + 1
    if values is None:
        names = tuple(str(label) for label in range(count))
    elif values.ndim != 1 or values.dtype.kind != "U":
        raise DataError(
            f"class_names is {values.dtype} of shape {values.shape}, not text of shape [classes].",
            "Save a list of strings.",
        )
    else:
        names = tuple(str(name) for name in values)
    if len(names) < max(count, 2):
        what = "one class" if count == 1 else f"the labels 0 to {count - 1} but {len(names)} class_names"
        raise DataError(f"The file has {what}.", "A dataset needs at least two classes, each with a name.")
    if len(set(names)) < len(names) or not all(name.isprintable() and name for name in names):
        raise DataError("class_names must differ and be printable.", "Rename the classes.")
    return names
