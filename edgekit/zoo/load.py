"""Loading a model file that somebody else may have made."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from edgekit.errors import ModelError
from edgekit.quiet import import_tensorflow
from edgekit.words import first_line
from edgekit.zoo.safety import NOT_WHOLE, check_h5, check_keras_archive

WEIGHTS_SUFFIX = ".weights.h5"
_READABLE = "edgekit reads .keras, .h5 and SavedModel folders; for a converted file, name its original."
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_MAGIC = {".keras": _ZIP, ".h5": _HDF5, ".hdf5": _HDF5}


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
    _check_kind(path)
    check = check_keras_archive if path.suffix.lower() == ".keras" else check_h5
    check(path)
    import_tensorflow()
    import keras

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the optimizer, which is not wanted
            return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the file makes its layers raise
        raise ModelError(
            f"{path} cannot be loaded: {first_line(error)}",
            "If it has layers of your own, save it with `model.export(folder)` and name that folder.",
        ) from error


def check_exists(path: Path) -> None:
    """Raise a ModelError if there is nothing at `path`, or nothing readable."""
    try:
        if path.is_file():
            path.open("rb").close()
        elif not path.is_dir():
            raise ModelError(f"There is no file {path}.", "Check the path.")
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error


def _check_kind(path: Path) -> None:
    """Compare what the file's name says with what its first bytes say."""
    suffix = path.suffix.lower()
    if suffix not in _MAGIC:
        raise ModelError(f"{path} is not a Keras model by its name.", _READABLE)
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise ModelError(f"{path} is empty.", NOT_WHOLE)
    if not start.startswith(_MAGIC[suffix]):
        raise ModelError(f"{path} is not a Keras file: it begins with {start!r}.", _READABLE)
