"""Loading a model file that somebody else may have made."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from edgekit.errors import EdgekitError, ModelError
from edgekit.quiet import import_tensorflow
from edgekit.words import first_line
from edgekit.zoo.keras2 import is_keras2, load_keras2
from edgekit.zoo.safety import NOT_WHOLE, check_h5, check_keras_archive

_LONG = 200  # characters of another tool's message
WEIGHTS_SUFFIX = ".weights.h5"
_READABLE = "edgekit reads .keras, .h5 and SavedModel folders; for a converted file, name its original."
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_MAGIC = {".keras": (_ZIP, _HDF5), ".h5": (_HDF5,), ".hdf5": (_HDF5,)}  # Keras 2 named HDF5 files .keras too


def load_model(path: Path) -> Any:
    """Load a Keras model from a `.keras` or `.h5` file or a SavedModel folder, uncompiled.

    Nothing in the file is trusted: one that carries code is refused before Keras sees it. A SavedModel
    becomes a Keras model of one layer, for inference only.

    Raises:
        ModelError: Missing, not a model, damaged, made with layers Keras does not know, or unsafe.
    """
    check_exists(path)
    if path.is_dir():
        from edgekit.zoo.saved_model import load_saved_model

        return load_saved_model(path)
    is_archive = _start(path).startswith(_ZIP)
    header = check_keras_archive(path) if is_archive else check_h5(path)
    import_tensorflow()
    import keras

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the optimizer, which is not wanted
            if is_keras2(header.version):
                return load_keras2(path, header)
            return keras.models.load_model(path, compile=False, safe_mode=True)
    except EdgekitError:
        raise
    except Exception as error:  # Keras raises whatever the file makes its layers raise
        raise ModelError(
            f"{path} cannot be loaded: {_reason(error)}",
            "If it has layers of your own, save it with `model.export(folder)` and name that folder.",
        ) from error


def _reason(error: Exception) -> str:
    """What went wrong as one short sentence: Keras adds the whole configuration, thousands of words."""
    text = re.split(r"\s*(?:Full object config|config)\s?[:=]", first_line(error))[0]
    return text if len(text) <= _LONG else f"{text[:_LONG].rsplit(' ', 1)[0]} …"


def check_exists(path: Path) -> None:
    """Raise a ModelError if there is nothing at `path`, or nothing readable."""
    try:
        if path.is_file():
            path.open("rb").close()
        elif not path.is_dir():
            raise ModelError(f"There is no file {path}.", "Check the path.")
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error


def _start(path: Path) -> bytes:
    """Return a file's first bytes, compared with what its name says."""
    suffix = path.suffix.lower()
    if suffix not in _MAGIC:
        raise ModelError(f"{path} is not a Keras model by its name.", _READABLE)
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise ModelError(f"{path} is empty.", NOT_WHOLE)
    if not start.startswith(_MAGIC[suffix]):
        raise ModelError(f"{path} is not a Keras file: it begins with {start!r}.", _READABLE)
    return start
