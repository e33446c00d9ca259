"""A device with a shell: commands get there as they are, and nothing of them stays."""

import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edgekit.device.scripts import MARKER
from edgekit.errors import DeviceError, TransientDeviceError

HOSTILE = [
    "two words",
    "quote'd",
    'double"d',
    "$(touch pwned)",
    "`touch pwned`",
    "semi;colon & touch pwned",
    "new\nline",
    "-rf",
    "--help",
    "*",
    "ümläut-日本語",
    "back\\slash",
    "tab\there",
    "%s%n",
    "~",
    "#hash",
    "trailing ",
]


def test_a_device_tells_what_it_is(here):
    board = here.connect()
    assert (board.machine, board.python) == (os.uname().machine, "python3")


def test_edgekits_folder_is_its_owners_alone(here):
    here.connect()
    assert stat.S_IMODE(here.edgekit.stat().st_mode) == 0o700


def test_output_error_output_and_status_come_back(here):
    done = here.connect().run(["sh", "-c", "printf out; printf err >&2; exit 5"], stdin="", deadline=30)
    assert (done.stdout, done.stderr, done.code) == (b"out", "err", 5)


def test_the_status_of_ssh_itself_is_a_status_like_any_other(here):
    assert here.connect().run(["sh", "-c", "exit 128"], stdin="", deadline=30).code == 128


def test_a_signal_comes_back_as_a_negative_status(here):
    done = here.connect().run(["sh", "-c", "kill -SEGV $$"], stdin="", deadline=30)
    assert done.code == -signal.SIGSEGV


def test_every_byte_comes_back(here):
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 5000); sys.stderr.write('e' * 300000)"
    done = here.connect().run(["python3", "-c", code], stdin="", deadline=60)
    assert done.stdout == bytes(range(256)) * 5000
    assert done.stderr == "e" * 300000


def test_what_is_given_is_read_and_the_input_then_stays_open(here):
    code = "import select, sys; line = sys.stdin.readline(); print(line, select.select([0], [], [], 0.2)[0])"
    assert (
        here.connect().run(["python3", "-c", code], stdin="request\n", deadline=30).stdout
        == b"request\n []\n"
    )


def test_a_long_request_gets_there(here):
    code = "import sys; print(len(sys.stdin.readline()))"
    done = here.connect().run(["python3", "-c", code], stdin="x" * 10**6 + "\n", deadline=30)
    assert done.stdout == b"1000001\n"


def test_arguments_arrive_as_they_are(here):
    code = "import sys; print(sys.argv[1:])"
    done = here.connect().run(["python3", "-c", code, *HOSTILE], stdin="", deadline=30)
    assert done.stdout.decode() == f"{HOSTILE}\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_edgekits_folder_may_have_any_name(here, payload, name):
    board = here.connect(folder=f"~/{name}")
    sent = payload("model", b"abc")
    pushed = board.push([sent])
    assert Path(pushed.paths[sent.sha256]) == here.home / name / "blobs" / sent.sha256
    assert board.run(["cat", pushed.paths[sent.sha256]], stdin="", deadline=30).stdout == b"abc"
    assert board.clean() > 0
    assert list(here.home.iterdir()) == []


def test_what_a_login_shell_says_is_not_taken_for_an_answer(here):
    board = here.transport()
    board.prelude = "echo Welcome; echo 'have a lot of fun' >&2; "
    board.connect()
    done = board.run(["echo", "answer"], stdin="", deadline=30)
    assert (done.stdout, done.code) == (b"answer\n", 0)


def test_a_program_that_is_not_there_has_the_shells_status_for_it(here):
    done = here.connect().run(["nowhere/python"], stdin="", deadline=30)
    assert done.code == 127
    assert "nowhere/python" in done.stderr


def test_a_command_runs_in_edgekits_folder_and_leaves_its_files_there(here):
    done = here.connect().run(["sh", "-c", "pwd; echo $TMPDIR"], stdin="", deadline=30)
    assert done.stdout.decode().split() == [str(here.edgekit / "tmp")] * 2


def test_the_deadline_ends_a_command_and_all_that_it_started(here, tmp_path, wait_until, is_alive):
    pids = tmp_path / "pids"
    script = 'trap "" HUP TERM; (trap "" HUP; sleep 600) & echo $$ $! >"$1"; sleep 600'
    board = here.connect()
    with pytest.raises(DeviceError, match="on board did not finish within 1 s"):
        board.run(["sh", "-c", script, "sh", str(pids)], stdin="", deadline=1)
    found = [int(pid) for pid in pids.read_text().split()]
    assert len(found) == 2
    wait_until(lambda: not any(map(is_alive, found)))
    assert board.run(["echo", "on"], stdin="", deadline=30).stdout == b"on\n"


def test_a_child_left_behind_is_ended_too(here, wait_until, is_alive):
    done = here.connect().run(
        ["sh", "-c", "sleep 600 >/dev/null 2>&1 </dev/null & echo $!"], stdin="", deadline=30
    )
    assert done.code == 0
    wait_until(lambda: not is_alive(int(done.stdout)))


def test_a_device_that_was_lost_is_reached_again(here, recorder):
    board = here.connect(recorder)
    first = int((here.edgekit / MARKER).read_text().split()[0])
    os.kill(first, signal.SIGKILL)
    board._holder._process.wait()
    assert board.run(["echo", "on"], stdin="", deadline=30).stdout == b"on\n"
    assert int((here.edgekit / MARKER).read_text().split()[0]) != first
    assert recorder.notes == []


def test_a_restart_of_the_device_is_told(here, recorder):
    board = here.connect(recorder)
    board.close()
    board._held = replace(board._held, boot="another")
    board.run(["true"], stdin="", deadline=30)
    assert recorder.notes == ["board has restarted."]


def test_a_device_that_stays_away_is_given_up_in_the_end(here, monkeypatch):
    monkeypatch.setattr("edgekit.device.shell.RECONNECT", 1.5)
    board = here.connect()
    board.close()
    board.prelude = "exit 1; "
    start = time.monotonic()
    with pytest.raises(TransientDeviceError):
        board.run(["true"], stdin="", deadline=30)
    assert time.monotonic() - start < 20


def test_a_folder_that_vanished_is_made_again(here):
    import shutil

    board = here.connect()
    shutil.rmtree(here.edgekit)
    with pytest.raises(TransientDeviceError, match="has vanished"):
        board.run(["true"], stdin="", deadline=30)
    assert board.run(["true"], stdin="", deadline=30).code == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_an_edgekit_that_was_ended(here, how, tmp_path, wait_until, is_alive):
    """The asker is ended while a command that watches its input is busy; the device is as it was."""
    governor = here.governor("ondemand")
    pids = tmp_path / "pids"
    asker = (
        "import signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # it may be ignored in the background
        "from pathlib import Path\n"
        "from support.here import Here, HereTransport\n"
        "from edgekit.device import Profile\n"
        "home, programs, policies, pids = sys.argv[2:]\n"
        "profile = Profile(description='x', transport='ssh', name='board', governor='performance')\n"
        "import os\n"
        "board = HereTransport(profile, home, os.environ['PATH']); board.policies = policies\n"
        "board.connect()\n"
        "board.run(['sh', '-c', 'echo $$ >\"$1\"; cat', 'sh', pids], stdin='', deadline=300)\n"
    )
    folders = map(str, (Path(__file__).parents[1], here.home, here.programs, here.policies, pids))
    process = subprocess.Popen(
        [sys.executable, "-c", asker, *folders],
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: pids.exists() and pids.read_text().strip())
    assert governor.read_text() == "performance\n"
    process.send_signal(how)
    process.wait(timeout=30)
    wait_until(lambda: not is_alive(int(pids.read_text())))
    wait_until(lambda: governor.read_text() == "ondemand\n")
    wait_until(lambda: (here.edgekit / MARKER).read_text() == "")
