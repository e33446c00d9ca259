"""`.npz` files: arrays of images and labels, as NumPy and Keras write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekit.artefact import MOST_LABELS, Preprocessing
from edgekit.data.arrays import ArrayImages
from edgekit.data.dataset import Dataset, Images, Int64, UInt8, plain_name
from edgekit.data.split import split_images, split_together, unlabelled
from edgekit.errors import DataError
from edgekit.progress import Progress

_PAIRS = (("images", "labels"), ("x", "y"))
_DIVIDED = ("x_train", "y_train", "x_test", "y_test")
_LAYOUTS = "[n, height, width] or [n, height, width, 1, 3 or 4]"

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


def load(path: Path, preprocessing: Preprocessing, _seed: int, progress: Progress) -> Dataset:
    """Read a file of `images` and `labels`, `x` and `y`, or Keras' `x_train`, `y_train`, `x_test`, `y_test`.

    An array `class_names` names the classes; without one they are called by their number. Labels [n, L] of
    0 and 1 say which of L labels each image has. A file of images alone has no known classes.

    Raises:
        DataError: Not such a file, damaged, or its images or labels cannot be understood without guessing.
    """
    progress.step(f"Reading {path.name!r}")
    arrays = _read(path)
    if (alone := _alone(arrays)) is not None:
        images = ArrayImages(alone, preprocessing)
        return unlabelled(plain_name(path.stem), images, images.hashes(), preprocessing, progress)
    pixels, labels, held_out = _images_and_labels(arrays, path)
    if labels.ndim == 2:
        images = ArrayImages(pixels, preprocessing)
        own = arrays.get("class_names")
        return _multilabel(path, own, images, labels=labels, held_out=held_out, progress=progress)
    if labels.min() < 0 or labels.max() >= len(labels):
        raise DataError(
            f"{str(path)!r} has labels from {labels.min()} to {labels.max()} for {len(labels)} images.",
            "Number the classes 0, 1, 2 and so on.",
        )
    names = _names(arrays.get("class_names"), int(labels.max()) + 1)
    images = ArrayImages(pixels, preprocessing)
    splits = split_images(images, labels, images.hashes(), names, held_out=held_out, progress=progress)
    return Dataset(plain_name(path.stem), names, preprocessing, *splits)


def read_alone(
    path: Path, preprocessing: Preprocessing, progress: Progress
) -> tuple[str, Images, Sequence[str]]:
    """Read the images of a file, whatever it says of their classes.

    Returns:
        The file's name, the images and their hashes.

    Raises:
        DataError: Not such a file, damaged, or its images cannot be understood without guessing.
    """
    progress.step(f"Reading {path.name!r}")
    arrays = _read(path)
    wanted = (*(name for name, _ in _PAIRS), "x_train", "x_test")
    found = next((_images(arrays[name], name) for name in wanted if name in arrays), None)
    if found is None:
        raise DataError(f"{str(path)!r} holds no images.", "Save them as `images`.")
    images = ArrayImages(found, preprocessing)
    return plain_name(path.stem), images, images.hashes()


def _alone(arrays: Mapping[str, Array]) -> UInt8 | None:
    """The images of a file that has no labels."""
    labels = {"y_train", "y_test", *(name for _, name in _PAIRS)}
    name = next((name for name, _ in _PAIRS if name in arrays and not labels & set(arrays)), None)
    return None if name is None else _images(arrays[name], name)


def _multilabel(
    path: Path,
    class_names: Array | None,
    images: ArrayImages,
    *,
    labels: Int64,
    held_out: Mask | None,
    progress: Progress,
) -> Dataset:
    """Return a dataset whose images have several labels, which come as 0 or 1 for each, [n, labels]."""
    count = labels.shape[1]
    names = _names(class_names, count)
    if len(names) != count:
        raise DataError(f"The file has {len(names)} class_names for {count} labels.", "Name every label.")
    if count > MOST_LABELS:
        progress.note(f"{count} labels are more than {MOST_LABELS}: there will be no accuracy.")
        name = plain_name(path.stem)
        return unlabelled(name, images, images.hashes(), images.preprocessing, progress)
    masks = np.asarray(labels @ (np.int64(1) << np.arange(count, dtype=np.int64)), dtype=np.int64)
    splits = split_together(images, masks, images.hashes(), held_out=held_out, progress=progress)
    return Dataset(plain_name(path.stem), names, images.preprocessing, *splits, multilabel=True)


def _read(path: Path) -> Mapping[str, Array]:
    """Read the arrays that are known; never unpickles, since that would run the file's code."""
    wanted = {"class_names", *_DIVIDED, *(name for pair in _PAIRS for name in pair)}
    try:
        with path.open("rb") as file:  # NumPy would leave a damaged one open
            found = np.load(file, allow_pickle=False)
            if not isinstance(found, np.lib.npyio.NpzFile):
                raise ValueError("it holds a single array")
            return {name: found[name] for name in found.files if name in wanted}
    except MemoryError as error:
        raise DataError(f"{str(path)!r} does not fit in memory.", "Use an image folder instead.") from error
    except Exception as error:  # damaged files make NumPy and zipfile raise anything
        raise DataError(
            f"{str(path)!r} cannot be read as .npz: {' '.join(str(error).split())}.",
            "Write it with numpy.savez_compressed, with plain number arrays.",
        ) from error


def _images_and_labels(arrays: Mapping[str, Array], path: Path) -> tuple[UInt8, Int64, Mask | None]:
    """Find images and labels; the third is which of them the file sets aside for evaluation, if it does."""
    for images_name, labels_name in _PAIRS:
        if images_name in arrays and labels_name in arrays:
            images = _images(arrays[images_name], images_name)
            return images, _labels(arrays[labels_name], labels_name, len(images)), None
    if not set(_DIVIDED) <= set(arrays):
        raise DataError(
            f"{str(path)!r} does not hold the arrays of a dataset; of them it has "
            f"{', '.join(sorted(arrays)) or 'none'}.",
            "Save `images` and `labels`, or `x_train`, `y_train`, `x_test` and `y_test`.",
        )
    train, test = _images(arrays["x_train"], "x_train"), _images(arrays["x_test"], "x_test")
    if train.shape[1:] != test.shape[1:]:
        raise DataError(
            f"x_train holds images of shape {train.shape[1:]}, x_test of {test.shape[1:]}.",
            "Save both in one shape.",
        )
    train_labels = _labels(arrays["y_train"], "y_train", len(train))
    labels = np.concatenate([train_labels, _labels(arrays["y_test"], "y_test", len(test))])
    return np.concatenate([train, test]), labels, np.arange(len(labels)) >= len(train)


def _images(values: Array, name: str) -> UInt8:
    """Check images and bring them to uint8 [n, h, w], [n, h, w, 3] or [n, h, w, 4]."""
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim not in (3, 4) or (values.ndim == 4 and values.shape[3] not in (3, 4)) or 0 in values.shape:
        first = values.ndim == 4 and values.shape[1] in (1, 3, 4)
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
    # 0–255 and, for floats, 0–1 are distinguished by the largest value; between the two it would be a guess
    if low >= 0 and 127 < high <= 255:
        return np.rint(values).astype(np.uint8)
    if low >= 0 and 0 < high <= 1 and values.dtype.kind == "f":
        return np.rint(values * np.float32(255)).astype(np.uint8)
    raise DataError(
        f"{name} is {values.dtype} from {low:g} to {high:g}; that could mean several brightness ranges.",
        "Save it as uint8, 0 to 255.",
    )


def _labels(values: Array, name: str, images: int) -> Int64:
    """Check labels and bring them to int64 [n]; of images with several labels, to 0 or 1, [n, labels]."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    several = values.ndim == 2 and values.dtype.kind in "iufb" and bool(np.isin(values, (0, 1)).all())
    if not several and (values.ndim != 1 or values.dtype.kind not in "iu"):
        raise DataError(
            f"{name} is {values.dtype} of shape {values.shape}, not whole numbers of shape [n] or, where an "
            "image has several labels, 0 or 1 of shape [n, labels].",
            "Of probabilities save labels.argmax(axis=1)." if values.ndim == 2 else "Save class indices.",
        )
    if len(values) != images:
        raise DataError(
            f"{name} has {len(values)} labels for {images} images.", "Save one label for each image."
        )
    return values.astype(np.int64)


def _names(values: Array | None, count: int) -> tuple[str, ...]:
    """The classes' names; `count` is one more than the largest label."""
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
        what = (
            "only one class" if values is None else f"{len(names)} class_names for labels up to {count - 1}"
        )
        raise DataError(f"The file has {what}.", "A dataset has at least two classes, each with its name.")
    bad = [name for name in names if not name.strip() or not name.isprintable() or names.count(name) > 1]
    if bad:
        raise DataError(f"class_names has {bad[0]!r}.", "Names are printable, not empty, and all different.")
    return names
