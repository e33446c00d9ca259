"""One edgekit at a time has a device, and leaves it as it was, however it ends."""

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from edgekit.device import handshake
from edgekit.device.scripts import MARKER
from edgekit.errors import DeviceError, TransientDeviceError

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def holder(here):
    return (here.edgekit / MARKER).read_text().splitlines()


def leave_behind(here, text):
    """Make the folder as an edgekit leaves it that was killed while it had the device."""
    here.edgekit.mkdir(parents=True)
    (here.edgekit / MARKER).write_text(text)


def left_by(pid):
    return f"{pid}\n{'f' * 32}\n1700000000\nann@laptop\n"


def kill_holder(board, here):
    os.kill(int(holder(here)[0]), signal.SIGKILL)
    board._holder._process.wait()


def test_the_lock_names_who_has_the_device(here):
    here.connect()
    assert holder(here)[3] == handshake.who()
    assert f"(process {os.getpid()})" in handshake.who()


def test_a_device_that_was_let_go_is_free(here):
    here.connect().close()
    assert holder(here) == []
    here.connect()


def test_the_second_waits_until_the_first_is_done(here, recorder, wait_until):
    first = here.connect()
    second = here.transport()
    waiting = threading.Thread(target=second.connect, args=[recorder])
    waiting.start()
    wait_until(lambda: recorder.steps)
    assert recorder.steps[0][0].startswith(f"board is in use by {handshake.who()}; waiting · for ")
    assert second._held is None
    first.close()
    waiting.join(30)
    assert second.run(["echo", "mine"], stdin="", deadline=30).stdout == b"mine\n"


def test_the_second_gives_up_in_the_end_and_says_who_has_the_device(here, monkeypatch):
    monkeypatch.setattr(handshake, "WAIT", 0.5)
    first = here.connect()
    with pytest.raises(DeviceError) as caught:
        here.connect()
    assert f"board is in use by {handshake.who()} for " in caught.value.what
    assert f"kill {holder(here)[0]}" in caught.value.hint
    assert not isinstance(caught.value, TransientDeviceError)
    assert first.run(["true"], stdin="", deadline=30).code == 0


@pytest.mark.parametrize("end", ["close", "clean"])
def test_many_at_once_take_turns(here, tmp_path, end):
    """Each appends to a file in two steps; nobody else's come in between, wherever the lock's file went."""
    log = tmp_path / "log"
    step = 'echo "in $1" >>"$2"; sleep 0.05; echo "out $1" >>"$2"'
    boards = [here.transport() for _ in range(4)]

    def work(number):
        boards[number].connect()
        boards[number].run(["sh", "-c", step, "sh", str(number), str(log)], stdin="", deadline=60)
        getattr(boards[number], end)()

    leave_behind(here, left_by(0))  # all of them try to take it over
    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    lines = log.read_text().split("\n")[:-1]
    assert len(lines) == 8
    assert all(lines[i + 1] == lines[i].replace("in", "out") for i in range(0, 8, 2))


@pytest.mark.parametrize(
    "text",
    [left_by(0), left_by(os.getpid()), left_by(""), left_by("junk"), ""],
    ids=["gone", "number of another process", "nobody", "damaged", "never written"],
)
def test_what_a_killed_holder_left_behind_is_in_nobodys_way(here, text):
    leave_behind(here, text)
    here.connect()
    assert holder(here)[3] == handshake.who()


def test_the_lock_ends_with_the_process_that_has_it(here, recorder):
    kill_holder(here.connect(), here)
    here.connect(recorder)
    assert recorder.steps == []


def test_a_lock_on_a_file_that_was_removed_does_not_count(here, tmp_path, monkeypatch):
    """Another edgekit cleans after this one has opened the file, and before it locks it."""
    once = f'[ -e "{tmp_path}/left" ] || {{ : >"{tmp_path}/left"; rm "{here.edgekit}/{MARKER}"; }}'
    here.program("flock", f'{once}; exec {shutil.which("flock")} "$@"')
    here.connect()
    assert (tmp_path / "left").exists()
    monkeypatch.setattr(handshake, "WAIT", 0.5)
    with pytest.raises(DeviceError, match="board is in use by"):
        here.connect()


def test_a_device_without_flock_says_what_is_missing(here):
    for name in ("sh", "cat", "uname", "env", "id", "setsid"):
        (here.programs / name).symlink_to(shutil.which(name))
    board = here.transport()
    board.path = str(here.programs)
    with pytest.raises(DeviceError) as caught:
        board.connect()
    assert caught.value.what == "board has no `flock`, which edgekit needs to lock the device."
    assert "util-linux" in caught.value.hint
    assert not here.edgekit.exists()


def test_a_folder_whose_files_cannot_be_locked_is_named_with_the_reason(here):
    here.program("flock", 'echo "flock: 3: No locks available" >&2; exit 1')
    with pytest.raises(DeviceError, match=r"cannot be used: flock: 3: No locks available\."):
        here.connect()


def test_a_command_whose_leader_has_died_unnoticed_is_ended_all_the_same(here, wait_until, is_alive):
    token = "edgekit-" + "a" * 32
    with subprocess.Popen(
        ["sh", "-c", "sleep 600 & echo $!; wait", token], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        child = int(leader.stdout.readline())
        leader.kill()
        wait_until(lambda: not Path(f"/proc/{leader.pid}/cmdline").read_bytes())
        leave_behind(here, "")
        (here.edgekit / "running").write_text(f"{leader.pid} {'a' * 32}\n")
        here.connect()
        wait_until(lambda: not is_alive(child))
        assert Path(f"/proc/{leader.pid}").exists()  # nobody has taken note of its end


def test_a_process_that_got_the_number_of_a_command_is_left_alone(here, is_alive):
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as other:
        leave_behind(here, "")
        (here.edgekit / "running").write_text(f"{other.pid} {'a' * 32}\n")
        here.connect()
        assert is_alive(other.pid)
        other.kill()


def test_an_edgekit_that_lost_its_device_takes_it_back_from_itself(here, is_alive):
    """The near end is gone, and the far end has not noticed yet."""
    board = here.connect()
    old = int(holder(here)[0])
    lost, board._holder = board._holder, None
    board.run(["true"], stdin="", deadline=30)
    assert int(holder(here)[0]) != old
    assert not is_alive(old)
    lost.close()
    assert board.run(["true"], stdin="", deadline=30).code == 0


def test_the_governor_is_set_and_put_back(here, recorder):
    files = [here.governor("ondemand", 0), here.governor("schedutil", 4)]
    board = here.connect(recorder, governor="performance")
    assert [file.read_text() for file in files] == ["performance\n"] * 2
    board.close()
    assert [file.read_text() for file in files] == ["ondemand\n", "schedutil\n"]
    assert recorder.notes == []


def test_the_governor_is_left_alone_unless_the_profile_asks(here):
    file = here.governor("ondemand")
    here.connect()
    assert file.read_text() == "ondemand\n"


def test_a_governor_that_may_not_be_set_is_told(here, recorder):
    here.program("sudo", "exit 1")
    (here.policies / "policy0").mkdir()
    # a file that nobody can write, root neither
    (here.policies / "policy0" / "scaling_governor").symlink_to("/proc/sys/kernel/ostype")
    here.connect(recorder, governor="performance")
    assert recorder.notes == ["board does not permit the governor performance; it stays Linux."]


def test_a_device_without_governors_is_told(here, recorder):
    here.connect(recorder, governor="performance")
    assert recorder.notes == ["board has no CPU frequency governor; none was set."]


def test_the_governor_is_put_back_by_the_next_where_the_holder_itself_was_killed(here):
    file = here.governor("ondemand")
    kill_holder(here.connect(governor="performance"), here)
    assert file.read_text() == "performance\n"
    here.connect()
    assert file.read_text() == "ondemand\n"


def test_what_a_device_has_set_since_its_restart_is_not_undone(here):
    file = here.governor("ondemand")
    kill_holder(here.connect(governor="performance"), here)
    restore = here.edgekit / "restore"
    restore.write_text(restore.read_text().replace(BOOT, "another"))
    here.connect()
    assert file.read_text() == "performance\n"


def test_the_fixed_performance_mode_is_switched_on_and_off(here, recorder, tmp_path):
    here.program("cmd", f'echo "$*" >>{tmp_path}/log')
    board = here.connect(recorder, fixed_performance=True)
    mode = "power set-fixed-performance-mode-enabled"
    assert (tmp_path / "log").read_text() == f"{mode} true\n"
    board.close()
    assert (tmp_path / "log").read_text() == f"{mode} true\n{mode} false\n"
    assert recorder.notes == []


def test_a_device_without_that_mode_is_told(here, recorder):
    here.program("cmd", "exit 1")
    here.connect(recorder, fixed_performance=True)
    assert recorder.notes == ["board has no fixed-performance mode; its clocks may vary."]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_holder_that_is_told_to_end_puts_everything_back(here, how, wait_until):
    file = here.governor("ondemand")
    board = here.connect(governor="performance")
    os.kill(int(holder(here)[0]), how)
    board._holder._process.wait(30)
    assert file.read_text() == "ondemand\n"
    assert holder(here) == []


def test_cleaning_removes_everything_and_frees_the_device(here, payload):
    file = here.governor("ondemand")
    board = here.connect(governor="performance")
    board.push([payload("model", bytes(200_000))])
    assert board.clean() >= 200_000
    assert not here.edgekit.exists()
    assert file.read_text() == "ondemand\n"
    board.close()
    assert here.connect().push([payload("model", b"x")]).transfer.files == 1


def test_cleaning_follows_a_folder_that_was_moved_elsewhere(here, tmp_path, payload):
    (tmp_path / "disk").mkdir()
    here.edgekit.parent.mkdir()
    here.edgekit.symlink_to(tmp_path / "disk")
    board = here.connect()
    board.push([payload("model", bytes(200_000))])
    assert board.clean() >= 200_000
    assert not (tmp_path / "disk").exists()
    assert not here.edgekit.is_symlink()


@pytest.mark.parametrize("folder", ["~", "~/", "/", "~/photos", "~/../home"])
def test_a_folder_that_is_not_edgekits_own_is_refused(here, folder):
    (here.home / "photos").mkdir()
    (here.home / "photos" / "cat.jpg").touch()
    with pytest.raises(DeviceError, match="is not edgekit's own folder"):
        here.connect(folder=folder)
    assert sorted(p.name for p in here.home.rglob("*")) == ["cat.jpg", "photos"]


def test_an_empty_home_is_not_edgekits_either(here):
    with pytest.raises(DeviceError, match="is not edgekit's own folder"):
        here.connect(folder="~")
    assert list(here.home.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(here):
    (here.home / "file").touch()
    with pytest.raises(DeviceError) as caught:
        here.connect(folder="~/file/edgekit")
    assert f"{here.home}/file/edgekit on board cannot be used: " in caught.value.what
    assert "Not a directory" in caught.value.what
    assert "`folder`" in caught.value.hint


def test_a_python_that_is_too_old_is_not_used(here, recorder):
    here.program("python3", "echo 3.7")
    board = here.connect(recorder)
    assert board.python == ""
    assert recorder.notes == ["board's Python 3.7 is not used: 3.9 or newer is needed."]


def test_a_program_that_says_no_version_is_no_python(here, recorder):
    here.program("python3", "echo welcome")
    assert here.connect(recorder).python == ""


def test_a_board_without_python_has_none(here, recorder):
    here.program("python3", "exit 127")
    assert here.connect(recorder).python == ""
    assert recorder.notes == []


def test_the_portable_python_is_used_where_the_profile_says_so(here):
    assert here.connect(python="portable").python == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("echo 3.8", "own on board is Python 3.8; 3.9 or newer is needed"),
        ("exit 1", "own on board cannot be"),
    ],
)
def test_a_named_python_that_is_not_usable_is_refused(here, answer, words):
    here.program("own", answer)
    with pytest.raises(DeviceError, match=words) as caught:
        here.connect(python="own")
    assert "`python`" in caught.value.hint
    assert holder(here) == []


def test_a_named_python_may_be_in_the_home(here):
    (here.home / "bin").mkdir()
    (here.home / "bin" / "py").symlink_to("/usr/bin/env")
    here.program("py", "echo 3.12")
    (here.home / "bin" / "py").unlink()
    (here.programs / "py").rename(here.home / "bin" / "py")
    assert here.connect(python="~/bin/py").python == f"{here.home}/bin/py"


def test_a_silent_device_is_given_up(here, monkeypatch):
    monkeypatch.setattr("edgekit.device.shell.ANSWER", 0.5)
    board = here.transport()
    board.prelude = "sleep 2; "
    with pytest.raises(TransientDeviceError, match="board did not answer"):
        board.connect()
