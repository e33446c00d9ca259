"""Bundles for other devices. Those for aarch64 are the very ones that the labs run."""

import pytest

from edgekit.errors import RuntimeMissingError
from edgekit.progress import Recorder
from edgekit.runtime import (
    KINDS,
    PythonTarget,
    RuntimeSpec,
    bytecode,
    device_target,
    ensure_bundle,
    parse_runtime,
)
from edgekit.runtime.glibc import needed_glibc
from edgekit.runtime.trim import trim


class Pi32:
    """A 32-bit Raspberry Pi OS 12, as its Python describes itself."""

    version, tag, machine, bits, glibc = "3.11", "cpython-311-arm-linux-gnueabihf", "armv7l", 32, "2.36"
    numpy, numpy_version = "/usr/lib/python3/dist-packages", "1.24.2"


class Pi64(Pi32):
    """A 64-bit one."""

    tag, machine, bits, numpy, numpy_version = "cpython-311-aarch64-linux-gnu", "aarch64", 64, "", ""


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module", params=list(KINDS))
def bundle(request):
    return ensure_bundle(RuntimeSpec(KINDS[request.param]), device_target(Pi64()))


def test_the_c_library_a_runtime_is_said_to_need_is_the_one_its_libraries_ask_for(bundle):
    kind = KINDS[bundle.record.runtime]
    assert bundle.record.glibc == needed_glibc(bundle.folder) == kind.glibc[bundle.record.version]


def test_only_what_running_a_model_needs_is_pushed(bundle):
    names = {path.relative_to(bundle.folder).as_posix() for path in bundle.folder.rglob("*")}
    assert not [name for name in names if name.endswith((".pyi", ".pyx", ".h")) or "/tests/" in name]
    assert not [name for name in names if "WebGpu" in name or name.startswith("onnxruntime/transformers")]
    assert bundle.record.bytes < 80e6


@pytest.mark.skipif(
    bytecode.find_interpreter("3.11") is None,
    reason="no Python 3.11 to compile with: apt-get install python3.11",
)
def test_what_a_device_imports_is_compiled_ahead_and_stays_valid_when_copied(bundle):
    compiled = list(bundle.folder.rglob("*.cpython-311.pyc"))
    assert compiled
    # PEP 552: bit 0 set: hash-based; bit 1 clear: the source is not looked at
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {1}
    # what a traceback shows is a path inside the bundle, wherever that is
    assert not [path for path in compiled if str(bundle.folder.parent).encode() in path.read_bytes()]


def test_boards_of_one_kind_share_a_bundle(bundle):
    other = Pi64()
    other.glibc = "2.41"
    again = ensure_bundle(RuntimeSpec(KINDS[bundle.record.runtime]), device_target(other))
    assert (again.folder, again.record.seal) == (bundle.folder, bundle.record.seal)
    assert again.record.target.glibc == "2.41"


def test_an_old_board_is_refused_a_version_whose_needs_show_only_once_it_is_there(own_cache, monkeypatch):
    """The needs of an older version are in no catalogue: they are read from its libraries."""
    monkeypatch.setattr(bytecode, "find_interpreter", lambda python: None)
    old = Pi64()
    old.glibc = "2.28"
    with pytest.raises(RuntimeMissingError) as caught:
        ensure_bundle(parse_runtime("litert==1.4.0"), device_target(old))
    assert "glibc 2.30 or newer; the device has 2.28" in caught.value.what
    assert "tflite-runtime" in caught.value.hint


def test_a_32_bit_board_gets_its_wheel_and_keeps_its_own_numpy(own_cache):
    made = ensure_bundle(parse_runtime("tflite-runtime"), device_target(Pi32()))
    assert made.record.requirements == ("tflite-runtime==2.14.0",)
    assert made.record.target.numpy == Pi32.numpy
    assert made.record.glibc == "2.27"
    assert not (made.folder / "numpy").exists()
    (library,) = made.folder.rglob("*.so")
    content = library.read_bytes()
    assert (content[4], content[18:20]) == (1, b"\x28\x00")  # ELF of 32 bits, e_machine 40: Arm


def test_an_older_wheel_for_32_bit_boards_goes_by_an_older_name(own_cache):
    board = Pi32()
    board.version, board.tag = "3.9", "cpython-39-arm-linux-gnueabihf"
    made = ensure_bundle(parse_runtime("tflite-runtime==2.11.0"), device_target(board))
    assert made.record.version == "2.11.0"


def test_a_version_that_32_bit_boards_do_not_have_is_refused_with_one_that_works(own_cache):
    with pytest.raises(RuntimeMissingError) as caught:
        ensure_bundle(parse_runtime("tflite-runtime==99.1"), device_target(Pi32()))
    assert "tflite-runtime==99.1 is not available" in caught.value.what
    assert "there is no such version" in caught.value.what
    assert "tflite-runtime==2.14.0 is known to work" in caught.value.hint


def test_without_a_network_a_32_bit_board_gets_a_reason(own_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(RuntimeMissingError, match="network is switched off") as caught:
        ensure_bundle(parse_runtime("tflite-runtime"), device_target(Pi32()))
    assert "network" in caught.value.hint


def test_without_the_devices_python_here_the_bundle_comes_uncompiled_and_says_so(own_cache, monkeypatch):
    monkeypatch.setattr(bytecode, "find_interpreter", lambda python: None)
    made = ensure_bundle(parse_runtime("tflite-runtime"), device_target(Pi32()), recorder := Recorder())
    assert not list(made.folder.rglob("*.pyc"))
    (note,) = recorder.notes
    assert "no Python 3.11" in note


def test_this_computers_python_is_found_and_one_that_does_not_exist_is_not():
    import sys

    assert bytecode.find_interpreter(f"{sys.version_info[0]}.{sys.version_info[1]}") == sys.executable
    assert bytecode.find_interpreter("3.99") is None


def test_trimming_leaves_what_it_does_not_know(tmp_path):
    for name in ("numpy/tests/test_a.py", "numpy/a.pyi", "numpy/a.py", "model/tests.py", "bin/f2py", "x.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    trim(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"numpy/a.py", "model/tests.py"}


def test_libraries_without_a_c_library_need_none(tmp_path):
    (tmp_path / "a.so").write_bytes(b"\x7fELF no versions")
    (tmp_path / "b.txt").write_bytes(b"\0GLIBC_2.99\0")
    assert needed_glibc(tmp_path) == ""
    (tmp_path / "c.so").write_bytes(b"\x7fELF\0GLIBC_2.2.5\0GLIBC_2.17\0GLIBC_2.9\0GLIBC_PRIVATE\0")
    assert needed_glibc(tmp_path) == "2.17"


def test_a_target_names_its_python_and_platform():
    assert str(PythonTarget("3.11", "cpython-311-aarch64-linux-gnu")) == "Python 3.11 (aarch64-linux-gnu)"
