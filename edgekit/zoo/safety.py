"""Looking into a model file before Keras does: is it whole, and does it carry code?

Keras' own safe mode refuses much of this; looking first covers every Keras that edgekit runs with, and
says it in words. Nothing of the file is executed here.
"""

from __future__ import annotations

import json
import shlex
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from edgekit.errors import ModelError

# layers whose configuration is, or points at, code to run
_CODE_LAYERS = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_MAXIMUM_EXPANSION = 20  # unpacked bytes for each byte of the file; float weights hardly compress
_HARMLESS_SIZE = 1 << 26  # bytes

NOT_WHOLE = "Copy or save the file again."
REFUSED = (  # of a SavedModel
    "edgekit never runs code from a model file. Rebuild the layer from Keras' own layers and save again."
)


@dataclass(frozen=True)
class Header:
    """What a Keras file says of itself."""

    version: str  # of the Keras that wrote it; empty: not stated, as before Keras 2
    config: dict[str, Any]  # the model, as JSON


def refuse_code(path: Path, what: str) -> NoReturn:
    """Refuse a file with something in it that may do more than compute."""
    raise ModelError(f"{path} is refused: {what} may carry arbitrary code.", _way_out(path))


def own_layer(path: Path, item: dict[str, Any]) -> NoReturn:
    """Refuse a file with something in it that is not part of Keras, such as a registered layer."""
    raise ModelError(
        f"{path} needs {item.get('registered_name') or item['class_name']!r}, which is not Keras' own; its "
        "code is not in the file.",
        _way_out(path),
    )


def _way_out(path: Path) -> str:
    folder = f"{path.stem}_exported"
    return (
        "edgekit never runs code from a model file. Where the model was made, write its graph without code: "
        f"model.export({folder!r}). Then: edgekit convert {shlex.quote(folder)}"
    )


def check_keras_archive(path: Path) -> Header:
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
            metadata = archive.read("metadata.json") if "metadata.json" in archive.namelist() else b"{}"
            for name in archive.namelist():
                if name.endswith(".h5"):
                    with archive.open(name) as weights:
                        _check_hdf5(path, weights)
    except zipfile.BadZipFile as error:
        raise ModelError(f"{path} is not a whole Keras file: {error}.", NOT_WHOLE) from error
    except KeyError as error:
        raise ModelError(f"{path} is a zip archive, but not of a Keras model.", "Check the path.") from error
    except (NotImplementedError, RuntimeError, EOFError) as error:  # odd compression, encrypted
        raise ModelError(f"{path} cannot be unpacked: {error}.", NOT_WHOLE) from error
    written = _json(path, metadata)
    return _header(path, str(written.get("keras_version") or "3"), _json(path, config))


def check_h5(path: Path) -> Header:
    """Check a Keras HDF5 file.

    Raises:
        ModelError: Truncated, damaged, weights without a model, or with code in it.
    """
    attributes = _check_hdf5(path, path)
    config, version = attributes.get("model_config"), attributes.get("keras_version", b"")
    if config is None:
        raise ModelError(
            f"{path} holds weights, but no model.",
            "Name the model too: edgekit convert mobilenet_v1 --alpha … --resolution … --classes … "
            f"--weights {path}",
        )
    return _header(
        path, version.decode() if isinstance(version, bytes) else str(version), _json(path, config)
    )


def _check_hdf5(path: Path, file: Path | IO[bytes]) -> dict[str, Any]:
    """Check the HDF5 file in `file`, which is or is part of the file at `path`; return its attributes."""
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(file, "r") as opened:
            items = list(_hdf5_items(opened))
            attributes = dict(opened.attrs)
            declared = sum(item.nbytes for item in items if isinstance(item, h5py.Dataset))
            outside = [
                item
                for item in items
                if isinstance(item, h5py.ExternalLink)
                or (isinstance(item, h5py.Dataset) and (item.external or item.is_virtual))
            ]
    except (OSError, RuntimeError, KeyError) as error:
        raise ModelError(f"{path} is not a whole HDF5 file: {error}.", NOT_WHOLE) from error
    if outside:
        raise ModelError(f"{path} is refused: it refers to other files.", "Save the model again with Keras.")
    _check_expansion(path, declared)
    return attributes


def _hdf5_items(group: Any) -> Iterator[Any]:
    """Yield what is in a group at any depth, and the links that lead elsewhere; no link is followed."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.HardLink):
            item = group[name]
            yield item
            if isinstance(item, h5py.Group):
                yield from _hdf5_items(item)
        else:
            yield link


def _check_expansion(path: Path, declared: int) -> None:
    size = path.stat().st_size
    if declared > max(_HARMLESS_SIZE, _MAXIMUM_EXPANSION * size):
        raise ModelError(
            f"{path} is refused: its {size:,} bytes would unpack to {declared:,}.",
            "Save the model without compression.",
        )


def _json(path: Path, text: bytes | str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: its configuration is not JSON.", NOT_WHOLE) from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} is damaged: its configuration describes no model.", NOT_WHOLE)
    return config


def _header(path: Path, version: str, config: dict[str, Any]) -> Header:
    """Refuse a configuration with code in it, or with what is not part of Keras."""
    for item in described(config):
        kind, inner = item.get("class_name"), item.get("config")
        if kind in _CODE_LAYERS or kind == "__lambda__":
            name = inner.get("name") if isinstance(inner, dict) else None
            refuse_code(path, f"its {kind} layer {name!r}" if name else f"its {kind}")
    for item in described({key: value for key, value in config.items() if key != "compile_config"}):
        if str(item.get("module") or "keras").split(".")[0] not in ("keras", "tf_keras", "builtins"):
            own_layer(path, item)
    return Header(version, config)


def described(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield everything in a configuration that stands for an object, at any depth."""
    waiting: list[Any] = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            if "class_name" in item:
                yield item
            waiting.extend(item.values())
