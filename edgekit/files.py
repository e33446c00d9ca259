"""Files that are either whole or absent, and the hashes they are known by."""

from __future__ import annotations

import errno
import hashlib
import importlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from edgekit.errors import EdgekitError, StorageError

OUTPUT = "name another place with --output"  # the remedy of what has that option
_PARTIAL = ".partial-"
_FREE = "Free some space."
_WINDOWS_WAIT = 0.1  # seconds between two tries for a lock


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_bytes(data: bytes | memoryview) -> str:
    """Return the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def storage_errors(target: Path, remedy: str = "") -> Iterator[None]:
    """Turn the operating system's write errors into a StorageError that names `target`.

    Args:
        target: What is written.
        remedy: What writes it elsewhere: "name another place with --output". A StorageError from inside
            that has none receives this one.
    """
    try:
        yield
    except StorageError as error:
        if remedy and error.hint in ("", _FREE):
            raise StorageError(error.what, _hint(error.hint, remedy)) from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what, hint = f"The disk is full: {target} could not be written.", _FREE
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            what, hint = f"No permission to write {target}.", ""
        elif error.errno in (errno.ENOTDIR, errno.EEXIST):
            blocking = error.filename or target
            what, hint = f"{target} cannot be written: {blocking} is a file, not a folder.", ""
        else:
            raise
        raise StorageError(what, _hint(hint, remedy)) from error


def _hint(hint: str, remedy: str) -> str:
    if not remedy:
        return hint
    return f"{hint.removesuffix('.')}, or {remedy}." if hint else f"{remedy[0].upper()}{remedy[1:]}."


def write_atomic(path: Path, data: bytes, remedy: str = "") -> None:
    """Write a file so that it appears whole or not at all, also when the process is killed.

    A symbolic link is followed; what exists and is not a regular file, such as a device, is not replaced.

    Args:
        path: The file.
        data: All of it.
        remedy: For the error, as `storage_errors` takes it.

    Raises:
        StorageError: The folder cannot be written or the disk is full; no trace is left.
    """
    with storage_errors(path, remedy):
        path = path.resolve()
        check_writable(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_partials(path.parent, path.name)
        descriptor, name = tempfile.mkstemp(prefix=_prefix(path.name), dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
        _keep_names(path.parent)


def _keep_names(folder: Path) -> None:
    """Make the names in a folder outlast a power cut, where the file system can; fsync of a file does not."""
    with suppress(OSError):  # Windows opens no folder, some network file systems sync none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_writable(path: Path, remedy: str = "") -> None:
    """Make sure, before long work, that a file can be written at `path`; nothing is left there.

    Raises:
        StorageError: Its folder cannot be written, or something that is not a regular file is there.
    """
    with storage_errors(path, remedy):
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise StorageError(f"{path} cannot be written: it is {kind}.")
        try_writing(path.parent)


def try_writing(folder: Path) -> None:
    """Write a page into a folder, or into the nearest one above it that is there, and take it away again.

    Raises:
        OSError: That is not possible; on a full disk, say, where an empty file is.
    """
    folder = folder.absolute()
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    with tempfile.TemporaryFile(dir=nearest) as file:
        file.write(bytes(4096))


def noexec(folder: Path) -> bool:
    """Return whether nothing in a folder, or in the nearest one above it that is there, may be executed."""
    nearest = next((place for place in (folder, *folder.parents) if os.access(place, os.F_OK)), folder)
    try:
        return bool(os.statvfs(nearest).f_flag & os.ST_NOEXEC)
    except (AttributeError, OSError):  # not on Linux
        return False


@contextmanager
def new_folder(path: Path, remedy: str = "") -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block ends well, and vanishes otherwise.

    An existing `path` is replaced only then. What a killed run left behind is removed by the next.

    Raises:
        StorageError: The place cannot be written or the disk is full; no trace is left.
    """
    with storage_errors(path, remedy):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_partials(path.parent, path.name)
        staging = Path(tempfile.mkdtemp(prefix=_prefix(path.name), dir=path.parent))
        staging.chmod(0o777 & ~_umask())
        try:
            yield staging
            if path.exists():
                retired = staging.with_name(staging.name + "-old")
                path.rename(retired)
                staging.rename(path)
                shutil.rmtree(retired, ignore_errors=True)
            else:
                staging.rename(path)
        except BaseException as error:
            shutil.rmtree(staging, ignore_errors=True)
            if isinstance(error, StorageError):  # say what was to be written, not where it was made
                raise StorageError(error.what.replace(str(staging), str(path)), error.hint) from error
            raise


def sweep_partials(folder: Path, name: str) -> None:
    """Remove what interrupted writes of `name` left in `folder`; live processes keep theirs."""
    ours = re.compile(re.escape(_PARTIAL) + r"(\d+)-" + sha256_bytes(name.encode())[:12] + "-")
    for entry in folder.iterdir():
        match = ours.match(entry.name)
        if match is None or (_alive(int(match[1])) and int(match[1]) != os.getpid()):
            continue
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _prefix(name: str) -> str:
    """Begin a staging name: who writes, and a short hash of what, however long its name."""
    return f"{_PARTIAL}{os.getpid()}-{sha256_bytes(name.encode())[:12]}-"


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there, asking with os.kill would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def one_at_a_time(path: Path, remedy: str = "") -> Iterator[None]:
    """Let one process at a time make what will be at a path; the kernel lets go when that process ends."""
    with storage_errors(path, remedy):
        path.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / f".{path.name}.lock").open("w") as file:
            lock(file)
            yield


@contextmanager
def alone_in(folder: Path, busy: EdgekitError, remedy: str = "", *, name: str = "lock") -> Iterator[None]:
    """Have a folder to oneself, which is made if need be; the kernel lets go when this process ends.

    Args:
        folder: The folder.
        busy: Raised if another process has it.
        remedy: How to name another folder, for errors.
        name: Of the file that is locked there.

    Raises:
        StorageError: The folder cannot be written.
    """
    with storage_errors(folder, remedy):
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / name).open("w")
    with held:
        try:
            lock(held, wait=False)
        except BlockingIOError as error:
            raise busy from error
        yield


def lock(file: IO[str], *, wait: bool = True) -> None:
    """Lock a file that is open for writing until it is closed, or this process ends.

    Raises:
        BlockingIOError: Another process has it, and this one does not wait.
    """
    try:
        import fcntl
    except ImportError:
        _lock_on_windows(file, wait=wait)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _lock_on_windows(file: IO[str], *, wait: bool) -> None:
    msvcrt: Any = importlib.import_module("msvcrt")
    while True:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:  # noqa: PERF203 - it is tried again
            if not wait:
                raise BlockingIOError(error.errno, error.strerror) from error
            time.sleep(_WINDOWS_WAIT)
        else:
            return
