"""Packages come from real repositories: a small one of our own, offline, and this computer's own sources."""

import gzip
import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edgekit import debian
from edgekit.debian import fetch_packages, first_offered
from edgekit.errors import RuntimeMissingError, StorageError
from edgekit.progress import Recorder


class Repository:
    """A package source of our own, which apt takes instead of this computer's."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "parts").mkdir(parents=True)
        self.trust("yes")
        self.extra_settings("")

    def trust(self, trusted):
        (self.folder / "sources.list").write_text(f"deb [trusted={trusted}] copy:{self.folder} ./\n")

    def extra_settings(self, settings):
        (self.folder / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{self.folder}/sources.list";\n'
            f'Dir::Etc::sourceparts "{self.folder}/parts";\n{settings}'
        )

    def add(self, name, version="1.0", content=b"hello"):
        build = self.folder / "build" / name
        (build / "DEBIAN").mkdir(parents=True, exist_ok=True)
        (build / "usr").mkdir(exist_ok=True)
        (build / "usr" / name).write_bytes(content)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: arm64\n"
        control += "Maintainer: x <x@y.z>\nDescription: x\n"
        (build / "DEBIAN" / "control").write_text(control)
        archive = self.folder / f"{name}_{version.replace(':', '%3a')}_arm64.deb"
        command = ["dpkg-deb", "--build", "--root-owner-group", str(build), str(archive)]
        subprocess.run(command, check=True, capture_output=True)
        return archive

    def publish(self, *archives):
        entries = []
        for archive in archives:
            fields = ["dpkg-deb", "--field", str(archive)]
            control = subprocess.run(fields, check=True, capture_output=True, text=True).stdout.strip()
            data = archive.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            entries.append(f"{control}\nFilename: ./{archive.name}\nSize: {len(data)}\nSHA256: {digest}\n")
        (self.folder / "Packages.gz").write_bytes(gzip.compress("\n".join(entries).encode()))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "debian" / "arm64"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    made = Repository(tmp_path / "repository")
    monkeypatch.setenv("APT_CONFIG", str(made.folder / "apt.conf"))
    return made


@pytest.fixture
def shelf(repository):
    """The repository with two packages in it."""
    repository.publish(repository.add("one"), repository.add("two", "2:2.0-1"))
    return repository


def test_packages_are_unpacked_side_by_side_and_their_versions_told(shelf, tmp_path):
    progress = Recorder()
    assert fetch_packages(["one", "two"], "arm64", tmp_path / "out", progress) == {
        "one": "1.0",
        "two": "2:2.0-1",
    }
    assert (tmp_path / "out/usr/one").read_bytes() == (tmp_path / "out/usr/two").read_bytes() == b"hello"
    assert any("2 Debian packages for arm64" in step for step, _ in progress.steps)
    assert max(progress.done) == 100


def test_what_was_fetched_serves_without_the_source(shelf, tmp_path):
    fetch_packages(["one"], "arm64", tmp_path / "out")
    (shelf.folder / "one_1.0_arm64.deb").unlink()
    (shelf.folder / "Packages.gz").unlink()
    assert fetch_packages(["one"], "arm64", tmp_path / "again") == {"one": "1.0"}
    assert (tmp_path / "again/usr/one").is_file()


def test_an_index_that_cannot_be_renewed_still_serves(shelf, tmp_path, cache):
    fetch_packages(["one"], "arm64", tmp_path / "out")
    (shelf.folder / "Packages.gz").unlink()
    long_ago = time.time() - debian.INDEX_AGE - 60
    os.utime(cache / "refreshed", (long_ago, long_ago))
    assert fetch_packages(["one"], "arm64", tmp_path / "again") == {"one": "1.0"}


def test_a_newer_version_is_seen_when_the_index_is_old_and_the_older_archive_goes(shelf, tmp_path, cache):
    fetch_packages(["one"], "arm64", tmp_path / "out")
    shelf.publish(shelf.add("one", "1.1", b"newer"))
    assert fetch_packages(["one"], "arm64", tmp_path / "same") == {"one": "1.0"}
    long_ago = time.time() - debian.INDEX_AGE - 60
    os.utime(cache / "refreshed", (long_ago, long_ago))
    assert fetch_packages(["one"], "arm64", tmp_path / "new") == {"one": "1.1"}
    assert (tmp_path / "new/usr/one").read_bytes() == b"newer"
    assert [path.name for path in (cache / "archives").glob("*.deb")] == ["one_1.1_arm64.deb"]


def test_a_version_that_the_source_has_replaced_is_looked_up_again(shelf, tmp_path):
    fetch_packages(["two"], "arm64", tmp_path / "out")  # the index says one 1.0
    (shelf.folder / "one_1.0_arm64.deb").unlink()
    shelf.publish(shelf.add("one", "1.1"))
    assert fetch_packages(["one"], "arm64", tmp_path / "new") == {"one": "1.1"}


def test_a_source_that_was_added_is_seen_at_once(shelf, tmp_path):
    fetch_packages(["one"], "arm64", tmp_path / "out")
    shelf.publish(shelf.add("three"))
    assert fetch_packages(["three"], "arm64", tmp_path / "out") == {"three": "1.0"}


def test_a_damaged_archive_in_the_cache_is_fetched_again(shelf, tmp_path, cache):
    fetch_packages(["one"], "arm64", tmp_path / "out")
    archive = cache / "archives" / "one_1.0_arm64.deb"
    whole = archive.read_bytes()
    archive.write_bytes(bytes(len(whole)))
    assert fetch_packages(["one"], "arm64", tmp_path / "again") == {"one": "1.0"}
    assert archive.read_bytes() == whole


def test_a_package_whose_bytes_are_not_the_promised_ones_is_refused(shelf, tmp_path):
    archive = shelf.folder / "one_1.0_arm64.deb"
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    with pytest.raises(RuntimeMissingError, match=r"package one for arm64 could not be fetched: .*[Hh]ash"):
        fetch_packages(["one"], "arm64", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_source_without_a_signature_is_refused(shelf, tmp_path):
    shelf.trust("no")
    with pytest.raises(RuntimeMissingError, match="could not be fetched"):
        fetch_packages(["one"], "arm64", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_package_that_does_not_exist_is_named(shelf, tmp_path):
    with pytest.raises(RuntimeMissingError) as caught:
        fetch_packages(["one", "onne", "wto"], "arm64", tmp_path / "out")
    assert "have no onne, wto for arm64" in caught.value.what
    assert caught.value.hint
    assert caught.value.exit_code == 3
    assert not (tmp_path / "out").exists()


def test_the_first_package_that_is_offered_is_found(shelf):
    assert first_offered(["zero", "two", "one"], "arm64") == "two"
    assert first_offered(["zero", "three"], "arm64") is None


def test_this_computers_hooks_are_not_run(shelf, tmp_path):
    shelf.extra_settings(f'APT::Update::Post-Invoke {{ "touch {tmp_path}/ran"; }};\n')
    fetch_packages(["one"], "arm64", tmp_path / "out")
    assert not (tmp_path / "ran").exists()


def test_a_cache_with_a_strange_name_is_only_a_name(shelf, tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "a b;$(touch ran)#'x"))
    assert fetch_packages(["one"], "arm64", tmp_path / "out 2") == {"one": "1.0"}
    assert (tmp_path / "out 2/usr/one").is_file()


@pytest.mark.parametrize("program", ["apt-get", "dpkg-deb"])
def test_without_debians_programs_the_error_says_so(program, tmp_path, monkeypatch):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in {"apt-get", "dpkg-deb"} - {program}:
        (programs / name).symlink_to(f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(RuntimeMissingError, match=f"no {program}") as caught:
        fetch_packages(["one"], "arm64", tmp_path / "out")
    assert "Debian" in caught.value.hint


def test_without_a_network_the_error_says_what_was_wanted(tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://user:secret@127.0.0.1:9")
    with pytest.raises(RuntimeMissingError) as caught:
        fetch_packages(["libffi8"], "arm64", tmp_path / "out")
    assert "The list of packages for arm64 could not be fetched" in caught.value.what
    assert "network" in caught.value.hint
    assert "secret" not in str(caught.value)
    assert "://" not in str(caught.value)


def test_a_download_without_end_is_given_up(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(debian, "TIMEOUT", 0.001)
    with pytest.raises(RuntimeMissingError, match="did not finish within"):
        fetch_packages(["one"], "arm64", tmp_path / "out")


def test_a_full_disk_is_named(shelf, tmp_path):
    shelf.publish(shelf.add("big", content=os.urandom(3_000_000)))
    small = tmp_path / "small"
    small.mkdir()
    code = (
        "from pathlib import Path; from edgekit.debian import fetch_packages; from edgekit.errors import *\n"
        f"try: fetch_packages(['big'], 'arm64', Path({str(small)!r}) / 'out')\n"
        "except StorageError as error: print(error)"
    )
    script = f'mount -t tmpfs -o size=1m none {small} && exec {sys.executable} -c "$CODE"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        env={**os.environ, "CODE": code},
        capture_output=True,
        text=True,
        check=False,
    )
    if "CI" not in os.environ and ("unshare" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"no small disk can be made here: {done.stderr.strip()}")
    assert "The disk is full: big_1.0_arm64.deb" in done.stdout, done.stderr


def test_a_cache_that_cannot_be_made_is_named(shelf, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="file") as caught:
        fetch_packages(["one"], "arm64", tmp_path / "out")
    assert "EDGEKIT_CACHE" in caught.value.hint


def test_several_edgekits_at_once_do_not_disturb_each_other(shelf, tmp_path):
    code = (
        "import sys; from pathlib import Path; from edgekit.debian import fetch_packages\n"
        "print(fetch_packages(['one', 'two'], 'arm64', Path(sys.argv[1])))"
    )
    commands = [[sys.executable, "-c", code, str(tmp_path / f"out{i}")] for i in range(3)]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(_run, commands))
    assert {each.stdout for each in done} == {"{'one': '1.0', 'two': '2:2.0-1'}\n"}, done


def _run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_this_computers_own_sources_give_another_architectures_files(tmp_path, monkeypatch):
    monkeypatch.delenv("EDGEKIT_CACHE")  # the index is fetched once for all tests
    database = Path("/var/lib/dpkg/status")
    before = database.stat().st_mtime_ns, sorted(Path("/var/lib/apt/lists").iterdir())
    versions = fetch_packages(["libffi8"], "arm64", tmp_path)
    assert versions["libffi8"].startswith("3.")
    library = next(tmp_path.rglob("libffi.so.8")).read_bytes()
    assert library[18:20] == b"\xb7\x00"  # ELF e_machine 183: AArch64
    assert (database.stat().st_mtime_ns, sorted(Path("/var/lib/apt/lists").iterdir())) == before
