"""What is sent to a device arrives whole or not at all, and only once."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.device import Payload
from edgekit.device.archive import members, pack
from edgekit.device.scripts import MARKER
from edgekit.errors import DeviceError

NOISE = os.urandom(3_000_000)  # does not shrink: sending it takes many pieces


@pytest.fixture
def bundle(tmp_path):
    """A folder such as a runtime is."""
    folder = tmp_path / "bundle"
    (folder / "package" / "empty").mkdir(parents=True)
    (folder / "package" / "module.py").write_text("x = 1\n")
    (folder / "package" / "ümläut name.txt").write_text("ü")
    (folder / "package" / ("long-" * 45)).write_text("a name longer than a tar header has room for")
    (folder / "nothing").touch()
    (folder / "tool").write_text("#!/bin/sh\necho tool\n")
    (folder / "tool").chmod(0o755)
    (folder / "link").symlink_to("tool")
    return Payload(folder, "b" * 64, 100)


def left_over(here):
    return list((here.edgekit / "incoming").iterdir())


def test_files_and_folders_arrive_as_they_are(here, payload, bundle, recorder):
    file, empty = payload("model.tflite", NOISE), payload("empty", b"")
    pushed = here.connect().push([file, bundle, empty], recorder)
    assert Path(pushed.paths[file.sha256]).read_bytes() == NOISE
    assert Path(pushed.paths[empty.sha256]).read_bytes() == b""
    folder = Path(pushed.paths[bundle.sha256])
    sent = {p.relative_to(bundle.source): p for p in bundle.source.rglob("*")}
    assert {p.relative_to(folder) for p in folder.rglob("*")} == set(sent)
    assert all(
        (folder / name).read_bytes() == path.read_bytes() for name, path in sent.items() if path.is_file()
    )
    assert subprocess.run([folder / "tool"], capture_output=True, check=True).stdout == b"tool\n"
    assert not os.access(folder / "nothing", os.X_OK) or not folder.joinpath("nothing").stat().st_mode & 0o100
    assert left_over(here) == []


def test_what_was_sent_is_counted_and_told(here, payload, bundle, recorder):
    file = payload("model", NOISE)
    transfer = here.connect().push([file, bundle], recorder).transfer
    size = len(NOISE) + sum(p.stat().st_size for p in bundle.source.rglob("*") if p.is_file())
    assert (transfer.bytes, transfer.files, transfer.reused_files) == (size, 2, 0)
    assert recorder.steps == [("Sending 3.00 MB to board", size)]
    assert recorder.done == sorted(recorder.done)
    assert recorder.done[-1] == size


def test_what_is_there_is_not_sent_again(here, payload, bundle, recorder):
    file = payload("model", b"abc")
    here.connect().push([file, bundle])
    here.opened[0].close()
    transfer = here.connect().push([file, bundle, file], recorder).transfer
    assert (transfer.bytes, transfer.files, transfer.reused_files) == (0, 0, 2)
    assert recorder.steps == []


def test_a_file_that_was_damaged_there_is_sent_again(here, payload):
    file = payload("model", b"abc")
    board = here.connect()
    there = Path(board.push([file]).paths[file.sha256])
    there.write_bytes(b"abd")
    assert board.push([file]).transfer.files == 1
    assert there.read_bytes() == b"abc"


def test_a_file_that_is_not_what_its_hash_says_is_not_kept(here, payload):
    wrong = Payload(payload("model", b"abc").source, "0" * 64, 3)
    with pytest.raises(DeviceError, match="could not store what was sent: damaged"):
        here.connect().push([wrong])
    assert list(here.blobs.iterdir()) == []
    assert left_over(here) == []


def test_a_file_that_is_missing_is_named(here, tmp_path):
    with pytest.raises(DeviceError, match="gone is missing"):
        here.connect().push([Payload(tmp_path / "gone", "a" * 64, 1)])


def test_a_file_that_changes_while_it_is_sent_is_not_kept(here, payload):
    board, file = here.connect(), payload("model", b"abc")
    listed = members([file])
    file.source.write_bytes(b"abcd")
    with pytest.raises(DeviceError, match="changed while it was sent"):
        board._send(listed, [file.sha256], board._held, board._progress)
    assert list(here.blobs.iterdir()) == []
    assert board.push([payload("other", b"abc")]).transfer.files == 1


def test_what_a_cut_connection_interrupted_is_sent_again_as_a_whole(here, payload, recorder, monkeypatch):
    """What receives it on the device is killed after the second piece of the first attempt."""
    from edgekit.device import shell

    board, file = here.connect(), payload("model", NOISE)
    seen = []

    def cut(entries, advance):
        for part in pack(entries, advance):
            yield part
            seen.append(len(part))
            if len(seen) == 2:
                os.killpg(int((here.edgekit / "running").read_text().split()[0]), signal.SIGKILL)

    monkeypatch.setattr(shell, "pack", cut)
    transfer = board.push([file], recorder).transfer
    assert transfer.bytes == len(NOISE)
    assert (here.blobs / file.sha256).read_bytes() == NOISE
    assert left_over(here) == []
    assert len(seen) > 4
    (note,) = recorder.notes
    assert note.startswith("The connection was lost: ")
    assert note.endswith("Sending again.")


def test_a_sender_that_is_killed_leaves_no_part_of_a_file(here, tmp_path, payload, wait_until):
    file = payload("model", NOISE)
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from support.here import HereTransport\n"
        "from edgekit.device import Payload, Profile, shell\n"
        "profile = Profile(description='x', transport='ssh', name='b')\n"
        "board = HereTransport(profile, sys.argv[2], os.environ['PATH'])\n"
        "board.connect()\n"
        "pack = shell.pack\n"
        "def slow(entries, advance):\n"
        "    for number, part in enumerate(pack(entries, advance)):\n"
        "        yield part\n"
        "        if number == 3: os.kill(os.getpid(), 9)\n"
        "shell.pack = slow\n"
        "board.push([Payload(Path(sys.argv[3]), sys.argv[4], 1)])\n"
    )
    arguments = [str(Path(__file__).parents[1]), str(here.home), str(file.source), file.sha256]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    wait_until(lambda: (here.edgekit / MARKER).read_text() == "")
    wait_until(lambda: left_over(here) == [])
    assert list(here.blobs.iterdir()) == []
    assert here.connect().push([file]).transfer.files == 1


def test_what_is_sent_is_the_same_on_every_computer(tmp_path, bundle):
    os.utime(bundle.source / "tool", (1e9, 1e9))
    first = b"".join(pack(members([bundle]), lambda done: None))
    os.utime(bundle.source / "tool", (1.5e9, 1.5e9))
    assert b"".join(pack(members([bundle]), lambda done: None)) == first


FULL = """
import os, sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from support.here import HereTransport
from edgekit.device import Payload, Profile, shell
from edgekit.errors import DeviceError
from edgekit.progress import Recorder
if sys.argv[5] == "unforeseen":
    shell._free = lambda listed: None
board = HereTransport(
    Profile(description="x", transport="ssh", name="board", folder=sys.argv[2] + "/edgekit"),
    sys.argv[2], os.environ["PATH"],
)
board.connect()
try:
    board.push([Payload(Path(sys.argv[3]), sys.argv[4], 3000000)], Recorder())
except DeviceError as error:
    print(type(error).__name__, error)
kept = [str(p.name) for f in ("blobs", "incoming") for p in Path(sys.argv[2], "edgekit", f).iterdir()]
print("left", kept)
board.close()
print("cleaned", board.clean() > 0, os.listdir(sys.argv[2]))
"""


@pytest.mark.parametrize("when", ["foreseen", "unforeseen"])
def test_a_device_without_room_says_how_much_is_needed(tmp_path, payload, when):
    """The folder is a file system of 2 MB. Where `df` does not help, the disk is full in the middle."""
    small, file = tmp_path / "small", payload("model", NOISE)
    small.mkdir()
    words = [str(Path(__file__).parents[1]), str(small), str(file.source), file.sha256, when]
    script = f'mount -t tmpfs -o size=2m none {small} && exec {sys.executable} -c "$CODE" "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", *words],
        env={**os.environ, "CODE": FULL},
        capture_output=True,
        text=True,
        check=False,
    )
    if "CI" not in os.environ and ("unshare" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"needs the right to mount, as root has: {done.stderr.strip()}")
    lines = done.stdout.splitlines()
    have = r"has 2\.\d+ MB free" if when == "foreseen" else "has no space left"
    assert lines, done.stderr
    assert re.match(rf"DeviceError board {have} in {small}/edgekit; 3\.0\d MB are needed\.", lines[0]), lines
    assert "edgekit devices clean board" in lines[0]
    assert lines[1:] == ["left []", "cleaned True []"]
