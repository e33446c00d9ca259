"""The files next to an .onnx file that hold its weights. Only its own folder is ever read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekit.errors import ModelError

_WAY_OUT = "Save the model with its data in one file, or in files in its own folder."


def data_names(name: str, tensors: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of the files that hold tensors' data, each once.

    Args:
        name: Of the model, for messages.
        tensors: Every stored tensor of it.

    Raises:
        ModelError: One is not a plain file name.
    """
    from onnx import TensorProto

    found = []
    for tensor in tensors:
        if tensor.data_location == TensorProto.EXTERNAL:
            place = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
            if (
                not isinstance(place, str)
                or not place
                or place in (".", "..")
                or any(letter in place for letter in "/\\\0:")
            ):
                raise ModelError(
                    f"{name} keeps the data of {tensor.name!r} in {place!r}, which is not in its own folder.",
                    _WAY_OUT,
                )
            found.append(place)
    return tuple(dict.fromkeys(found))


def data_files(path: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """Return where the files that hold a model's data are.

    Raises:
        ModelError: One is missing, or is a link to somewhere else.
    """
    folder = path.parent.resolve()
    found = tuple(path.parent / name for name in names)
    for file in found:
        if not file.is_file():
            raise ModelError(
                f"{path} keeps its weights in {file.name}, which is not next to it.", "Copy it there."
            )
        if file.resolve().parent != folder:
            raise ModelError(
                f"{path} keeps its weights in {file.name}, which is a link to {file.resolve()}.",
                "Copy that file there in place of the link.",
            )
    return found
