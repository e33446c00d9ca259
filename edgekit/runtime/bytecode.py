"""Python files compiled ahead, by an interpreter of the version that will import them.

A device would compile numpy anew in every process (1.3 billion instructions), because nothing is written
next to what was pushed. Checked neither by time nor by hash, bytecode stays valid wherever it is copied to.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from edgekit.lookup import tool_folders
from edgekit.progress import Progress


def compile_ahead(folder: Path, python: str, progress: Progress) -> None:
    """Compile every Python file in a folder; leave it as it is where this computer has no such Python.

    Args:
        folder: What a device will import from.
        python: The version that will: 3.11.
        progress: Receives a note of what is missing.
    """
    interpreter = find_interpreter(python)
    if interpreter:
        progress.step(f"Compiling for Python {python}")
        command = [interpreter, "-I", "-S", "-B", "-m", "compileall", "-q", "-j", "0"]
        command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), str(folder)]
        # nothing imports a file that does not compile
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if not any(folder.rglob("*.pyc")):
        progress.note(
            f"This computer has no Python {python} to compile ahead with, so programs start more slowly on "
            "the device. Install it, then: edgekit runtime clean"
        )


def find_interpreter(python: str) -> str | None:
    """Return this computer's CPython of a version such as 3.11, None if it has none."""
    if python == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    from uv import find_uv_bin

    command = [find_uv_bin(), "python", "find", "--no-python-downloads", "--no-project", f"cpython@{python}"]
    # elsewhere than in the project that edgekit runs in: its settings do not count here
    done = subprocess.run(
        command,
        cwd=os.sep,
        env={**tool_folders(), **os.environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None
