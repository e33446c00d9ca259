"""Reading a model file, whatever its format."""

from __future__ import annotations

from pathlib import Path

from edgekit.errors import ModelError
from edgekit.inspection.record import Inspection

_SUFFIXES = (".tflite", ".onnx")

_TFLITE_IDENTIFIER = b"TFL3"  # bytes 4 to 8, fixed by the format's schema
_HINT = "`edgekit inspect` and `edgekit bench` read .tflite and .onnx files."


def is_model_file(path: Path) -> bool:
    """Whether a path is that of a converted model, by its name."""
    return path.suffix in _SUFFIXES


def inspect_file(path: Path) -> Inspection:
    """Read a .tflite or .onnx file.

    Raises:
        ModelError: Not readable, neither format, truncated or damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    return inspect_bytes(data, str(path))


def inspect_bytes(data: bytes, name: str) -> Inspection:
    """Read a model that lies in memory; `name` decides nothing but the wording of errors and the format.

    A file is TFLite if it carries that format's identifier, ONNX if its name ends in `.onnx`.

    Raises:
        ModelError: Neither format, truncated or damaged.
    """
    if data[4:8] == _TFLITE_IDENTIFIER:
        from edgekit.inspection.tflite_file import read_tflite

        return read_tflite(data, name)
    if name.endswith(".onnx"):
        from edgekit.inspection.onnx_file import read_onnx

        return read_onnx(data, name)
    what = "a TFLite file" if name.endswith(".tflite") else "a TFLite or ONNX file"
    found = f"{len(data)} bytes, beginning with {data[:8]!r}" if data else "0 bytes"
    raise ModelError(f"{name} is not {what}: received {found}.", _HINT)
