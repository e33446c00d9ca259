"""What can go wrong with a phone: the right error, nothing left there, and the next use works."""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from edgekit.device.adb import AdbTransport
from edgekit.device.profile import Profile
from edgekit.device.transport import Payload, connected
from edgekit.errors import DeviceError, TransientDeviceError
from edgekit.progress import Recorder
from labs.adb_fixtures import AdbLab, AdbServer
from labs.adb_phone import TMP, Phone
from labs.board import wait_until

# a process of its own that holds the phone given to it, and runs a command there
PROGRAM = """
import sys
from edgekit.device.adb import AdbTransport
from edgekit.device.profile import Profile
from edgekit.device.transport import connected

profile = Profile(description="", transport="adb", name="phone", address=sys.argv[1], fixed_performance=True)
with connected(AdbTransport(profile)) as device:
    device.run(["sh", "-c", *sys.argv[2:]], stdin="", deadline=600)
"""
STUBBORN = "sleep 600 & sleep 601"
GUEST = "sleep 600 & sleep 601 & cat; kill %1 %2"  # ends itself, as edgekit's guest does, when its input ends


def transport(phone: Phone | None = None) -> AdbTransport:
    address = phone.serial if phone else ""
    return AdbTransport(
        Profile(description="", transport="adb", name="phone", address=address, fixed_performance=True)
    )


def a_file(path: Path, size: int = 3_000_000) -> Payload:
    content = random.Random(size).randbytes(size)
    path.write_bytes(content)
    return Payload(path, hashlib.sha256(content).hexdigest(), size)


def sleeping(phone: Phone) -> bool:
    return sum("sleep" in process.argv for process in phone.running()) >= 2


def when_sleeping(phone: Phone, act: Callable[[], None]) -> threading.Thread:
    def wait_and_act() -> None:
        wait_until(lambda: sleeping(phone), lambda: "the command to run")
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def sleep(device: AdbTransport, deadline: float = 600) -> None:
    device.run(["sh", "-c", STUBBORN], stdin="", deadline=deadline)


def assert_usable(phone: Phone, payload: Payload | None = None) -> None:
    """Nothing is left of the time before, and the next use succeeds."""
    phone.assert_tidy()
    with connected(transport(phone)) as device:
        assert device.run(["echo", "works"], stdin="", deadline=60).stdout == b"works\n"
        if payload:
            path = device.push([payload]).paths[payload.sha256]
            assert phone.board.path(path).read_bytes() == payload.source.read_bytes()
    phone.assert_tidy()
    assert phone.fixed_performance()[-2:] == ["true", "false"]


def one_sentence(error: pytest.ExceptionInfo[DeviceError]) -> str:
    assert error.value.exit_code == 3
    assert "\n" not in str(error.value)
    assert re.fullmatch(r"[^.]([^.]|\.(?! ))*\.", error.value.what), error.value.what
    assert error.value.hint
    return str(error.value)


def test_a_connection_cut_in_the_middle_of_a_push_is_made_again(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone, payload, notes = adb_lab.phone(), a_file(tmp_path / "model"), Recorder()
    with connected(transport(phone), notes) as device:
        phone.wire.cut_after(1_000_000)
        path = device.push([payload], notes).paths[payload.sha256]
        assert phone.board.path(path).read_bytes() == payload.source.read_bytes()
    assert any("was lost" in text and "Sending again." in text for text in notes.notes)
    assert_usable(phone)


def test_a_push_that_is_cut_again_and_again_is_given_up(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone, payload = adb_lab.phone(), a_file(tmp_path / "model")
    device = transport(phone)
    device.connect()

    class Cutting(Recorder):
        def advance(self, done: float) -> None:
            if done > 1_000_000:
                phone.wire.cut()

    with pytest.raises(TransientDeviceError) as error:
        device.push([payload], Cutting())
    device.close()
    assert "phone" in one_sentence(error)
    adb_lab.wait_for(phone, "device")
    assert_usable(phone, payload)


def test_a_connection_cut_in_the_middle_of_a_run_ends_the_run(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    with connected(transport(phone)) as device:
        thread = when_sleeping(phone, phone.wire.cut)
        with pytest.raises(TransientDeviceError) as error:
            sleep(device)
        thread.join()
        assert "The connection to phone" in one_sentence(error)
        # the same transport goes on once the phone is back
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
        assert not sleeping(phone)
    assert_usable(phone)


def test_a_phone_out_of_reach_restores_itself(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    device = transport(phone)
    device.connect()
    phone.unplug()
    wait_until(lambda: phone.fixed_performance() == ["true", "false"], lambda: "the mode to be restored")
    device.close()
    phone.plug()
    adb_lab.wait_for(phone, "device")
    assert_usable(phone)


def test_a_phone_that_restarts_in_the_middle_of_a_run_is_usable_afterwards(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    notes = Recorder()
    with connected(transport(phone), notes) as device:
        thread = when_sleeping(phone, phone.switch_off)
        with pytest.raises(TransientDeviceError) as error:
            sleep(device)
        thread.join()
        one_sentence(error)
        phone.switch_on()
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
    assert "phone has restarted." in notes.notes
    phone.board.path("/data/system/fixed-performance").unlink()  # a restart ends the mode by itself
    assert_usable(phone)


def test_a_command_that_is_killed_there_says_by_which_signal(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    with connected(transport(phone)) as device:

        def kill() -> None:
            for process in phone.running():
                if "sleep" in process.argv:
                    with suppress(ProcessLookupError):  # once the command is, edgekit kills what it started
                        process.kill()

        thread = when_sleeping(phone, kill)
        done = device.run(["sh", "-c", "sleep 600 & exec sleep 601"], stdin="", deadline=600)
        thread.join()
        assert done.code == -signal.SIGKILL
    assert_usable(phone)


def test_a_command_over_its_deadline_is_ended_with_all_it_started(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    with connected(transport(phone)) as device:
        with pytest.raises(DeviceError, match="on phone did not finish within 2 s and was killed") as error:
            sleep(device, deadline=2)
        assert not isinstance(error.value, TransientDeviceError)
        one_sentence(error)
        wait_until(lambda: not sleeping(phone), lambda: f"an end of {phone.running()}")
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
    assert_usable(phone)


def test_what_a_command_leaves_behind_is_ended(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    with connected(transport(phone)) as device:
        script = "sleep 600 >/dev/null 2>&1 </dev/null & echo started"
        assert device.run(["sh", "-c", script], stdin="", deadline=60).stdout == b"started\n"
        wait_until(
            lambda: not any("sleep" in process.argv for process in phone.running()), lambda: "sleep to end"
        )
    assert_usable(phone)


def test_a_phone_without_space_says_how_much_is_needed(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone(space=1 << 20)
    with connected(transport(phone)) as device:
        with pytest.raises(DeviceError, match=r"phone has .* MB free in .*; 3\.00 MB are needed") as error:
            device.push([a_file(tmp_path / "model")])
        assert not isinstance(error.value, TransientDeviceError)
        assert "edgekit devices clean phone" in str(error.value)
    assert_usable(phone, a_file(tmp_path / "small", 100_000))


def test_a_phone_that_fills_up_while_it_is_sent_to_says_so(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone(space=4 << 20)
    other = phone.board.path(f"{TMP}/of another app")

    class Filling(Recorder):
        def advance(self, done: float) -> None:
            if not other.exists():
                other.write_bytes(bytes(2 << 20))

    with connected(transport(phone)) as device:
        with pytest.raises(DeviceError, match="phone has no space left in") as error:
            device.push([a_file(tmp_path / "model")], Filling())
        assert not isinstance(error.value, TransientDeviceError)
    other.unlink()
    assert_usable(phone, a_file(tmp_path / "model"))


@pytest.mark.parametrize(
    ("state", "kind", "what", "hint"),
    [
        ("unauthorized", DeviceError, "has not allowed this computer yet", "Allow USB debugging"),
        ("recovery", DeviceError, r"was started for maintenance \(recovery\)", "adb -s .* reboot"),
        ("offline", TransientDeviceError, "is offline", "unplug it and plug it in again"),
    ],
)
def test_a_phone_that_cannot_be_used_now_says_why(
    adb_lab: AdbLab, state: str, kind: type[DeviceError], what: str, hint: str
) -> None:
    phone = adb_lab.phone()
    if state == "offline":
        phone.unplug()
        adb_lab.wait_for(phone, "offline")
    else:
        phone.be(state)
        adb_lab.attach(phone)
    with pytest.raises(DeviceError, match=what) as error:
        transport().connect()
    assert type(error.value) is kind
    assert re.search(hint, one_sentence(error))
    phone.be("device")
    phone.plug()
    if state != "offline":
        adb_lab.attach(phone)
    adb_lab.wait_for(phone, "device")
    assert_usable(phone)


def test_without_a_phone_it_is_said_how_to_attach_one(adb_lab: AdbLab) -> None:
    with pytest.raises(TransientDeviceError, match="No Android device is attached") as error:
        transport().connect()
    assert "USB debugging" in one_sentence(error)


def test_a_phone_that_is_not_the_one_attached_is_not_used(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    profile = Profile(description="", transport="adb", name="phone", address="OTHER")
    with pytest.raises(TransientDeviceError, match=r"phone \(OTHER\) is not attached") as error:
        AdbTransport(profile).connect()
    assert phone.serial in one_sentence(error)
    assert phone.written() == set()


def test_an_address_where_no_phone_is_cannot_be_reached(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    phone.stop()
    adb_lab.adb("disconnect", phone.serial)
    with pytest.raises(TransientDeviceError, match="cannot be reached over the network") as error:
        transport(phone).connect()
    assert "adb pair" in one_sentence(error)


def test_a_phone_on_the_network_is_connected_to_when_it_is_not_yet(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    adb_lab.adb("disconnect", phone.serial, check=True)
    assert_usable(phone)


def test_two_phones_and_no_serial_are_listed(adb_lab: AdbLab) -> None:
    first, second = adb_lab.phone(), adb_lab.phone()
    with pytest.raises(DeviceError, match="2 Android devices are attached") as error:
        transport().connect()
    said = one_sentence(error)
    assert first.serial in said
    assert second.serial in said
    assert "edgekit devices add phone --adb SERIAL" in said
    assert_usable(second)
    assert first.written() == set()


def test_the_serial_may_come_from_the_environment(adb_lab: AdbLab, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = adb_lab.phone(), adb_lab.phone()
    monkeypatch.setenv("ANDROID_SERIAL", second.serial)
    with connected(transport()):
        assert second.fixed_performance() == ["true"]
    assert first.written() == set()


def test_without_adb_it_is_said_how_to_install_it(
    adb_lab: AdbLab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="adb is not installed") as error:
        transport().connect()
    assert "apt install adb" in str(error.value)


def test_a_second_edgekit_waits_and_says_for_whom(adb_lab: AdbLab) -> None:
    phone, notes = adb_lab.phone(), Recorder()
    first, second = transport(phone), transport(phone)
    first.connect()
    waiting = threading.Thread(target=second.connect, args=(notes,))
    waiting.start()
    wait_until(lambda: any("waiting" in what for what, _ in notes.steps), lambda: f"a word; {notes.steps}")
    assert f"(process {os.getpid()})" in notes.steps[0][0]
    first.close()
    waiting.join(60)
    assert second.run(["echo", "mine"], stdin="", deadline=60).stdout == b"mine\n"
    second.close()
    assert_usable(phone)


def end_edgekit(phone: Phone, number: signal.Signals, command: str) -> None:
    """Let another edgekit run a command, and end it in the middle."""
    argv = [sys.executable, "-c", PROGRAM, phone.serial, command]
    with subprocess.Popen(argv, stderr=subprocess.PIPE) as edgekit:
        wait_until(lambda: sleeping(phone), lambda: "the command to run")
        assert phone.fixed_performance() == ["true"]
        edgekit.send_signal(number)
        edgekit.communicate(timeout=60)
        assert edgekit.returncode == -number
    wait_until(lambda: phone.fixed_performance() == ["true", "false"], lambda: "the mode to be restored")


@pytest.mark.parametrize(
    ("number", "command"),
    [(signal.SIGKILL, GUEST), (signal.SIGTERM, GUEST), (signal.SIGINT, GUEST), (signal.SIGINT, STUBBORN)],
)
def test_an_edgekit_that_is_ended_leaves_the_phone_as_it_was(
    adb_lab: AdbLab, number: signal.Signals, command: str
) -> None:
    phone = adb_lab.phone()
    end_edgekit(phone, number, command)
    assert_usable(phone)


def test_a_command_that_outlives_a_killed_edgekit_is_ended_by_the_next(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    end_edgekit(phone, signal.SIGKILL, STUBBORN)
    with connected(transport(phone)):
        assert not sleeping(phone)
    assert_usable(phone)


def test_an_adb_server_that_is_killed_is_like_a_lost_connection(
    adb_lab: AdbLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    server = AdbServer(tmp_path / "home")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    phone = adb_lab.phone()
    server.adb("connect", phone.serial, check=True)
    with connected(transport(phone)) as device:
        thread = when_sleeping(phone, server.stop)
        with pytest.raises(TransientDeviceError) as error:
            sleep(device)
        thread.join()
        one_sentence(error)
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(adb_lab.server.port))
        assert device.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"
    assert_usable(phone)
