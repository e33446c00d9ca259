"""A flock for roots made of Debian's busybox, which has none; Android's toybox and most others have."""

from __future__ import annotations

from pathlib import Path

PACKAGES = ("util-linux", "libc6")
_FILES = ("bin/flock", "libc.so.6", "ld-linux-aarch64.so.1")
_PLACE = "lab"  # the C library is where nothing else finds it


def take(unpacked: Path) -> dict[str, bytes]:
    """Read what is needed of it from unpacked packages."""
    return {
        name: next(path for path in unpacked.glob(f"**/{name}") if path.is_file()).read_bytes()
        for name in _FILES
    }


def put(root: Path, files: dict[str, bytes], program: Path, shell: str) -> None:
    """Write it into a root.

    Args:
        root: The root.
        files: From `take`.
        program: Where it is to be found.
        shell: The root's shell.
    """
    (root / _PLACE).mkdir()
    for name, content in files.items():
        _executable(root / _PLACE / Path(name).name, content)
    start = f"/{_PLACE}/ld-linux-aarch64.so.1 --library-path /{_PLACE} /{_PLACE}/flock"
    _executable(program, f'#!{shell}\nexec {start} "$@"\n'.encode())


def _executable(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)
