"""The evaluation set as a file: the same bytes for the same pictures, on any day.

Where Python was built with another zlib the compressed bytes may differ; the arrays inside do not.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgekit.data.dataset import Split
from edgekit.errors import DataError
from edgekit.files import sha256_bytes, write_atomic

_BATCH = 256
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date a zip file can hold; the real one would change the hash


def save_evaluation(path: Path, split: Split) -> str:
    """Write a split as compressed .npz: uint8 `images` [n, H, W, 3] and int64 `labels` [n].

    Pictures are read, packed and dropped batch by batch; only the compressed file is held in memory.

    Returns:
        The file's SHA-256.

    Raises:
        DataError: The split is empty.
        StorageError: The file cannot be written; no trace is left.
    """
    if not len(split):
        raise DataError("The evaluation set is empty.", "Give the dataset more pictures.")
    buffer = io.BytesIO()
    first = split.pictures.read([0])
    with zipfile.ZipFile(buffer, "w") as archive:
        _write(archive, "images.npy", (len(split), *first.shape[1:]), "|u1", _pixels(split))
        labels = np.ascontiguousarray(split.labels, dtype="<i8")
        _write(archive, "labels.npy", labels.shape, "<i8", iter([labels.tobytes()]))
    data = buffer.getvalue()
    write_atomic(path, data)
    return sha256_bytes(data)


def _pixels(split: Split) -> Iterator[bytes]:
    for images, _ in split.batches(_BATCH):
        yield images.tobytes()


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
