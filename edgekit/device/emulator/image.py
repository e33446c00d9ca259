"""The system of an emulated board: a kernel and busybox, from Debian's packages, kept in the cache."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import msgspec

from edgekit.debian import fetch_packages
from edgekit.device.emulator.cpio import Archive
from edgekit.device.transport import Payload
from edgekit.errors import DeviceError, EdgekitError, RuntimeMissingError
from edgekit.files import new_folder, one_at_a_time, sha256_bytes, sha256_file, storage_errors
from edgekit.lookup import CACHE_ELSEWHERE, cache_folder
from edgekit.progress import Progress
from edgekit.schema import decode_record, write_record

BLOBS = "/edgekit/blobs"  # where payloads are on the board, by hash
SCHEMA = "edgekit.image/1"

_ARCHITECTURE = "arm64"
# Debian's kernel for virtual machines: a third of the other one's size, and the same instruction counts
_KERNEL_PACKAGE = "linux-image-cloud-arm64"
_BUSYBOX_PACKAGE = "busybox-static"
_RECORD, _KERNEL, _BUSYBOX = "image.json", "vmlinuz", "busybox"
_INIT = Path(__file__).with_name("init.sh")


class ImageRecord(msgspec.Struct, frozen=True):
    """What image.json says."""

    schema: str
    packages: dict[str, str]  # versions by name
    sha256: dict[str, str]  # of the files


@dataclass(frozen=True)
class Image:
    """An image that is whole."""

    kernel: Path
    busybox: Path
    packages: dict[str, str]


def ensure_image(progress: Progress) -> Image:
    """Return the image, building it if it is not in the cache, or not as it was built.

    Raises:
        RuntimeMissingError: The packages are not available.
        StorageError: The cache cannot be written.
    """
    folder = _folder()
    if image := _read(folder):
        return image
    with one_at_a_time(folder, CACHE_ELSEWHERE):
        # another edgekit may have built it while this one waited
        if image := _read(folder):
            return image
        if folder.exists():
            progress.note(f"{folder} is damaged; it is built again.")
        record = _build(folder, progress)
    return _image(folder, record)


def remove_images() -> int:
    """Empty the cache of images; return the bytes that this freed."""
    place = emulator_cache()
    freed = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    with storage_errors(place, "check who owns it"), suppress(FileNotFoundError):
        shutil.rmtree(place)
    return freed


def emulator_cache() -> Path:
    """Return the folder of all that emulated boards keep between runs."""
    return cache_folder() / "emulator"


def write_system(file: BinaryIO, image: Image, payloads: list[Payload]) -> None:
    """Write the archive that a board starts with: busybox, the agent, the payloads under their hashes.

    Raises:
        DeviceError: A payload cannot be read.
        StorageError: The disk is full.
    """
    archive = Archive(file)
    archive.folder("bin")
    archive.copy(image.busybox, "bin/busybox")
    archive.text("init", _INIT.read_text(encoding="utf-8"), program=True)
    archive.folder("edgekit")
    archive.folder("edgekit/blobs")
    for payload in payloads:
        with storage_errors(emulator_cache(), CACHE_ELSEWHERE):
            try:
                archive.copy(payload.source, f"edgekit/blobs/{payload.sha256}")
            except FileNotFoundError as error:
                raise DeviceError(f"{payload.source} is missing.", "Run the command again.") from error
    archive.text("edgekit/whole", "")
    archive.end()
    file.flush()


def _folder() -> Path:
    """The image's folder: its name hashes what it is built from."""
    key = sha256_bytes(msgspec.json.encode([SCHEMA, _ARCHITECTURE, _KERNEL_PACKAGE, _BUSYBOX_PACKAGE]))
    return emulator_cache() / f"image-{_ARCHITECTURE}-{key[:12]}"


def _read(folder: Path) -> Image | None:
    """Return the image if every byte of it is the one that was built."""
    try:
        record = decode_record(folder / _RECORD, ImageRecord, SCHEMA)
        found = {name: sha256_file(folder / name) for name in (_KERNEL, _BUSYBOX)}
    except (EdgekitError, OSError):
        return None
    return _image(folder, record) if record.sha256 == found else None


def _image(folder: Path, record: ImageRecord) -> Image:
    return Image(folder / _KERNEL, folder / _BUSYBOX, record.packages)


def _build(folder: Path, progress: Progress) -> ImageRecord:
    with new_folder(folder) as staging, TemporaryDirectory(dir=folder.parent) as temporary:
        unpacked = Path(temporary)
        fetch_packages([_KERNEL_PACKAGE], _ARCHITECTURE, unpacked, progress)
        kernel = _kernel_package(unpacked)
        versions = fetch_packages([kernel, _BUSYBOX_PACKAGE], _ARCHITECTURE, unpacked, progress)
        kernels = list((unpacked / "boot").glob("vmlinuz-*"))
        if len(kernels) != 1:
            raise RuntimeMissingError(
                f"The package {kernel} holds {len(kernels)} kernels; one was expected.",
                "Use the package sources of Debian 12 or 13.",
            )
        shutil.move(kernels[0], staging / _KERNEL)
        shutil.move(_busybox(unpacked), staging / _BUSYBOX)
        (staging / _BUSYBOX).chmod(0o755)
        hashes = {name: sha256_file(staging / name) for name in (_KERNEL, _BUSYBOX)}
        record = ImageRecord(SCHEMA, versions, hashes)
        write_record(staging / _RECORD, record)
    return record


def _busybox(unpacked: Path) -> Path:
    """The program; Debian 13 has it in usr/bin."""
    for folder in ("bin", "usr/bin"):
        if (path := unpacked / folder / "busybox").is_file():
            return path
    raise RuntimeMissingError(
        f"The package {_BUSYBOX_PACKAGE} holds no busybox.", "Use the package sources of Debian 12 or 13."
    )


def _kernel_package(unpacked: Path) -> str:
    """The package that holds the kernel. The one that is always called the same only shares its documents."""
    link = unpacked / "usr" / "share" / "doc" / _KERNEL_PACKAGE
    if not link.is_symlink():
        raise RuntimeMissingError(
            f"The package {_KERNEL_PACKAGE} does not name the kernel's own package.",
            "Use the package sources of Debian 12 or 13.",
        )
    return link.readlink().name
