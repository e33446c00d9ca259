"""Runtime bundles: a folder of unpacked wheels for one Python and platform, kept in the cache."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec

from edgekit.errors import RuntimeMissingError, StorageError
from edgekit.files import noexec
from edgekit.lookup import CACHE_ELSEWHERE, cache_folder
from edgekit.progress import SILENT, Progress
from edgekit.runtime import store
from edgekit.runtime.bytecode import compile_ahead
from edgekit.runtime.catalogue import RuntimeSpec, number, requirements
from edgekit.runtime.glibc import needed_glibc
from edgekit.runtime.store import Bundle, Contents
from edgekit.runtime.support import instead, refusal
from edgekit.runtime.target import PythonTarget
from edgekit.runtime.trim import UNUSED, trim
from edgekit.runtime.wheels import install_wheels, installer
from edgekit.words import last_line

# Imports the runtime, then compiles what that imported. Checked neither by time nor by hash, such
# bytecode stays valid wherever the bundle is copied to.
_PROVE = """
import os, sys
from py_compile import PycInvalidationMode, compile
folder, module = sys.argv[1:]
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.path.insert(0, folder)
__import__(module)
for file in [getattr(m, "__file__", None) or "" for m in list(sys.modules.values())]:
    if file.startswith(folder) and file.endswith(".py"):
        name = file[len(folder) + 1 :]
        compile(file, dfile=name, doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
"""


def ensure_bundle(spec: RuntimeSpec, target: PythonTarget, progress: Progress = SILENT) -> Bundle:
    """Return the bundle of a runtime for a target, building it if it is not in the cache.

    One bundle serves many devices; the target in the record returned is the one asked for.

    Raises:
        RuntimeMissingError: It is not available: no such version, no wheel for that Python, no network.
        StorageError: The cache cannot be written, or nothing in it may be executed.
    """
    if refused := refusal(spec, target):
        raise refused
    needed = requirements(spec, target)
    if needed is None:
        raise RuntimeMissingError(f"{spec} has no wheels for {target}.", instead(spec, target))
    if target.executable and noexec(cache_folder()):
        raise StorageError(
            f"{cache_folder()} is mounted noexec: {spec} cannot be loaded from there.",
            f"{CACHE_ELSEWHERE[0].upper()}{CACHE_ELSEWHERE[1:]}.",
        )
    version = needed[0].partition("==")[2]
    trimmed = () if target.executable else UNUSED
    decisive = (needed, target.tag, target.platform, trimmed)
    folder = store.place(spec.kind.name, version, target.python, *decisive)

    def fill(staging: Path) -> Contents:
        progress.step(f"Fetching {spec.kind.name} {version} for {target}")
        return _fill(staging, spec, needed, target, progress)

    try:
        bundle = store.stored(folder, fill)
    except RuntimeMissingError as error:
        raise RuntimeMissingError(error.what, error.hint or instead(spec, target)) from error
    least = bundle.record.glibc
    if target.glibc and number(least or "0") > number(target.glibc):
        raise RuntimeMissingError(
            f"{bundle} needs the C library glibc {least} or newer; the device has {target.glibc}.",
            instead(spec, target),
        )
    return Bundle(bundle.folder, msgspec.structs.replace(bundle.record, target=target))


def installed(folder: Path) -> dict[str, str]:
    """Return the version of every distribution in a folder, by name."""
    from importlib.metadata import distributions

    found = {item.name.lower().replace("_", "-"): item.version for item in distributions(path=[str(folder)])}
    return dict(sorted(found.items()))


def _fill(
    folder: Path, spec: RuntimeSpec, needed: tuple[str, ...], target: PythonTarget, progress: Progress
) -> Contents:
    install_wheels(folder, needed, target, str(spec))
    found = installed(folder)
    _check_pins(needed, found, target)
    if target.executable:
        _prove(folder, spec, target)
    else:
        trim(folder)
        compile_ahead(folder, target.python, progress)
    resolved = tuple(f"{name}=={release}" for name, release in found.items())
    # on this computer the import has shown it
    least = "" if target.executable else needed_glibc(folder)
    # what only this device has is not part of the bundle
    built_for = msgspec.structs.replace(target, kernel="", glibc="", numpy="", numpy_version="")
    return Contents(spec.kind.name, found[spec.kind.package], resolved, built_for, least)


def _check_pins(needed: tuple[str, ...], found: dict[str, str], target: PythonTarget) -> None:
    """Refuse a folder that holds other versions than were asked for: some setting decided."""
    from packaging.requirements import Requirement

    for pin in needed:
        asked = Requirement(pin)
        version = found.get(asked.name)
        if version is None or not asked.specifier.contains(version, prereleases=True):
            raise RuntimeMissingError(
                f"{pin} was asked for, and {installer(target)} installed {version or 'nothing'}.",
                "Remove what overrides versions from its settings: uv.toml, pip.conf, or UV_… and PIP_… in "
                "the environment.",
            )


def _prove(folder: Path, spec: RuntimeSpec, target: PythonTarget) -> None:
    """Import the runtime in the Python it is for, and leave compiled bytecode behind."""
    command = [target.executable, "-I", "-S", "-B", "-c", _PROVE, str(folder), spec.kind.module]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeMissingError(f"{spec} cannot be imported by {target}: {last_line(done.stderr)}")
