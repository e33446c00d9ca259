"""What a .tflite file says of itself in TFLite's own metadata: how its image is scaled, and its classes.

The metadata is a flatbuffer of its own in one of the file's buffers; files that belong to it, such as
labels, follow as a zip archive. Fields are read by their places in TFLite's metadata_schema.fbs.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

NAME = b"TFLITE_METADATA"
_SUBGRAPHS, _INPUTS, _UNITS = 10, 8, 12  # of ModelMetadata, SubGraphMetadata, TensorMetadata
_KIND, _OPTIONS, _NORMALIZATION = 4, 6, 1  # of ProcessUnit; the number of NormalizationOptions
_MEAN, _STD = 4, 6  # of NormalizationOptions
_LARGEST = 1 << 20  # bytes of a file of labels

Scale = tuple[tuple[float, ...], tuple[float, ...]]


def scale_of(metadata: bytes) -> Scale | None:
    """Return the mean and std, of pixels 0 to 255, that scale the first input; None: it does not say."""
    from flatbuffers.table import Table

    try:
        root = Table(metadata, struct.unpack_from("<I", metadata)[0])
        graphs = _tables(root, _SUBGRAPHS)
        first = next(_tables(next(graphs), _INPUTS))
        for unit in _tables(first, _UNITS):
            kind, options = unit.Offset(_KIND), unit.Offset(_OPTIONS)
            if kind and options and metadata[unit.Pos + kind] == _NORMALIZATION:
                found = Table(metadata, unit.Indirect(unit.Pos + options))
                mean, std = _floats(found, _MEAN), _floats(found, _STD)
                return (mean, std) if mean and std and min(std) > 0 else None
    except (StopIteration, struct.error, IndexError, ValueError, TypeError):
        pass  # it says nothing, or is damaged: the model itself may be whole
    return None


def labels_inside(data: bytes) -> str | None:
    """Return the text of the file of labels that follows a model, if there is just one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [each for each in archive.infolist() if each.filename.endswith(".txt")]
            if len(found) == 1 and found[0].file_size <= _LARGEST:
                return archive.read(found[0]).decode("utf-8-sig")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        pass  # no archive, or none that can be read
    return None


def _tables(table: Any, field: int) -> Iterator[Any]:
    """Yield the tables of a vector."""
    from flatbuffers.table import Table

    offset = table.Offset(field)
    for place in range(table.VectorLen(offset) if offset else 0):
        yield Table(table.Bytes, table.Indirect(table.Vector(offset) + 4 * place))


def _floats(table: Any, field: int) -> tuple[float, ...]:
    offset = table.Offset(field)
    if not offset:
        return ()
    return struct.unpack_from(f"<{table.VectorLen(offset)}f", table.Bytes, table.Vector(offset))
