"""The adb transport on a phone: what is sent, run and fetched arrives as it was."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from edgekit.device.adb import AdbTransport
from edgekit.device.profile import Profile
from edgekit.device.transport import Payload, connected
from edgekit.errors import DeviceError
from edgekit.files import sha256_file
from labs.adb_fixtures import AdbLab
from labs.adb_phone import TMP

HOSTILE = [
    "with space",
    " leading and trailing ",
    "it's",
    'double"quote',
    "`touch owned`",
    "$(touch owned)",
    "${HOME}",
    "; touch owned",
    "& touch owned",
    "| touch owned",
    "> owned",
    "new\nline",
    "tab\tand\rreturn",
    "-rf",
    "--help",
    "back\\slash",
    "*",
    "~",
    "ümläut 日本語 🤖",
    "#comment! %s {a,b} [x]",
]


def profile(**fields: object) -> Profile:
    return Profile(description="", transport="adb", name="phone", **fields)  # type: ignore[arg-type]


def a_file(path: Path, size: int) -> Payload:
    path.write_bytes(random.Random(size).randbytes(size))
    return Payload(path, sha256_file(path), size)


def a_folder(path: Path, files: dict[str, bytes]) -> Payload:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return Payload(path, hashlib.sha256(repr(files).encode()).hexdigest(), sum(map(len, files.values())))


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_and_folders_come_back_as_they_went(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone()
    file = a_file(tmp_path / "model", 3_000_000)
    folder = a_folder(tmp_path / "bundle", {"a/b": b"1", "a/c/d": bytes(range(256)), "empty": b""})
    with connected(AdbTransport(profile())) as device:
        assert (device.machine, device.python) == ("aarch64", "")
        pushed = device.push([file, folder])
        assert pushed.transfer.bytes == 3_000_257
        assert (pushed.transfer.files, pushed.transfer.reused_files) == (2, 0)
        assert set(pushed.paths.values()) == {f"{TMP}/edgekit/blobs/{p.sha256}" for p in (file, folder)}
        back = device.run(["cat", pushed.paths[file.sha256]], stdin="", deadline=60).stdout
        assert back == file.source.read_bytes()
        assert content(phone.board.path(pushed.paths[folder.sha256])) == content(folder.source)
    phone.assert_tidy()


def test_what_is_there_is_not_sent_again(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone()
    payloads = [a_file(tmp_path / "model", 1_000_000), a_folder(tmp_path / "bundle", {"a": b"1" * 500_000})]
    with connected(AdbTransport(profile())) as device:
        assert device.push(payloads).transfer.bytes == 1_500_000
    before = phone.wire.passed["up"]
    with connected(AdbTransport(profile())) as device:
        transfer = device.push(payloads).transfer
    assert (transfer.bytes, transfer.files, transfer.reused_files) == (0, 0, 2)
    assert phone.wire.passed["up"] - before < 30_000  # the scripts alone


def test_a_file_that_was_damaged_there_is_sent_again(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone()
    file = a_file(tmp_path / "model", 1000)
    with connected(AdbTransport(profile())) as device:
        path = device.push([file]).paths[file.sha256]
        phone.board.path(path).write_bytes(bytes(1000))
        assert device.push([file]).transfer.bytes == 1000
        assert sha256_file(phone.board.path(path)) == file.sha256


def test_a_pushed_program_can_be_run(adb_lab: AdbLab, tmp_path: Path) -> None:
    adb_lab.phone()
    folder = a_folder(tmp_path / "bundle", {"bin/tool": b"#!/system/bin/sh\necho ran $1\n"})
    (folder.source / "bin/tool").chmod(0o755)
    with connected(AdbTransport(profile())) as device:
        place = device.push([folder]).paths[folder.sha256]
        assert device.run([f"{place}/bin/tool", "well"], stdin="", deadline=60).stdout == b"ran well\n"


def test_a_command_gets_its_arguments_input_and_status(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    code = 'read -r line; printf "%s|" "$@" "$line"; echo e >&2; exit 7'
    with connected(AdbTransport(profile())) as device:
        done = device.run(["sh", "-c", code, "sh", "$HOME", "a  b", ""], stdin="line\n", deadline=60)
        assert (done.stdout, done.stderr, done.code) == (b"$HOME|a  b||line|", "e\n", 7)
        assert device.run(["sh", "-c", "kill -SEGV $$"], stdin="", deadline=60).code == -11
        assert device.run(["no such program"], stdin="", deadline=60).code == 127
        done = device.run(["head", "-c", "300000", "/dev/urandom"], stdin="", deadline=60)
        assert len(done.stdout) == 300_000


def test_much_input_and_much_output_do_not_block_each_other(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    text = "0123456789abcdef" * 40_000
    with connected(AdbTransport(profile())) as device:
        done = device.run(["head", "-c", str(len(text))], stdin=text, deadline=60)
    assert done.stdout == text.encode()


def test_the_fixed_performance_mode_is_on_while_it_is_used(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    with connected(AdbTransport(profile(fixed_performance=True))):
        assert phone.fixed_performance() == ["true"]
    phone.assert_tidy()
    assert phone.fixed_performance() == ["true", "false"]
    with connected(AdbTransport(profile())):
        pass
    assert phone.fixed_performance() == ["true", "false"]


def test_hostile_names_in_a_folder_arrive_and_nothing_is_executed(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone()
    inside = {f"{name}/{name}": name.encode() for name in HOSTILE}
    folder = a_folder(tmp_path / "$(touch owned) it's a bundle", inside)
    files = [a_file(tmp_path / name, 100 + size) for size, name in enumerate(HOSTILE)]
    with connected(AdbTransport(profile())) as device:
        pushed = device.push([folder, *files])
        place = pushed.paths[folder.sha256]
        assert content(phone.board.path(place)) == inside
        for name in HOSTILE:
            back = device.run(["cat", f"{place}/{name}/{name}"], stdin="", deadline=60).stdout
            assert back == name.encode()
        for file in files:
            assert sha256_file(phone.board.path(pushed.paths[file.sha256])) == file.sha256
        said = device.run(["printf", r"%s\0", *HOSTILE], stdin="", deadline=60).stdout
        assert said.split(b"\0")[:-1] == [name.encode() for name in HOSTILE]
    phone.assert_tidy()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_of_edgekits_own_folder_is_just_a_name(
    adb_lab: AdbLab, tmp_path: Path, name: str
) -> None:
    phone = adb_lab.phone()
    file = a_file(tmp_path / "model", 1000)
    with connected(AdbTransport(profile(folder=f"{TMP}/{name}"))) as device:
        path = device.push([file]).paths[file.sha256]
        assert path == f"{TMP}/{name}/blobs/{file.sha256}"
        assert device.run(["cat", path], stdin="", deadline=60).stdout == file.source.read_bytes()
        assert {entry.name for entry in phone.board.path(TMP).iterdir()} == {name}
        assert device.clean() >= 1000
    phone.assert_tidy()
    assert phone.written() == set()


def test_a_folder_that_is_somebody_elses_is_left_alone(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    theirs = phone.board.path(f"{TMP}/photos")
    theirs.mkdir()
    (theirs / "cat.jpg").touch()
    with pytest.raises(DeviceError, match=f"{TMP}/photos on phone is not edgekit's own folder"):
        AdbTransport(profile(folder=f"{TMP}/photos")).connect()
    assert phone.written() == {f"{TMP}/photos", f"{TMP}/photos/cat.jpg"}


def test_a_folder_that_cannot_be_made_is_named(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    with pytest.raises(DeviceError, match=r"/system/edgekit on phone cannot be used: .*Read-only"):
        AdbTransport(profile(folder="/system/edgekit")).connect()


def test_cleaning_leaves_nothing(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone()
    with connected(AdbTransport(profile(fixed_performance=True))) as device:
        device.push([a_file(tmp_path / "model", 1_000_000)])
        assert 1_000_000 <= device.clean() < 1_200_000
    phone.assert_tidy()
    assert {path for path in phone.written() if path.startswith(TMP)} == set()
