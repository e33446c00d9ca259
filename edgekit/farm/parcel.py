"""A folder as bytes that travel: known by their hash, and unpacked into a folder and nowhere else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

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
            archive.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise UnavailableError(
            f"An artefact of {parcel.sha256[:12]}… cannot be unpacked: {error}.",
            "Look at who may reach the scheduler: only edgekit's own workers should.",
        ) from error
