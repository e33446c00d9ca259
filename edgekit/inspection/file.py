"""Reading a model file, whatever its format."""

from __future__ import annotations

from pathlib import Path

from edgekit.errors import ModelError
from edgekit.inspection.formats import FILE_FORMATS
from edgekit.inspection.record import Inspection
from edgekit.words import listed


def is_model_file(path: Path) -> bool:
    """Whether a path is that of a converted model, by its name."""
    return any(path.suffix == format.suffix for format in FILE_FORMATS.values())


def inspect_file(path: Path) -> Inspection:
    """Read a converted model.

    Raises:
        ModelError: Not readable, of no known format, truncated or damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    return inspect_bytes(data, str(path))


def inspect_bytes(data: bytes, name: str) -> Inspection:
    """Read a converted model in memory; `name` decides nothing but the wording of errors and the format.

    A file is TFLite if it has that format's identifier, ONNX if its name ends in `.onnx`.

    Raises:
        ModelError: Of no known format, truncated or damaged.
    """
    formats = FILE_FORMATS.values()
    for format in formats:
        if format.recognise(data, name):
            return format.read(data, name)
    named = [format.title for format in formats if name.endswith(format.suffix)]
    titles = " or ".join(named or [format.title for format in formats])
    found = f"{len(data)} bytes, beginning with {data[:8]!r}" if data else "0 bytes"
    raise ModelError(
        f"{name} is not a {titles} file: received {found}.",
        f"`edgekit inspect` and `edgekit bench` read {listed(format.suffix for format in formats)} files.",
    )
