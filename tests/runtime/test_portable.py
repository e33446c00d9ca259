"""The portable Python, from Debian's packages: fetched once for all tests, into edgekit's own cache.

It runs here in QEMU, which needs no root.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import edgekit
from edgekit.errors import RuntimeMissingError, UsageError
from edgekit.lookup import cache_folder
from edgekit.runtime import bytecode, ensure_portable, list_bundles, portable, remove_bundles

GUEST = Path(edgekit.__file__).parent / "guest" / "edgekit_guest.py"
AARCH64 = b"\xb7\x00"  # ELF e_machine 183


@pytest.fixture(scope="module")
def python():
    return ensure_portable("aarch64")


@pytest.fixture(scope="module")
def qemu():
    """The emulator of single programs; the labs need it too."""
    found = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not found:
        pytest.skip("QEMU is not there: apt-get install qemu-user-static")
    return found


@pytest.fixture(scope="module")
def elsewhere(python, tmp_path_factory):
    """A copy in a folder whose name a shell would read as something else, as a device has it."""
    place = tmp_path_factory.mktemp("device") / "a b$(c)'"
    shutil.copytree(python.folder, place)
    return place


def test_it_is_of_the_version_that_every_runtime_has_wheels_for(python):
    assert python.target.python == "3.11"
    assert python.target.tag == "cpython-311-aarch64-linux-gnu"
    assert python.bundle.record.version.startswith("3.11.")
    assert {pin.partition("==")[0] for pin in python.bundle.record.requirements} == set(
        portable.packages("3.11")
    )


def test_it_holds_plain_files_for_the_device_and_nothing_of_this_computer(python):
    files = list(python.folder.rglob("*"))
    assert not [path for path in files if path.is_symlink()]
    programs = [path for path in files if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"]
    assert len(programs) > 20
    assert {path.read_bytes()[18:20] for path in programs} == {AARCH64}
    assert python.bytes == sum(p.stat().st_size for p in files if p.is_file() and p.name != "bundle.json")


def test_what_nobody_imports_is_left_out(python):
    modules = python.folder / "lib" / "python3.11"
    left_out = ("test", "idlelib", "tkinter", "ensurepip", "lib2to3", "pydoc_data", "sitecustomize.py")
    assert not [name for name in left_out if (modules / name).exists()]
    assert python.bytes < 35e6


@pytest.mark.skipif(
    bytecode.find_interpreter("3.11") is None,
    reason="no Python 3.11 to compile with: apt-get install python3.11",
)
def test_every_module_is_compiled_ahead_and_stays_valid_when_copied(python):
    compiled = list(python.folder.rglob("*.pyc"))
    assert len(compiled) == len(list(python.folder.rglob("*.py")))
    # PEP 552: bit 0 set: hash-based; bit 1 clear: the source is not looked at
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {1}


def test_it_runs_from_any_folder_and_finds_its_own_modules(python, elsewhere, qemu):
    script = (
        "import sys, platform\n"
        "print(sys.prefix); print(platform.machine()); print(sys.flags.utf8_mode); print(sys.path)"
    )
    command = [qemu, *python.argv(str(elsewhere)), "-I", "-S", "-B", "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={}).stdout.splitlines()
    assert said[:3] == [str(elsewhere), "aarch64", "1"]
    assert all(str(elsewhere) in entry for entry in eval(said[3]))


def test_every_module_that_is_left_can_be_imported(python, elsewhere, qemu):
    script = (
        "import importlib, os, sys\n"
        "folder = os.path.dirname(os.__file__)\n"
        "names = {n.split('.')[0] for d in (folder, folder + '/lib-dynload') for n in os.listdir(d)}\n"
        "ask = {'antigravity', 'this', '__pycache__', 'lib-dynload', 'LICENSE'}\n"
        "for name in sorted(n for n in names - ask if n.isidentifier()):\n"
        "    try: importlib.import_module(name)\n"
        "    except ImportError as error: print(name, error)\n"
    )
    command = [qemu, *python.argv(str(elsewhere)), "-I", "-S", "-B", "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = {line.split()[0]: line for line in done.stdout.splitlines()}
    # what needs a library that no runtime loads
    assert set(said) <= {"bz2", "crypt", "lzma", "pydoc", "ssl"}, said


def test_the_guest_runs_in_it(python, elsewhere, qemu):
    command = [qemu, *python.argv(str(elsewhere)), "-I", "-S", "-B", str(GUEST), "-"]
    request = json.dumps({"schema": "edgekit.guest/1", "pass": "python"}) + "\n"
    done = subprocess.run(command, input=request, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert (answer["version"], answer["tag"]) == ("3.11", python.target.tag)
    assert (answer["machine"], answer["bits"], answer["glibc"]) == ("aarch64", 64, python.target.glibc)


@pytest.mark.parametrize("place", ["/data/a:b", "/data/a;b", "/data/$LIB/x", "/data/${ORIGIN}"])
def test_a_folder_whose_name_its_loader_would_misread_is_refused(python, place):
    with pytest.raises(UsageError) as caught:
        python.argv(place)
    assert place in caught.value.what
    assert "folder" in caught.value.hint


@pytest.mark.parametrize("machine", ["armv7l", "x86_64", "riscv64", ""])
def test_a_machine_without_one_is_refused_with_what_helps(machine):
    with pytest.raises(RuntimeMissingError) as caught:
        ensure_portable(machine)
    assert machine in caught.value.what
    assert "Python" in caught.value.hint


@pytest.fixture
def own_cache(python, tmp_path, monkeypatch):
    """A cache of our own with a copy of the portable Python; Debian's packages are not fetched again."""
    cache = tmp_path / "cache"
    shutil.copytree(python.folder, cache / "runtimes" / python.folder.name)
    shutil.copytree(cache_folder() / "debian", cache / "debian")
    monkeypatch.setenv("EDGEKIT_CACHE", str(cache))
    return cache


def test_it_is_listed_and_removed_with_the_bundles(own_cache, python):
    (listed,) = list_bundles()
    assert (listed.record.runtime, listed.record.seal) == ("python", python.seal)
    assert remove_bundles() > python.bytes
    assert list(own_cache.iterdir()) == []


def test_a_whole_one_is_used_without_debians_programs(own_cache, python, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert ensure_portable("aarch64").seal == python.seal


def test_a_damaged_one_is_noticed_and_built_again(own_cache, python, monkeypatch):
    monkeypatch.setattr(portable, "compile_ahead", lambda *_: None)
    victim = own_cache / "runtimes" / python.folder.name / "lib" / "libc.so.6"
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-1] + b"x")
    again = ensure_portable("aarch64")
    assert victim.read_bytes() == whole
    assert again.bundle.record.sha256 == python.bundle.record.sha256


def test_package_sources_without_a_python_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "Packages").write_text("")
    (tmp_path / "parts").mkdir()
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] copy:{tmp_path} ./\n")
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list"; Dir::Etc::sourceparts "{tmp_path}/parts";'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    with pytest.raises(RuntimeMissingError, match=r"python3\.11-minimal.*for arm64") as caught:
        ensure_portable("aarch64")
    assert "Debian 12" in caught.value.hint
