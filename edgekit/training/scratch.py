"""Where a training writes in addition to its checkpoint."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.errors import StorageError

_BYTES = 4 * 4  # for each parameter: float32 weight, AdamW's two moments, and one to spare
_OTHER = 1 << 20  # bytes of the file that are not weights


@contextmanager
def scratch_folder(parameters: int) -> Iterator[Path]:
    """Yield a temporary folder with room for a model and its optimizer, and remove it afterwards.

    Room is looked for before: HDF5 ends the whole process when the disk becomes full under it.

    Raises:
        StorageError: There is no temporary folder, or too little room in it.
    """
    needed = _BYTES * parameters + _OTHER
    try:
        folder = tempfile.TemporaryDirectory()
    except OSError as error:
        raise StorageError(
            f"No temporary folder can be made: {error.strerror}.", "Set TMPDIR to a folder with room."
        ) from error
    with folder as name:
        if (free := shutil.disk_usage(name).free) < needed:
            raise StorageError(
                f"The disk is full: {name} has {free:,} bytes free, saving the model takes up to {needed:,}.",
                "Free some space, or set TMPDIR to a folder with room.",
            )
        yield Path(name)
