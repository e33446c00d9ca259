"""A folder as bytes that travel: known by their hash, and unpacked into a folder and nowhere else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

import msgspec

from edgekit.errors import UnavailableError
from edgekit.files import sha256_bytes


class Parcel(msgspec.Struct, frozen=True):
    """A folder's files, as a tar archive."""

    sha256: str  # of the archive, where it was made
    archive: bytes


def pack(folder: Path) -> Parcel:
    """Return a folder's files; two folders with the same files give the same bytes.

    Links are followed: on another computer they would lead elsewhere.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_dir():
                continue
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            data = path.read_bytes()
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return Parcel(sha256_bytes(buffer.getbuffer()), buffer.getvalue())


def unpack(parcel: Parcel, folder: Path) -> None:
    """Write a parcel's files into a folder.

    Raises:
        UnavailableError: It arrived otherwise than it was sent, or would write outside of the folder.
    """
    found = sha256_bytes(parcel.archive)
    if found != parcel.sha256:
        raise UnavailableError(
            f"An artefact arrived damaged: its SHA-256 is {found[:12]}…, not {parcel.sha256[:12]}….",
            "Rerun the same command to resume.",
        )
    try:
        with tarfile.open(fileobj=io.BytesIO(parcel.archive), mode="r:") as archive:
            for entry in archive:
                _write(archive, entry, folder)
    except tarfile.TarError as error:
        raise UnavailableError(
            f"An artefact of {parcel.sha256[:12]}… cannot be unpacked: {error}.",
            "Look at who may reach the scheduler: only edgekit's own workers should.",
        ) from error


def _write(archive: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    """Write one file; nothing but files in the folder comes out of a parcel.

    tarfile's own `filter` came with Python 3.11.4 and 3.10.12, and Debian 12 has 3.11.2.
    """
    parts, file = PurePosixPath(entry.name).parts, archive.extractfile(entry) if entry.isreg() else None
    if file is None or not parts or parts[0] == "/" or ".." in parts:
        raise tarfile.TarError(f"{entry.name!r} is not a file within the folder")
    place = folder.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(file.read())
