"""Options as people type them, read into what the stages take; and the files meant when none is named."""

from __future__ import annotations

from pathlib import Path

from edgekit.artefact import MANIFEST
from edgekit.errors import UsageError

ALL = "all"
_ALL_CPUS = 0  # as a number of threads


def threads_of(text: str) -> tuple[int, ...]:
    """Read `1,4,all`.

    Raises:
        UsageError: Something is neither a number of at least 1 nor `all`.
    """
    counts = [ALL if part.strip() == ALL else part for part in text.split(",")]
    named = (
        numbers(",".join(part for part in counts if part != ALL), "--threads") if set(counts) - {ALL} else ()
    )
    if 0 in named:
        raise UsageError("--threads 0 is not possible.", "Give numbers of at least 1, or `all`.")
    return named + (_ALL_CPUS,) * (ALL in counts)


def numbers(text: str, option: str) -> tuple[int, ...]:
    """Read whole numbers separated by commas.

    Raises:
        UsageError: Something is no whole number of at least 0.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise UsageError(f"{option} {text!r} is not a list of whole numbers.", f"Write {option} 1,2.")
    return tuple(dict.fromkeys(int(part) for part in parts))


def newest_set() -> Path:
    """Return the artefact set that was made last under artefacts/.

    Raises:
        UsageError: There is none.
    """
    return _newest(
        Path("artefacts"), f"*/{MANIFEST}", "artefact set", "edgekit convert --alpha 0.5 --int8"
    ).parent


def newest_result() -> Path:
    """Return the result that was measured last under results/.

    Raises:
        UsageError: There is none.
    """
    return _newest(Path("results"), "*.json", "result", "edgekit bench")


def _newest(folder: Path, pattern: str, what: str, command: str) -> Path:
    found = [path for path in folder.glob(pattern) if not path.parent.name.startswith(".")]
    if not found:
        raise UsageError(f"No {what} is named, and {folder}/ holds none.", f"Make one: {command}")
    return max(found, key=lambda path: path.stat().st_mtime)
