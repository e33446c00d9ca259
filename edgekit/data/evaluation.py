"""The evaluation set as a file: the same bytes for the same images, on any day.

Where Python was built with another zlib the compressed bytes may differ; the arrays inside do not.
"""

from __future__ import annotations

import io
import math
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event
from typing import IO

import numpy as np

from edgekit.data.dataset import Int64, Split
from edgekit.errors import DataError
from edgekit.files import sha256_file, storage_errors
from edgekit.parallel import let_others_first

_BATCH = 256  # images that are read at a time
_NUMBERS = 1 << 21  # that they hold, if that is fewer
_LEVEL = 1  # of photos the file is 3 % larger than by the usual 6, of noisy images smaller, in half the time


def save_evaluation(path: Path, split: Split, answers: Int64 | None = None) -> str:
    """Write a split as compressed .npz: uint8 `images` [n, H, W, channels] and int64 `labels` [n].

    Written in place and batch by batch: memory does not grow with the number of images.

    Args:
        answers: The reference's top-1 for each image, [n]; becomes int64 `keras` [n].

    Returns:
        The file's SHA-256.

    Raises:
        DataError: The split is empty.
        StorageError: The file cannot be written; no trace is left.
    """
    if not len(split):
        raise DataError("The evaluation set is empty.", "Give the dataset more images.")
    return _write_file(path, lambda file: _pack(file, split, answers))


class Packing:
    """An evaluation set that is packed into a temporary file while other work goes on.

    Args:
        split: The images.
        answers: As for `save_evaluation`.
    """

    def __init__(self, split: Split, answers: Int64 | None = None) -> None:
        self._split, self._answers = split, answers
        self._stopped = Event()
        self._pool = ThreadPoolExecutor(1, initializer=let_others_first)
        self._packed = self._pool.submit(self._pack)

    def __enter__(self) -> Packing:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, if the set is not wanted any more."""
        self._stopped.set()
        self._pool.shutdown()
        if packed := self._packed.result():
            packed.close()

    def save(self, path: Path) -> str:
        """Write the set, as `save_evaluation` does."""
        packed = self._packed.result()
        if packed is None:
            return save_evaluation(path, self._split, self._answers)
        packed.seek(0)
        return _write_file(path, lambda file: shutil.copyfileobj(packed, file))

    def _pack(self) -> IO[bytes] | None:
        """Return the packed set; None: there is no room for it, or it is not wanted."""
        with suppress(OSError, DataError), ExitStack() as failing:  # it is said where the set is written
            file = failing.enter_context(TemporaryFile())
            _pack(file, self._split, self._answers, self._stopped)
            failing.pop_all()
            return file
        return None


def _write_file(path: Path, write: Callable[[IO[bytes]], None]) -> str:
    """Write a file, or leave no trace; return its SHA-256."""
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return sha256_file(path)


def _pack(file: IO[bytes], split: Split, answers: Int64 | None, stopped: Event | None = None) -> None:
    shape = split.images.read([0]).shape[1:]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        _write(archive, "images.npy", (len(split), *shape), "|u1", _pixels(split, math.prod(shape), stopped))
        _write_integers(archive, "labels.npy", split.labels)
        if answers is not None:
            _write_integers(archive, "keras.npy", answers)


def _pixels(split: Split, size: int, stopped: Event | None) -> Iterator[bytes]:
    for images, _ in split.batches(min(_BATCH, max(1, _NUMBERS // size))):
        if stopped is not None and stopped.is_set():
            raise InterruptedError
        yield images.tobytes()


def _write_integers(archive: zipfile.ZipFile, name: str, values: Int64) -> None:
    stored = np.ascontiguousarray(values, dtype="<i8")
    _write(archive, name, stored.shape, "<i8", iter([stored.tobytes()]))


def _write(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], descr: str, parts: Iterator[bytes]
) -> None:
    """Add one array, in pieces, in NumPy's .npy format 1.0."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": descr, "fortran_order": False, "shape": shape})
    with archive.open(name, "w", force_zip64=True) as file:
        file.write(header.getvalue())
        for part in parts:
            file.write(part)
