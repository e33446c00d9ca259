"""The file formats that can be recognised and looked into: to add one, add a record to FILE_FORMATS.

`edgekit.conversion.formats` says how the files of a format are made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgekit.inspection.onnx_file import read_onnx
from edgekit.inspection.record import Inspection
from edgekit.inspection.tflite_file import is_tflite, read_tflite
from edgekit.registry import Registry


@dataclass(frozen=True)
class FileFormat:
    """A format of model files."""

    name: str  # in records, and how the names of its files end: `tflite`
    title: str  # as people write it: `TFLite`
    recognise: Callable[[bytes, str], bool]  # by content or, where that says nothing, by name
    read: Callable[[bytes, str], Inspection]  # raises a ModelError if the file is damaged

    @property
    def suffix(self) -> str:
        """How the names of its files end: `.tflite`."""
        return f".{self.name}"


FILE_FORMATS = Registry(
    "file format",
    (
        FileFormat("tflite", "TFLite", lambda data, _: is_tflite(data), read_tflite),
        FileFormat("onnx", "ONNX", lambda _, name: name.endswith(".onnx"), read_onnx),
    ),
)
