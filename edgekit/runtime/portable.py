"""A Python that runs from any folder of any Linux: for Android, and for boards without a Python.

It is Debian's own, with its own C library and loader next to it, so that nothing of the device's is used.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgekit.debian import fetch_packages, first_offered
from edgekit.errors import RuntimeMissingError, UsageError
from edgekit.progress import SILENT, Progress
from edgekit.runtime import store
from edgekit.runtime.bytecode import compile_ahead
from edgekit.runtime.store import Bundle, Contents
from edgekit.runtime.target import PythonTarget, wheel_platform

NAME = "python"

# `uname -m`: Debian's name of the architecture, the loader's of the file
_MACHINES = {"aarch64": ("arm64", "ld-linux-aarch64.so.1")}

# those that Debian 12 and 13 have, the one that has every runtime first
PYTHONS = ("3.11", "3.13")

# in addition to Python's own: the C and C++ libraries, for numpy and the runtimes, and what its modules load
_PACKAGES = ("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "libffi8")
_LIBRARIES = (
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libz.so.1",
    "libexpat.so.1",
    "libffi.so.8",
)

_UNUSED = (
    "__phello__*",
    "_distutils_system_mod.py",
    "asyncio",
    "config-*",
    "curses",
    "dbm",
    "distutils",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "sqlite3",
    "test",
    "tkinter",
    "turtle*",
    "venv",
    "wsgiref",
    "xmlrpc",
    # modules without what they use; Python does without them
    "lib-dynload/_asyncio.*",
    "lib-dynload/_bz2.*",
    "lib-dynload/_crypt.*",
    "lib-dynload/_curses*",
    "lib-dynload/_dbm.*",
    "lib-dynload/_gdbm.*",
    "lib-dynload/_hashlib.*",
    "lib-dynload/_lzma.*",
    "lib-dynload/_sqlite3.*",
    "lib-dynload/_ssl.*",
    "lib-dynload/_tkinter.*",
    "lib-dynload/_uuid.*",
    "lib-dynload/nis.*",
    "lib-dynload/readline.*",
    # and what only tests and old encodings need
    "lib-dynload/_codecs_*",
    "lib-dynload/_*test*",
    "lib-dynload/_xx*",
    "lib-dynload/xx*",
)


class Portable(msgspec.Struct, frozen=True):
    """A portable Python that is whole."""

    bundle: Bundle

    @property
    def folder(self) -> Path:
        """Where it is on this computer."""
        return self.bundle.folder

    @property
    def seal(self) -> str:
        """The hash of everything in it."""
        return self.bundle.record.seal

    @property
    def bytes(self) -> int:
        """How big it is, unpacked."""
        return self.bundle.record.bytes

    @property
    def target(self) -> PythonTarget:
        """What its bundles are built for."""
        return self.bundle.record.target

    def argv(self, place: str) -> tuple[str, ...]:
        """Return the command that starts it on a device; Python's own arguments follow.

        Args:
            place: The folder it was pushed to.

        Raises:
            UsageError: The loader would read that folder's name as something else.
        """
        if re.search(r"[:;]|\$\{?(ORIGIN|LIB|PLATFORM)", place):
            raise UsageError(
                f"The portable Python cannot run from the folder {place!r}: its loader gives ':', ';' and "
                "'$' a meaning.",
                "Name another `folder` in the device's profile.",
            )
        loader = _MACHINES[self.target.machine][1]
        library = f"{place}/lib"
        return (
            f"{library}/{loader}",
            "--inhibit-cache",
            "--library-path",
            library,
            f"{place}/bin/python{self.target.python}",
            "-X",
            "utf8",
        )


def has_portable(machine: str) -> bool:
    """Return whether there is a portable Python for a machine, as `uname -m` has it."""
    return machine in _MACHINES


def ensure_portable(machine: str, progress: Progress = SILENT) -> Portable:
    """Return the portable Python for a machine, building it if it is not in the cache.

    Args:
        machine: As `uname -m` has it.
        progress: Receives the steps of the download.

    Raises:
        RuntimeMissingError: There is none for that machine, or this computer cannot fetch it.
        StorageError: The cache cannot be written.
    """
    if not has_portable(machine):
        raise RuntimeMissingError(
            f"There is no portable Python for {machine or 'an unknown machine'}; there is one for "
            f"{', '.join(_MACHINES)}.",
            "Give an Android emulator an arm64-v8a system image; install Python 3.9 or newer elsewhere."
            if machine == "x86_64"
            else "Install Python 3.9 or newer on the device, or use a 64-bit system on it.",
        )
    for python in PYTHONS:
        if found := store.read(_place(machine, python)):
            return Portable(found)
    architecture = _MACHINES[machine][0]
    names = {f"python{python}-minimal": python for python in PYTHONS}
    offered = first_offered(list(names), architecture, progress)
    if offered is None:
        raise RuntimeMissingError(
            f"This computer's package sources have none of {', '.join(names)} for {architecture}.",
            "Run this once on Debian 12 or in its container, or add it to the sources (man sources.list).",
        )
    python = names[offered]

    def fill(folder: Path) -> Contents:
        return _fill(folder, machine, python, progress)

    return Portable(store.stored(_place(machine, python), fill))


def _place(machine: str, python: str) -> Path:
    return store.place(NAME, machine, python, _PACKAGES, _LIBRARIES, _UNUSED)


def _fill(folder: Path, machine: str, python: str, progress: Progress) -> Contents:
    architecture, loader = _MACHINES[machine]
    unpacked = folder / "packages"
    versions = fetch_packages(packages(python), architecture, unpacked, progress)
    progress.step(f"Making Python {python} portable")
    for library in (loader, *_LIBRARIES):
        _copy(_find(unpacked, library), folder / "lib" / library)
    _copy(_find(unpacked, f"python{python}"), folder / "bin" / f"python{python}")
    _copy_modules(_find(unpacked, "os.py").parent, folder / "lib" / f"python{python}")
    shutil.rmtree(unpacked)
    compile_ahead(folder, python, progress)
    pins = tuple(f"{name}=={version}" for name, version in sorted(versions.items()))
    release = versions[f"python{python}-minimal"].partition("-")[0]
    glibc = ".".join(re.findall(r"\d+", versions["libc6"])[:2])
    tag = f"cpython-{python.replace('.', '')}-{machine}-linux-gnu"
    target = PythonTarget(
        python, tag, platform=wheel_platform(machine), machine=machine, kernel=machine, glibc=glibc
    )
    return Contents(NAME, release, pins, target)


def packages(python: str) -> Sequence[str]:
    """Debian's packages that make up a portable Python."""
    own = (f"python{python}-minimal", f"libpython{python}-minimal", f"libpython{python}-stdlib")
    return (*_PACKAGES, *own)


def _find(folder: Path, name: str) -> Path:
    """Find a file wherever this Debian keeps it: /lib or /usr/lib."""
    found = next((path for path in sorted(folder.rglob(name)) if path.is_file()), None)
    if found is None:
        raise RuntimeMissingError(
            f"Debian's packages hold no {name}: this release is not one that edgekit knows.",
            "Run this once on Debian 12 or in its container.",
        )
    return found


def _copy(source: Path, target: Path) -> None:
    """Copy the file that a name leads to: links do not survive on every device's file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _copy_modules(source: Path, target: Path) -> None:
    """Copy the standard library without what is not used."""
    unused = {path for pattern in _UNUSED for path in source.glob(pattern)}
    # a link to a file in /etc means the device's: what this computer has there is another's
    unused |= {path for path in source.rglob("*") if path.is_symlink() and path.readlink().is_absolute()}

    def ignore(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if Path(folder) / name in unused}

    shutil.copytree(source, target, ignore=ignore)
