"""Runtime bundles: a folder of unpacked wheels for one Python and platform, kept in the cache.

A bundle's folder is named after what it was built from; `bundle.json` inside records what it holds. A
bundle is used only if every file in it still has the content it was built with.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from edgekit.errors import EdgekitError, RuntimeMissingError, StorageError
from edgekit.files import new_folder, sha256_bytes, sha256_file, storage_errors
from edgekit.lookup import cache_folder
from edgekit.progress import SILENT, Progress
from edgekit.runtime.catalogue import RuntimeSpec, default_version, pythons, requirements
from edgekit.runtime.target import Target
from edgekit.runtime.wheels import install_wheels
from edgekit.schema import decode_record, write_record

RECORD = "bundle.json"
SCHEMA = "edgekit.bundle/1"

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


class BundleRecord(msgspec.Struct, frozen=True):
    """What bundle.json says."""

    schema: str
    runtime: str
    version: str
    requirements: tuple[str, ...]
    target: Target
    bytes: int
    sha256: str  # of everything the wheels hold; the same on every computer
    seal: str  # of every file, compiled bytecode included


class Bundle(msgspec.Struct, frozen=True):
    """A bundle that is whole."""

    folder: Path
    record: BundleRecord

    def __str__(self) -> str:
        return f"{self.record.runtime} {self.record.version}"


def ensure_bundle(spec: RuntimeSpec, target: Target, progress: Progress = SILENT) -> Bundle:
    """Return the bundle of a runtime for a target, building it if it is not in the cache.

    Raises:
        RuntimeMissingError: It cannot be had: no such version, no wheel for that Python, no network.
        StorageError: The cache cannot be written.
    """
    needed = requirements(spec, target.python)
    if needed is None:
        raise RuntimeMissingError(
            f"{spec} has no wheels for {target}; it exists for Python {pythons(spec.kind)}.", _instead(spec)
        )
    folder = bundle_folder(spec, target, needed)
    found = _read(folder)
    if found:
        return found
    version = needed[0].partition("==")[2]
    progress.step(f"Fetching {spec.kind.name} {version} for {target}")
    try:
        with _lock(folder):
            # another edgekit may have built it while this one waited
            return _read(folder) or _build(folder, spec, needed, target)
    except RuntimeMissingError as error:
        raise RuntimeMissingError(error.what, error.hint or _known(spec, target)) from error
    except StorageError as error:
        raise StorageError(
            error.what, "Free some space, or keep the bundles elsewhere: set EDGEKIT_CACHE."
        ) from error


def bundle_folder(spec: RuntimeSpec, target: Target, needed: tuple[str, ...]) -> Path:
    """Where a bundle lies: its name hashes all that decides what is in it."""
    key = sha256_bytes(msgspec.json.encode([SCHEMA, needed, target.tag, target.platform]))[:12]
    version = needed[0].partition("==")[2]
    return _cache() / f"{spec.kind.name}-{version}-py{target.python}-{key}"


def list_bundles() -> tuple[Bundle, ...]:
    """Return the bundles in the cache that are whole."""
    folders = sorted(_cache().iterdir()) if _cache().is_dir() else []
    return tuple(bundle for folder in folders if (bundle := _read(folder)))


def remove_bundles() -> int:
    """Empty the cache of bundles, whole or not; return the bytes that this freed."""
    freed = sum(path.stat().st_size for path in _cache().rglob("*") if path.is_file())
    with storage_errors(_cache()), suppress(FileNotFoundError):
        shutil.rmtree(_cache())
    return freed


def installed(folder: Path) -> dict[str, str]:
    """Return the version of every distribution in a folder, by name."""
    from importlib.metadata import distributions

    found = {item.name.lower().replace("_", "-"): item.version for item in distributions(path=[str(folder)])}
    return dict(sorted(found.items()))


def folder_hash(folder: Path, *, bytecode: bool = True) -> str:
    """Hash every file of a folder with its path, except the record itself."""
    lines = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != RECORD and (bytecode or "__pycache__" not in path.parts):
            lines.append(f"{name} {sha256_file(path)}")
    return sha256_bytes("\n".join(lines).encode())


def _cache() -> Path:
    return cache_folder() / "runtimes"


def _read(folder: Path) -> Bundle | None:
    """Return a bundle if it is there and every byte of it is the one that was built."""
    if not (folder / RECORD).is_file():
        return None
    try:
        record = decode_record(folder / RECORD, BundleRecord, SCHEMA)
        return Bundle(folder, record) if folder_hash(folder) == record.seal else None
    except (EdgekitError, OSError):
        return None


def _build(folder: Path, spec: RuntimeSpec, needed: tuple[str, ...], target: Target) -> Bundle:
    with new_folder(folder) as staging:
        install_wheels(staging, needed, target, str(spec))
        found = installed(staging)
        _check_pins(needed, found)
        version = found[spec.kind.package]
        if target.executable:
            _prove(staging, spec, target)
        size = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
        content, seal = folder_hash(staging, bytecode=False), folder_hash(staging)
        resolved = tuple(f"{name}=={release}" for name, release in found.items())
        record = BundleRecord(SCHEMA, spec.kind.name, version, resolved, target, size, content, seal)
        write_record(staging / RECORD, record)
    return Bundle(folder, record)


def _check_pins(needed: tuple[str, ...], found: dict[str, str]) -> None:
    """Refuse a folder that holds other versions than were asked for: some setting of uv's decided."""
    from packaging.requirements import Requirement

    for pin in needed:
        asked = Requirement(pin)
        version = found.get(asked.name)
        if version is None or not asked.specifier.contains(version, prereleases=True):
            raise RuntimeMissingError(
                f"{pin} was asked for, and uv installed {version or 'nothing'}.",
                "Remove what overrides versions from uv's settings: uv.toml, or UV_… in the environment.",
            )


def _prove(folder: Path, spec: RuntimeSpec, target: Target) -> None:
    """Import the runtime in the Python it is for, and leave compiled bytecode behind."""
    command = [target.executable, "-I", "-S", "-B", "-c", _PROVE, str(folder), spec.kind.module]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
        raise RuntimeMissingError(f"{spec} cannot be imported by {target}: {said}")


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time build a bundle; the kernel lets go when that process ends."""
    with storage_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f".{folder.name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _known(spec: RuntimeSpec, target: Target) -> str:
    """What to ask for instead of a version that cannot be had."""
    version = default_version(spec.kind, target.python)
    if spec.version in ("", version):
        return _instead(spec)
    return f"{spec.kind.name}=={version} is known to work here: leave the version out to get it."


def _instead(spec: RuntimeSpec) -> str:
    if spec.kind.name == "tflite-runtime":
        return "Use litert instead, its maintained successor with the same interpreter."
    return "Run edgekit with another Python, or name another runtime."
