"""Looking into a model file before Keras does: is it whole, and does it carry code?

Keras' own safe mode refuses much of this; looking first covers every Keras that edgekit runs with, and
says it in words. Nothing of the file is executed here.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from edgekit.errors import ModelError

# layers whose configuration is, or points at, code to run
_CODE_LAYERS = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_MAXIMUM_EXPANSION = 20  # unpacked bytes for each byte of the file; float weights hardly compress
_HARMLESS_SIZE = 1 << 26  # bytes

NOT_WHOLE = "Copy or save the file again."
REFUSED = (
    "edgekit never runs code from a model file. Rebuild the layer from Keras' own layers and save again."
)


def check_keras_archive(path: Path) -> None:
    """Check a `.keras` file.

    Raises:
        ModelError: Not an archive, truncated, damaged, one that unpacks to far more than it is, or with
            code in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = sum(info.file_size for info in archive.infolist())
            _check_expansion(path, sizes)
            if (broken := archive.testzip()) is not None:
                raise ModelError(f"{path} is damaged: {broken} does not match its checksum.", NOT_WHOLE)
            config = archive.read("config.json")
    except zipfile.BadZipFile as error:
        raise ModelError(f"{path} is not a whole Keras file: {error}.", NOT_WHOLE) from error
    except KeyError as error:
        raise ModelError(f"{path} is a zip archive, but not of a Keras model.", "Check the path.") from error
    except (NotImplementedError, RuntimeError, EOFError) as error:  # odd compression, encrypted
        raise ModelError(f"{path} cannot be unpacked: {error}.", NOT_WHOLE) from error
    _check_config(path, config)


def check_h5(path: Path) -> None:
    """Check a Keras HDF5 file.

    Raises:
        ModelError: Truncated, damaged, weights without a model, or with code in it.
    """
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            declared = 0

            def add(_: str, item: Any) -> None:
                nonlocal declared
                declared += item.nbytes if isinstance(item, h5py.Dataset) else 0

            file.visititems(add)
            config = file.attrs.get("model_config")
    except (OSError, RuntimeError, KeyError) as error:
        raise ModelError(f"{path} is not a whole HDF5 file: {error}.", NOT_WHOLE) from error
    _check_expansion(path, declared)
    if config is None:
        raise ModelError(
            f"{path} holds weights, but no model.",
            "Name the model too: edgekit convert mobilenet_v1 --alpha … --resolution … --classes … "
            f"--weights {path}",
        )
    _check_config(path, config)


def _check_expansion(path: Path, declared: int) -> None:
    size = path.stat().st_size
    if declared > max(_HARMLESS_SIZE, _MAXIMUM_EXPANSION * size):
        raise ModelError(
            f"{path} is refused: its {size:,} bytes would unpack to {declared:,}.",
            "Save the model without compression.",
        )


def _check_config(path: Path, text: bytes | str) -> None:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: its configuration is not JSON.", NOT_WHOLE) from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} is damaged: its configuration describes no model.", NOT_WHOLE)
    if (layer := _find_code(config)) is not None:
        raise ModelError(f"{path} is refused: {layer} may carry arbitrary code.", REFUSED)


def _find_code(config: object) -> str | None:
    """Walk a configuration; return a description of the first layer that may run code."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            kind = item.get("class_name")
            inner = item.get("config")
            if kind in _CODE_LAYERS or kind == "__lambda__":
                name = inner.get("name") if isinstance(inner, dict) else None
                return f"its {kind} layer {name!r}" if name else f"its {kind}"
            waiting.extend(item.values())
    return None
