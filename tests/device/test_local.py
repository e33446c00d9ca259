"""The local transport: what it starts ends with it, whatever happens."""

import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgekit.device import Payload
from edgekit.device.local import LocalTransport
from edgekit.device.transport import connected
from edgekit.errors import DeviceError

WAITS = "import sys, time; sys.stdin.readline(); time.sleep(600)"


def run(code, *, stdin="\n", deadline=60.0):
    return LocalTransport().run([sys.executable, "-c", code], stdin=stdin, deadline=deadline)


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_output_error_output_and_status_come_back():
    done = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(5)")
    assert (done.stdout, done.stderr, done.code) == (b"out\n", "err\n", 5)


def test_a_signal_comes_back_as_a_negative_status():
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)").code == -signal.SIGSEGV


def test_what_is_given_is_read_and_the_input_then_stays_open():
    code = "import select, sys; line = sys.stdin.readline(); print(line, select.select([0], [], [], 0.2)[0])"
    assert run(code, stdin="request\n").stdout == b"request\n []\n"


def test_much_output_on_both_streams_does_not_block():
    done = run("import sys; sys.stderr.write('e' * 10**6); sys.stdout.write('o' * 10**6)")
    assert (len(done.stdout), len(done.stderr)) == (10**6, 10**6)


def test_a_command_that_reads_nothing_is_no_error():
    assert run("pass", stdin="x" * 1000).code == 0


def test_the_deadline_ends_a_command_and_all_that_it_started(tmp_path):
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    with pytest.raises(DeviceError, match="did not finish within 3 s"):
        run(code, deadline=3.0)
    found = [int(pid) for pid in pids.read_text().split()]
    assert len(found) == 2
    wait_until(lambda: not any(is_alive(pid) for pid in found))


def test_a_child_left_behind_is_ended_too(tmp_path):
    pids = tmp_path / "pids"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        f"open({str(pids)!r}, 'w').write(str(child.pid))"
    )
    assert run(code).code == 0
    wait_until(lambda: not is_alive(int(pids.read_text())))


def test_an_interpreter_that_is_not_there_is_named():
    with pytest.raises(DeviceError) as caught:
        LocalTransport("/nowhere/python").run(["/nowhere/python"], stdin="", deadline=5)
    assert "/nowhere/python" in caught.value.what
    assert "profile" in caught.value.hint


def test_no_descriptor_is_left_open():
    before = open_descriptors()
    run("pass")
    with pytest.raises(DeviceError):
        run("import time; time.sleep(600)", deadline=0.2)
    assert open_descriptors() == before


def test_files_are_used_where_they_lie(tmp_path):
    path = tmp_path / "model"
    path.write_text("x")
    pushed = LocalTransport().push([Payload(path, "a" * 64, 1)])
    assert pushed.paths == {"a" * 64: str(path)}
    assert (pushed.transfer.bytes, pushed.transfer.reused_files) == (0, 1)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(DeviceError, match="gone"):
        LocalTransport().push([Payload(tmp_path / "gone", "a" * 64, 1)])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_an_edgekit_that_was_ended(how, tmp_path):
    """The asker is ended while the guest, which watches its input, is busy."""
    from edgekit.visit.guest import GUEST

    model = tmp_path / "hang"
    model.write_text("hang")
    folder = Path(__file__).parent.parent / "guest" / "misbehaving"
    numpy = Path(np.__file__).parent.parent
    request = {
        "pass": "latency",
        "runtime": "litert",
        "path": [str(folder), str(numpy)],
        "model": str(model),
        "watch_stdin": True,
    }
    asker = (
        "import json, sys\n"
        "from edgekit.device.local import LocalTransport\n"
        f"argv = [sys.executable, '-I', '-S', '-B', {str(GUEST)!r}, '-']\n"
        f"LocalTransport().run(argv, stdin=json.dumps({request!r}) + '\\n', deadline=300)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", asker], stderr=subprocess.DEVNULL)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_until(lambda: children.read_text().split())
    guest = int(children.read_text().split()[0])
    wait_until(lambda: b"edgekit_guest" in Path(f"/proc/{guest}/cmdline").read_bytes())
    process.send_signal(how)
    process.wait(timeout=30)
    wait_until(lambda: not is_alive(guest))


def test_on_windows_one_sentence_says_where_it_measures(monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    with pytest.raises(DeviceError, match="Windows") as caught, connected(LocalTransport()):
        pass
    assert "WSL 2" in caught.value.hint
