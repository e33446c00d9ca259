"""Where results are kept: `results/20260102T030405Z-SET-DEVICE.json`."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from edgekit.results import Result, write_result


def result_path(folder: Path, result: Result) -> Path:
    """Return an unused name for a new result."""
    when = re.sub(r"[-:]", "", result.created)
    sets = dict.fromkeys(measurement.artefact.set for measurement in result.measurements)
    stem = "-".join([when, "+".join(sets) or "nothing", result.device.profile])
    # file systems allow 255 bytes; writing the file whole needs some of them
    stem = re.sub(r"[^\w.+-]+", "_", stem).encode()[:150].decode(errors="ignore")
    candidates = (folder / f"{stem}{f'-{n}' if n > 1 else ''}.json" for n in count(1))
    return next(path for path in candidates if not path.exists())


def save_result(result: Result, folder: Path = Path("results")) -> Path:
    """Write a result under a new name and return its path.

    Raises:
        StorageError: The folder cannot be written; no trace is left.
    """
    path = result_path(folder, result)
    write_result(path, result)
    return path
