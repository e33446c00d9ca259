"""Debian packages of another architecture, unpacked into a folder: no root, nothing installed here.

apt-get does the work, with this computer's own package sources and keys, so that signatures are checked
as always; its state is a private one in edgekit's cache, and this computer's package database is not
touched.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer

from edgekit.errors import RuntimeMissingError, StorageError
from edgekit.files import lock, sha256_file, storage_errors
from edgekit.lookup import CACHE_ELSEWHERE, cache_folder
from edgekit.progress import SILENT, Progress
from edgekit.words import last_line

INDEX_AGE = 86400.0  # seconds that a downloaded package index is taken without looking for a newer one
TIMEOUT = 1800.0  # seconds one command may take; a slow line needs minutes for 80 MB

# `#clear` removes what this computer's apt.conf says: its hooks would touch its own system
_CONFIGURATION = """\
Dir::State "{state}";
Dir::State::status "{state}/status";
Dir::Cache "{state}";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
APT::Architecture "{architecture}";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
#clear APT::Update;
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""

_SPACE = f"Free some space, or {CACHE_ELSEWHERE}."


def fetch_packages(
    packages: Sequence[str], architecture: str, folder: Path, progress: Progress = SILENT
) -> dict[str, str]:
    """Download packages by name and unpack them side by side. What they depend on is not fetched.

    Args:
        packages: Names of packages.
        architecture: As Debian has it: arm64.
        folder: Where they are unpacked; made if it does not exist.
        progress: Receives the progress of the download, in percent.

    Returns:
        The version of each package, by name.

    Raises:
        RuntimeMissingError: Not a Debian computer, no such package, no network, or not in time.
        StorageError: The disk is full, or a folder cannot be written.
    """
    _require("apt-get", "dpkg-deb")
    with _state(architecture) as state:
        archives = _download(state, packages, architecture, progress)
        progress.step(f"Unpacking {len(packages)} Debian packages for {architecture}")
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        versions = {}
        for name, archive in archives.items():
            _dpkg_deb(["--extract", str(archive), str(folder)], archive.name)
            versions[name] = _dpkg_deb(["--field", str(archive), "Version"], archive.name).strip()
    return versions


def first_offered(names: Sequence[str], architecture: str, progress: Progress = SILENT) -> str | None:
    """Return the first of these packages that this computer's package sources have, None if they have none.

    Raises:
        RuntimeMissingError: Not a Debian computer, or no network to find out.
        StorageError: The cache cannot be written.
    """
    _require("apt-get")
    with _state(architecture) as state:
        refused = _refresh(state, architecture, progress)
        for name in names:
            if not _apt(state, ["download", "--print-uris", name], state).returncode:
                return name
    if refused:
        raise _unfetched("the list of packages", architecture, refused)
    return None


def _require(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            raise RuntimeMissingError(
                f"Debian packages cannot be fetched: this computer has no {program}.",
                "Only Debian and the systems made from it do: run this there, or in a Debian container.",
            )


def _download(state: Path, packages: Sequence[str], architecture: str, progress: Progress) -> dict[str, Path]:
    """Bring the packages' archives into the cache; return where each is."""
    # a second time with a new index: the sources, or what the server has, may have changed
    for age in (INDEX_AGE, 0.0):
        refused = _refresh(state, architecture, progress, age)
        listed = done = _apt(state, ["download", "--print-uris", *packages], state)
        if not done.returncode:
            progress.step(f"Downloading {_count(packages)} for {architecture}", 100)
            archives = _archives(state, listed.stdout)
            done = _apt(state, ["download", *packages], state / "archives", progress)
        if not done.returncode:
            _forget_older(archives)
            return archives
        if refused:
            break
    raise _failure(done.stderr, refused, packages, architecture)


def _refresh(state: Path, architecture: str, progress: Progress, age: float = INDEX_AGE) -> str:
    """Download the package index unless it is recent; return why it could not be, empty if all is well.

    An older index is used where a newer one is not available.
    """
    stamp = state / "refreshed"
    if stamp.is_file() and 0 <= time.time() - stamp.stat().st_mtime < age:
        return ""
    progress.step(f"Fetching the list of Debian packages for {architecture}", 100)
    done = _apt(state, ["update"], state, progress)
    if done.returncode or "Failed to fetch" in done.stderr:
        _check_space(done.stderr, "the list of packages")
        return _reason(done.stderr)
    stamp.touch()
    return ""


def _apt(
    state: Path, arguments: Sequence[str], folder: Path, progress: Progress = SILENT
) -> subprocess.CompletedProcess[str]:
    """Run apt-get on the private state, in a folder; its progress in percent goes to `progress`.

    What is in the folder already is neither listed nor downloaded again.
    """
    command = ["apt-get", "--config-file", str(state / "apt.conf"), "--quiet", "--option", "APT::Status-Fd=1"]
    environment = {**os.environ, "LC_ALL": "C"}
    with (
        TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
        subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            errors="replace",
        ) as process,
    ):
        limit = Timer(TIMEOUT, process.kill)
        limit.start()
        try:
            lines = list(_reported(process, progress))
        finally:
            limit.cancel()
            process.kill()  # does nothing to one that has ended
        said.seek(0)
        code, errors = process.wait(), said.read()
    if code < 0:
        raise RuntimeMissingError(
            f"apt-get did not finish within {TIMEOUT / 60:.0f} minutes.",
            "Try again with a faster connection: what arrived stays in the cache.",
        )
    return subprocess.CompletedProcess(command, code, "".join(lines), errors)


def _reported(process: subprocess.Popen[str], progress: Progress) -> Iterator[str]:
    """Yield what apt-get prints, to its end; `dlstatus:FILE:PERCENT:…` lines are progress."""
    for line in process.stdout or ():
        if line.startswith("dlstatus:"):
            progress.advance(float(line.split(":")[2]))
        else:
            yield line
    process.wait()


def _dpkg_deb(arguments: Sequence[str], what: str) -> str:
    command = ["dpkg-deb", *arguments]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        _check_space(done.stderr, what)
        raise RuntimeMissingError(
            f"{what} could not be unpacked: {last_line(done.stderr)}",
            "Remove the cache and try again: edgekit runtime clean",
        )
    return done.stdout


def _archives(state: Path, uris: str) -> dict[str, Path]:
    """Read lines such as `'URI' NAME_VERSION_ARCHITECTURE.deb BYTES SHA256:HASH`.

    A damaged archive in the cache is removed: apt would take one of the right size for whole.
    """
    archives = {}
    for line in uris.splitlines():
        if line.startswith("'"):
            name, _, checksum = line.rpartition("' ")[2].split()
            archive = state / "archives" / name
            kind, _, digest = checksum.partition(":")
            if kind == "SHA256" and archive.is_file() and sha256_file(archive) != digest:
                archive.unlink()
            archives[name.partition("_")[0]] = archive
    return archives


def _forget_older(archives: dict[str, Path]) -> None:
    for name, wanted in archives.items():
        for path in wanted.parent.glob(f"{name}_*.deb"):
            if path != wanted:
                path.unlink()


def _failure(said: str, refused: str, packages: Sequence[str], architecture: str) -> RuntimeMissingError:
    """Return what to raise about apt's errors. `refused`: why the index could not be fetched."""
    _check_space(said, _count(packages))
    found = re.findall(r"(?:Unable to locate package|select candidate version from package) (\S+)", said)
    if found and refused:
        return _unfetched("the list of packages", architecture, refused)
    if found:
        return RuntimeMissingError(
            f"This computer's package sources have no {', '.join(found)} for {architecture}.",
            "Add a source that does, as `man sources.list` explains, or run this on Debian 12.",
        )
    return _unfetched(_count(packages), architecture, _reason(said))


def _unfetched(what: str, architecture: str, reason: str) -> RuntimeMissingError:
    return RuntimeMissingError(
        f"{what[0].upper()}{what[1:]} for {architecture} could not be fetched: {reason}.",
        "Connect to the network once: what was fetched stays in the cache and works offline.",
    )


def _reason(said: str) -> str:
    """Keep apt's first cause, without addresses: they may hold a password."""
    fetch = re.search(r"Failed to fetch \S+ +(.+)", said)
    lines = [line for line in said.splitlines() if line.startswith(("E:", "W:"))]
    text = fetch[1] if fetch else (lines or ["apt-get failed"])[0].partition(" ")[2]
    return re.sub(r"\b[a-z+]+://\S+", "…", text)[:300].rstrip(". :")


def _check_space(said: str, what: str) -> None:
    # the last is tar's, of a file that fitted in part
    if any(text in said for text in ("No space left on device", "enough free space", ": Wrote only ")):
        raise StorageError(f"The disk is full: {what} could not be kept.", _SPACE)


def _count(packages: Sequence[str]) -> str:
    return f"{len(packages)} Debian packages" if len(packages) != 1 else f"the Debian package {packages[0]}"


@contextmanager
def _state(architecture: str) -> Iterator[Path]:
    """Yield apt's private state for an architecture, for this process alone."""
    state = cache_folder() / "debian" / architecture
    with storage_errors(state, CACHE_ELSEWHERE):
        for name in ("lists/partial", "archives/partial"):
            (state / name).mkdir(parents=True, exist_ok=True)
        if not (state / "status").is_file():
            (state / "status").touch()  # a new time would make apt read the whole index again
        held = (state / "lock").open("w")
    with held:
        lock(held)
        settings = _CONFIGURATION.format(state=state, architecture=architecture)
        with storage_errors(state, CACHE_ELSEWHERE):
            (state / "apt.conf").write_text(settings, encoding="utf-8")
        yield state
