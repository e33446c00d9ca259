"""What goes wrong over ssh is told in a sentence, leaves nothing behind, and can be tried again."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from edgekit.device import shell, ssh
from edgekit.device.ssh import SshTransport
from edgekit.device.transport import connected
from edgekit.errors import DeviceError, TransientDeviceError
from edgekit.progress import Recorder
from labs.board import Process, wait_until
from labs.payloads import a_file, a_folder
from labs.ssh_lab import FOLDER, SshLab, profile
from labs.ssh_use import GUEST, STUBBORN, assert_works, during

BIG = 3_000_000  # bytes


def test_a_connection_cut_in_the_middle_of_a_push_is_made_again(ssh_lab: SshLab, tmp_path: Path) -> None:
    board, notes = ssh_lab.board("pi64"), Recorder()
    files = [a_file(tmp_path / "big", BIG), a_folder(tmp_path / "folder", {"a": b"1"})]
    with connected(SshTransport(profile("pi64")), notes) as device:
        board.wire.cut_after(BIG // 2)
        pushed = device.push(files, notes)
        assert device.push(files).transfer.bytes == 0
    assert (pushed.transfer.bytes, pushed.transfer.files) == (BIG + 1, 2)
    assert board.wire.connections == 2
    assert any("connection to pi64 (pi64) was lost" in note for note in notes.notes), notes.notes
    board.assert_tidy()


def test_a_connection_that_is_always_cut_is_given_up(
    ssh_lab: SshLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "RECONNECT", 3.0)
    board = ssh_lab.board("bare64")
    device = SshTransport(profile("bare64"))
    device.connect()
    board.wire.cut_after(BIG // 2)
    board.wire.refuse(1000)
    with pytest.raises(TransientDeviceError, match=r"The connection to bare64 \(bare64\) was lost") as raised:
        device.push([a_file(tmp_path / "big", BIG)])
    device.close()
    assert raised.value.exit_code == 3
    assert 2 <= board.wire.connections <= 10
    board.wait_idle()
    board.wire.refuse(0)
    assert_works(board, tmp_path)


def test_a_connection_cut_in_the_middle_of_a_run_ends_the_run(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    with connected(SshTransport(profile("bare64"))) as device:
        with during(board, GUEST, lambda _: board.wire.cut()), pytest.raises(TransientDeviceError) as raised:
            device.run(GUEST, stdin="", deadline=60)
        assert "The connection to bare64 (bare64) was lost" in raised.value.what
        board.wait_idle()  # also without a next command
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
    assert_works(board, tmp_path)


def test_what_survives_a_cut_is_ended_by_the_next_connection(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    device = SshTransport(profile("bare64"))
    device.connect()
    with during(board, STUBBORN, lambda _: board.wire.cut()), pytest.raises(TransientDeviceError):
        device.run(STUBBORN, stdin="", deadline=60)
    device.close()
    assert_works(board, tmp_path)


def test_a_board_that_falls_silent_is_told_from_one_that_is_slow(
    ssh_lab: SshLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ssh._OPTIONS, "ServerAliveInterval", "1")
    board = ssh_lab.board("bare64")
    device = SshTransport(profile("bare64"))
    device.connect()
    with (
        during(board, GUEST, lambda _: board.wire.stall()),
        pytest.raises(TransientDeviceError, match=r"The connection to bare64 \(bare64\) was lost"),
    ):
        device.run(GUEST, stdin="", deadline=60)
    device.close()
    board.wire.resume()
    assert_works(board, tmp_path)


def test_a_killed_guest_is_told_by_its_signal(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    with connected(SshTransport(profile("bare64"))) as device:
        with during(board, GUEST, lambda guest: guest.kill()):
            done = device.run(GUEST, stdin="", deadline=60)
        assert done.code == -9
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
    assert_works(board, tmp_path)


def test_a_run_past_its_deadline_is_ended_with_all_it_started(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    with connected(SshTransport(profile("pi64"))) as device:
        with pytest.raises(DeviceError, match="on pi64 did not finish within 3 s and was killed") as raised:
            device.run(
                ["sh", "-c", "sleep 1000 & trap '' TERM INT HUP; sleep 1001; sleep 1002"],
                stdin="",
                deadline=3,
            )
        assert not isinstance(raised.value, TransientDeviceError)
        assert not [process for process in board.board.processes() if "sleep" in process.argv]
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
    assert_works(board, tmp_path)


def test_a_full_disk_is_told_before_anything_is_sent(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64", limits={FOLDER: 2_000_000})
    with connected(SshTransport(profile("bare64"))) as device:
        with pytest.raises(
            DeviceError, match=r"bare64 has 1\.99 MB free in /home/pi/\S+; 3\.00 MB are needed"
        ) as raised:
            device.push([a_file(tmp_path / "big", BIG)])
        assert raised.value.hint == "`edgekit devices clean bare64` frees what edgekit keeps there."
        assert not isinstance(raised.value, TransientDeviceError)
    assert_works(board, tmp_path)


def test_a_disk_that_fills_up_meanwhile_is_told(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64", limits={FOLDER: 5_000_000})
    file = a_file(tmp_path / "big", BIG)

    def fill(_: Process) -> None:
        (board.path(FOLDER) / "blobs/other").write_bytes(bytes(4_000_000))
        board.wire.resume()

    with connected(SshTransport(profile("pi64"))) as device:
        board.wire.stall_after(BIG // 4)
        with (
            during(board, ["gzip", "-dc"], fill),
            pytest.raises(DeviceError, match=r"pi64 has no space left in /home/pi/\S+; 3\.00 MB are needed"),
        ):
            device.push([file])
    (board.path(FOLDER) / "blobs/other").unlink()
    assert_works(board, tmp_path)


def test_another_host_key_stops_before_anything_is_sent(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    board.new_host_key()
    with pytest.raises(DeviceError, match=r"The host key of bare64 \(bare64\) has changed") as raised:
        SshTransport(profile("bare64")).connect()
    assert "ssh-keygen -R" in raised.value.hint
    assert not isinstance(raised.value, TransientDeviceError)
    assert board.written() == set()
    ssh_lab.trust(board, board.keys.other)
    assert_works(board, tmp_path)


def test_an_unknown_host_key_is_compared_by_a_person(ssh_lab: SshLab) -> None:
    ssh_lab.board("bare64")
    ssh_lab.known_hosts.write_text("")
    with pytest.raises(DeviceError, match=r"The host key of bare64 \(bare64\) is not known yet") as raised:
        SshTransport(profile("bare64")).connect()
    assert raised.value.hint == "Connect once by hand and compare the key: ssh bare64"
    assert ssh_lab.known_hosts.read_text() == ""


def test_a_wrong_key_is_refused(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("bare64")
    board.shut_out()
    with pytest.raises(
        DeviceError, match=r"bare64 \(bare64\) refused the login: .*Permission denied"
    ) as raised:
        SshTransport(profile("bare64")).connect()
    assert "ssh-copy-id bare64" in raised.value.hint
    assert not isinstance(raised.value, TransientDeviceError)
    assert board.written() == set()


def test_an_address_that_nobody_has_is_named(ssh_lab: SshLab) -> None:
    with pytest.raises(DeviceError, match=r"There is no computer called nobody\.invalid"):
        SshTransport(profile("bare64", address="nobody.invalid")).connect()


def test_a_board_that_is_off_is_told(ssh_lab: SshLab) -> None:
    ssh_lab.board("bare64").stop()
    with pytest.raises(TransientDeviceError, match="no SSH server answers"):
        SshTransport(profile("bare64")).connect()


def test_an_interpreter_that_is_too_old_is_refused(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    old = board.path("/home/pi/python3.7")
    old.write_text("#!/bin/sh\necho 3.7\n")
    old.chmod(0o755)
    with pytest.raises(DeviceError, match=r"~/python3\.7 on pi64 is Python 3\.7; 3\.9 or newer is needed"):
        SshTransport(profile("pi64", python="~/python3.7")).connect()
    with pytest.raises(DeviceError, match=r"python3\.8 on pi64 cannot be started"):
        SshTransport(profile("pi64", python="python3.8")).connect()
    old.unlink()
    assert_works(board, tmp_path, python="/usr/bin/python3.11")


def test_two_at_once_take_turns(ssh_lab: SshLab, tmp_path: Path) -> None:
    board, notes = ssh_lab.board("bare64"), Recorder()
    first, second = SshTransport(profile("bare64")), SshTransport(profile("bare64"))
    first.connect()
    thread = threading.Thread(target=second.connect, args=(notes,))
    thread.start()
    wait_until(lambda: bool(notes.steps), lambda: "the second to wait")
    assert "bare64 is in use by " in notes.steps[0][0]
    assert "; waiting" in notes.steps[0][0]
    assert first.run(["echo", "mine"], stdin="", deadline=60).stdout == b"mine\n"
    assert thread.is_alive()
    first.close()
    thread.join()
    assert second.run(["echo", "mine now"], stdin="", deadline=60).stdout == b"mine now\n"
    second.close()
    assert_works(board, tmp_path)


def test_a_board_that_restarts_is_used_again(ssh_lab: SshLab, tmp_path: Path) -> None:
    board, notes = ssh_lab.board("bare64"), Recorder()
    file = a_file(tmp_path / "file", 1000)
    with connected(SshTransport(profile("bare64")), notes) as device:
        device.push([file])
        with during(board, STUBBORN, lambda _: board.reboot()), pytest.raises(TransientDeviceError):
            device.run(STUBBORN, stdin="", deadline=60)
        assert device.push([file]).transfer.bytes == 0
    assert "bare64 has restarted." in notes.notes
    assert_works(board, tmp_path)


def test_a_folder_that_vanished_is_told(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    with connected(SshTransport(profile("bare64"))) as device:
        shutil.rmtree(board.path(FOLDER))
        with pytest.raises(TransientDeviceError, match=f"{FOLDER} on bare64 has vanished"):
            device.run(["true"], stdin="", deadline=60)
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
    assert_works(board, tmp_path)
