"""A fault of edgekit's own: one sentence, a log with what there is to know, and an exit code that says so."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from contextlib import suppress
from pathlib import Path

EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h: no verdict on what was asked for
KEPT = 20  # logs; a fault in a loop fills no disk
_TOOLS = ("typer", "rich", "msgspec", "numpy", "tensorflow", "keras", "onnx", "onnxruntime")


def show_crash(error: BaseException) -> int:
    """Say that edgekit failed, and where its log is; return the exit code. Nothing is raised here."""
    name = f"{type(error).__name__}: {error}".strip().splitlines()[0].removesuffix(".")
    with suppress(Exception):  # the sentence first: what follows may fail for the reason that edgekit did
        sys.stderr.write(f"Error: edgekit itself failed: {name}.\n")
        log = _log(error)
        try:
            path = _write(log)
        except OSError as reason:
            said = f"Please report it with what follows, as no log could be written: {reason}.\n{log}"
        else:
            said = f"Please report it, with the log (it contains names of your files): {path}"
        sys.stderr.write(f"{said}\n")
    return EXIT_CODE


def _log(error: BaseException) -> str:
    """Everything that a report should have."""
    import shlex

    from edgekit import __version__

    return "\n".join(
        [
            f"edgekit {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"Command: {shlex.join(['edgekit', *sys.argv[1:]])}",
            f"Output: {getattr(sys.stdout, 'encoding', None)}, file names: {sys.getfilesystemencoding()}",
            f"With: {', '.join(_versions())}",
            "",
            "".join(traceback.format_exception(type(error), error, error.__traceback__)),
        ]
    )


def _versions() -> list[str]:
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for tool in _TOOLS:
        with suppress(PackageNotFoundError):
            found.append(f"{tool} {version(tool)}")
    return found


def _write(log: str) -> Path:
    """Write a log of its own next to the latest ones; the oldest go."""
    import time

    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    path.write_text(log, encoding="utf-8", errors="backslashreplace")
    for old in sorted(folder.glob("*.log"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def _folder() -> Path:
    if cache := os.environ.get("EDGEKIT_CACHE"):
        return Path(cache).absolute() / "log"
    from platformdirs import user_log_path

    return user_log_path("edgekit", appauthor=False)
