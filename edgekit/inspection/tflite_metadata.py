"""What a .tflite file says of itself in TFLite's own metadata: how its image is scaled, and its classes.

The metadata is a flatbuffer of its own in one of the file's buffers; files that belong to it, such as
labels, follow as a zip archive. `edgekit.conversion.tflite_metadata` writes both.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import msgspec

from edgekit.inspection.usage import Usage, usage_from

NAME = b"TFLITE_METADATA"
CUSTOM = "edgekit"  # name of the CustomMetadata with what the standard has no place for
# Tables and their fields, in the order of mediapipe/tasks/metadata/metadata_schema.fbs in
# github.com/google-ai-edge/mediapipe. A field is known by its place; a union is two, its kind and its value.
FIELDS = {
    "ModelMetadata": (
        *("name", "description", "version", "subgraph_metadata", "author", "license", "associated_files"),
        "min_parser_version",
    ),
    "SubGraphMetadata": (
        *("name", "description", "input_tensor_metadata", "output_tensor_metadata", "associated_files"),
        *("input_process_units", "output_process_units", "input_tensor_groups", "output_tensor_groups"),
        "custom_metadata",
    ),
    "TensorMetadata": (
        *("name", "description", "dimension_names", "content", "process_units", "stats", "associated_files"),
    ),
    "Content": ("content_properties_kind", "content_properties", "range"),
    "ImageProperties": ("color_space", "default_size"),
    "ProcessUnit": ("options_kind", "options"),
    "NormalizationOptions": ("mean", "std"),
    "AssociatedFile": ("name", "description", "type", "locale", "version"),
    "CustomMetadata": ("name", "data"),
}
NORMALIZATION = 1  # `options_kind`
_LARGEST = 1 << 20  # bytes of a file of labels
# it says nothing, or is damaged: the model itself may be whole
_DAMAGE = (StopIteration, struct.error, IndexError, ValueError, TypeError)

Scale = tuple[tuple[float, ...], tuple[float, ...]]


def scale_of(metadata: bytes) -> Scale | None:
    """Return the mean and std, of pixels 0 to 255, that scale the first input; None: it does not say."""
    from flatbuffers.table import Table

    try:
        first = next(_tables(_subgraph(metadata), "SubGraphMetadata", "input_tensor_metadata"))
        for unit in _tables(first, "TensorMetadata", "process_units"):
            kind = _offset(unit, "ProcessUnit", "options_kind")
            options = _offset(unit, "ProcessUnit", "options")
            if kind and options and metadata[unit.Pos + kind] == NORMALIZATION:
                found = Table(metadata, unit.Indirect(unit.Pos + options))
                mean, std = (_floats(found, "NormalizationOptions", name) for name in ("mean", "std"))
                return (mean, std) if mean and std and min(std) > 0 else None
    except _DAMAGE:
        pass
    return None


def usage_of(metadata: bytes, file: bytes) -> Usage | None:
    """Return what edgekit wrote into a file; None: nothing, or it is damaged.

    Args:
        metadata: The flatbuffer.
        file: All of the .tflite file.
    """
    try:
        for each in _tables(_subgraph(metadata), "SubGraphMetadata", "custom_metadata"):
            if _bytes(each, "CustomMetadata", "name") == CUSTOM.encode():
                said = msgspec.json.decode(_bytes(each, "CustomMetadata", "data"), type=dict[str, str])
                inside = msgspec.json.decode(said.get("labels", "[]"), type=tuple[str, ...])
                return usage_from(said, inside or tuple((labels_inside(file) or "").splitlines()))
    except _DAMAGE:
        pass
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


def _subgraph(metadata: bytes) -> Any:
    """The SubGraphMetadata of the first subgraph."""
    from flatbuffers.table import Table

    root = Table(metadata, struct.unpack_from("<I", metadata)[0])
    return next(_tables(root, "ModelMetadata", "subgraph_metadata"))


def _offset(table: Any, kind: str, field: str) -> int:
    """Where a table has a field; 0: it does not."""
    return int(table.Offset(4 + 2 * FIELDS[kind].index(field)))


def _tables(table: Any, kind: str, field: str) -> Iterator[Any]:
    """Yield the tables of a vector."""
    from flatbuffers.table import Table

    offset = _offset(table, kind, field)
    for place in range(table.VectorLen(offset) if offset else 0):
        yield Table(table.Bytes, table.Indirect(table.Vector(offset) + 4 * place))


def _floats(table: Any, kind: str, field: str) -> tuple[float, ...]:
    offset = _offset(table, kind, field)
    if not offset:
        return ()
    return struct.unpack_from(f"<{table.VectorLen(offset)}f", table.Bytes, table.Vector(offset))


def _bytes(table: Any, kind: str, field: str) -> bytes:
    """A string, or a vector of bytes."""
    offset = _offset(table, kind, field)
    if not offset:
        return b""
    start = table.Vector(offset)
    return bytes(table.Bytes[start : start + table.VectorLen(offset)])
