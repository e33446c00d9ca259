"""The evaluation set as a file: the same bytes for the same images, on any day.

Where Python was built with another zlib the compressed bytes may differ; the arrays inside do not.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgekit.data.dataset import Int64, Split
from edgekit.errors import DataError
from edgekit.files import sha256_file, storage_errors

_BATCH = 256
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date a zip file can hold; the real one would change the hash


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
    first = split.images.read([0])
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("wb") as file:
                with zipfile.ZipFile(file, "w") as archive:
                    _write(archive, "images.npy", (len(split), *first.shape[1:]), "|u1", _pixels(split))
                    _write_integers(archive, "labels.npy", split.labels)
                    if answers is not None:
                        _write_integers(archive, "keras.npy", answers)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return sha256_file(path)


def _pixels(split: Split) -> Iterator[bytes]:
    for images, _ in split.batches(_BATCH):
        yield images.tobytes()


def _write_integers(archive: zipfile.ZipFile, name: str, values: Int64) -> None:
    stored = np.ascontiguousarray(values, dtype="<i8")
    _write(archive, name, stored.shape, "<i8", iter([stored.tobytes()]))


def _write(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], descr: str, parts: Iterator[bytes]
) -> None:
    """Add one array, in pieces, in NumPy's .npy format 1.0."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix, also when written elsewhere
    info.external_attr = 0o644 << 16
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": descr, "fortran_order": False, "shape": shape})
    with archive.open(info, "w", force_zip64=True) as file:
        file.write(header.getvalue())
        for part in parts:
            file.write(part)
