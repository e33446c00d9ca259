"""The ssh transport on a board: what is sent, run and fetched arrives as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekit.device.ssh import SshTransport
from edgekit.device.transport import connected
from edgekit.errors import DeviceError
from edgekit.files import sha256_file
from labs.payloads import a_file, a_folder, contents_hash
from labs.ssh_lab import SshLab, profile


def test_files_and_folders_come_back_as_they_went(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    file = a_file(tmp_path / "model", 3_000_000)
    folder = a_folder(tmp_path / "bundle", {"a/b": b"1", "a/c/d": bytes(range(256)), "empty": b""})
    with connected(SshTransport(profile("pi64"))) as device:
        assert (device.machine, device.python) == ("aarch64", "python3")
        pushed = device.push([file, folder])
        assert pushed.transfer.bytes == 3_000_257
        assert (pushed.transfer.files, pushed.transfer.reused_files) == (2, 0)
        back = device.run(["cat", pushed.paths[file.sha256]], stdin="", deadline=60).stdout
        assert back == file.source.read_bytes()
        there = board.path(pushed.paths[folder.sha256])
        assert contents_hash(there) == folder.sha256
    board.assert_tidy()


def test_what_is_there_is_not_sent_again(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    payloads = [a_file(tmp_path / "model", 1_000_000), a_folder(tmp_path / "bundle", {"a": b"1" * 500_000})]
    with connected(SshTransport(profile("pi64"))) as device:
        device.push(payloads)
    before = board.wire.passed["up"]
    with connected(SshTransport(profile("pi64"))) as device:
        transfer = device.push([*payloads, a_file(tmp_path / "new", 1000)]).transfer
    assert (transfer.bytes, transfer.files, transfer.reused_files) == (1000, 1, 2)
    assert board.wire.passed["up"] - before < 60_000  # of ssh's own talk, most


def test_a_file_that_was_damaged_there_is_sent_again(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    file = a_file(tmp_path / "model", 1000)
    with connected(SshTransport(profile("pi64"))) as device:
        path = device.push([file]).paths[file.sha256]
        board.path(path).write_bytes(bytes(1000))
        assert device.push([file]).transfer.bytes == 1000
        assert sha256_file(board.path(path)) == file.sha256


def test_a_command_gets_its_arguments_input_and_status(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi64")
    code = (
        "import os, sys; print(sys.argv[1:], sys.stdin.readline()); print('e', file=sys.stderr); sys.exit(7)"
    )
    with connected(SshTransport(profile("pi64"))) as device:
        done = device.run(["python3", "-c", code, "$HOME", "a  b", ""], stdin="line\n", deadline=60)
        assert done.stdout.decode() == "['$HOME', 'a  b', ''] line\n\n"
        assert (done.stderr, done.code) == ("e\n", 7)
        done = device.run(["sh", "-c", "kill -SEGV $$"], stdin="", deadline=60)
        assert done.code == -11
        done = device.run(["head", "-c", "300000", "/dev/urandom"], stdin="", deadline=60)
        assert len(done.stdout) == 300_000


def test_much_input_and_much_output_do_not_block_each_other(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi64")
    text = "0123456789abcdef" * 40_000
    with connected(SshTransport(profile("pi64"))) as device:
        done = device.run(["head", "-c", str(len(text))], stdin=text, deadline=60)
    assert done.stdout == text.encode()


def test_a_board_without_python_is_used_without(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    file = a_file(tmp_path / "model", 500_000)
    folder = a_folder(tmp_path / "bundle", {"x y/z": b"1"})
    with connected(SshTransport(profile("bare64"))) as device:
        assert (device.machine, device.python) == ("aarch64", "")
        path = device.push([file, folder]).paths[file.sha256]
        done = device.run(["sha256sum", path], stdin="", deadline=60)
        assert done.stdout.split()[0].decode() == file.sha256
        assert device.push([file, folder]).transfer.bytes == 0
    board.assert_tidy()


def test_a_32_bit_board_says_so(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi32")
    with connected(SshTransport(profile("pi32"))) as device:
        assert (device.machine, device.python) == ("armv7l", "python3")


def test_a_login_that_talks_does_not_disturb(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    board.path("/home/pi/.bashrc").write_text("echo Welcome; echo to the board >&2; cd /tmp\n")
    file = a_file(tmp_path / "model", 70_000)
    with connected(SshTransport(profile("pi64"))) as device:
        path = device.push([file]).paths[file.sha256]
        back = device.run(["cat", path], stdin="", deadline=60).stdout
        done = device.run(["echo", "said"], stdin="", deadline=60)
    assert back == file.source.read_bytes()
    assert (done.stdout, done.stderr.strip()) == (b"said\n", "")
    board.path("/home/pi/.bashrc").unlink()
    board.assert_tidy()


def test_cleaning_leaves_nothing(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    with connected(SshTransport(profile("pi64"))) as device:
        device.push([a_file(tmp_path / "model", 1_000_000)])
        assert 1_000_000 <= device.clean() < 1_200_000
    assert board.written() <= {"/home/pi/.cache"}
    board.wait_idle()


def test_a_folder_that_is_somebody_elses_is_left_alone(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("pi64")
    theirs = board.path("/home/pi/photos")
    theirs.mkdir()
    (theirs / "cat.jpg").touch()
    with pytest.raises(DeviceError, match="/home/pi/photos on pi64 is not edgekit's own folder"):
        SshTransport(profile("pi64", folder="~/photos")).connect()
    assert board.written() == {"/home/pi/photos", "/home/pi/photos/cat.jpg"}
