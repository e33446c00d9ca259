"""What goes wrong with emulated boards: said in one sentence, with the console and what mends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from edgekit.device import Payload
from edgekit.device.emulator import EmulatorTransport, image, machine
from edgekit.device.emulator.cpio import Archive
from edgekit.errors import DeviceError
from edgekit.progress import Recorder
from labs.board import wait_until
from labs.emulated import board
from labs.payloads import a_file

pytestmark = pytest.mark.usefixtures("qemu")

A72 = machine.Board("rpi4-emulated", "cortex-a72", 512)
CLEAN = "edgekit devices clean rpi4-emulated"


def boot(what: machine.Board, payloads: list[Payload], *, init: bool = True) -> None:
    """Boot a machine whose system may lack its first program, then end it."""
    found = image.ensure_image(Recorder())
    with TemporaryFile() as system:
        if init:
            image.write_system(system, found, payloads)
        else:
            archive = Archive(system)
            archive.copy(found.busybox, "busybox")
            archive.end()
            system.flush()
        started = machine.Machine(what, found.kernel, system)
        started.boot(120)
        started.end()


def test_a_kernel_panic_is_shown(qemu: None) -> None:
    with pytest.raises(DeviceError, match="rpi4-emulated had a kernel panic: ") as caught:
        boot(A72, [], init=False)
    assert "Unable to mount root fs" in caught.value.what  # it found no first program
    assert CLEAN in caught.value.hint
    assert "The last lines of its console:\n" in caught.value.hint
    assert "Kernel panic" in caught.value.hint
    assert caught.value.exit_code == 3


def test_files_that_do_not_fit_into_memory_are_not_half_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"rpi4-emulated (had a kernel panic|ended)") as caught:
        boot(machine.Board("rpi4-emulated", "cortex-a72", 256), [a_file(tmp_path / "large", 110 << 20)])
    assert caught.value.hint.startswith("Give it more memory: memory_mib in the profile of rpi4-emulated.")


def test_a_cpu_that_qemu_does_not_know_is_named() -> None:
    with pytest.raises(DeviceError, match="This QEMU cannot emulate a cortex-a999") as caught:
        boot(machine.Board("rpi9-emulated", "cortex-a999", 512), [])
    assert "newer QEMU" in caught.value.hint


def test_a_machine_that_does_not_get_ready_is_ended() -> None:
    found = image.ensure_image(Recorder())
    with TemporaryFile() as system:
        image.write_system(system, found, [])
        started = machine.Machine(A72, found.kernel, system)
        with pytest.raises(DeviceError, match="was not ready within 0 s and was killed"):
            started.boot(0.2)
    assert not started.running


def test_after_a_deadline_or_too_little_memory_the_next_command_runs(emulated: EmulatorTransport) -> None:
    with pytest.raises(DeviceError, match="did not finish sh within 2 s and was killed") as late:
        emulated.run(["sh", "-c", "while :; do :; done"], stdin="", deadline=2)
    assert "--no-accuracy" in late.value.hint
    with pytest.raises(DeviceError, match="ran out of its 1024 MiB of memory") as full:
        greedy = "echo 1 >/proc/sys/vm/overcommit_memory; exec dd if=/dev/zero of=/dev/null bs=1100M count=1"
        emulated.run(["sh", "-c", greedy], stdin="", deadline=300)
    assert full.value.hint.startswith("Give it more memory: memory_mib")
    assert "Out of memory: Killed process" in full.value.hint
    assert emulated.run(["echo", "again"], stdin="", deadline=60).stdout == b"again\n"


def test_an_emulator_that_is_killed_is_said_so(emulated: EmulatorTransport) -> None:
    assert emulated.run(["true"], stdin="", deadline=60).code == 0
    assert emulated._machine is not None
    os.kill(emulated._machine._process.pid, signal.SIGKILL)
    emulated._machine._process.wait()
    assert emulated.run(["true"], stdin="", deadline=60).code == 0  # noticed before: booted again


_USE = """
from labs.emulated import board
from edgekit.cli import ending
from edgekit.device import transport
from edgekit.device.emulator import EmulatorTransport
ending.listen()
with transport.connected(EmulatorTransport(board())) as device:
    device.run(["true"], stdin="", deadline=60)
    print(device._machine._process.pid, flush=True)
    device.run(["sleep", "1000"], stdin="", deadline=600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_emulator_outlives_the_command_that_is_ended(number: signal.Signals) -> None:
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", _USE],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        emulator = Path("/proc", process.stdout.readline().strip(), "cmdline")
        assert machine.QEMU in emulator.read_text(encoding="utf-8")
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert said.strip().endswith("" if number == signal.SIGKILL else "Ended by SIGTERM.")
    wait_until(lambda: not emulator.exists() or not emulator.read_bytes(), lambda: "the emulator to end")


def test_an_image_that_was_damaged_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = image.ensure_image(Recorder())
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path))
    shutil.copytree(whole.kernel.parent, image._folder())
    notes = Recorder()
    copied = image.ensure_image(notes)
    assert copied.kernel.is_relative_to(tmp_path)
    assert not notes.notes
    with copied.kernel.open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"damaged")
    built = image.ensure_image(notes)
    assert notes.notes == [f"{copied.kernel.parent} is damaged; it is built again."]
    # Debian may have a newer kernel by now: then it is another one, but whole
    with built.kernel.open("rb") as file:
        file.seek(1 << 20)
        assert file.read(7) != b"damaged"
    notes = Recorder()
    assert image.ensure_image(notes).kernel == built.kernel
    assert not notes.notes


def test_a_damaged_image_that_cannot_be_built_again_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = image.ensure_image(Recorder())
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    shutil.copytree(whole.kernel.parent, image._folder())
    (image._folder() / "busybox").write_bytes(b"")
    sources = tmp_path / "apt.conf"
    sources.write_text('Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "/dev/null";')
    monkeypatch.setenv("APT_CONFIG", str(sources))
    transport = EmulatorTransport(board())
    transport.connect()
    with pytest.raises(Exception, match="package sources have no") as caught:
        transport.run(["true"], stdin="", deadline=60)
    assert getattr(caught.value, "exit_code", None) == 3
    assert transport.clean() > 1 << 20
    assert not image.emulator_cache().exists()


def test_a_disk_too_small_for_what_the_board_starts_with_is_said(tmp_path: Path) -> None:
    """A file system that has the image and 1 MB more, mounted for this board alone."""
    whole = image.ensure_image(Recorder())
    (tmp_path / "cache").mkdir()
    code = (
        "import sys; from pathlib import Path\n"
        "from labs.emulated import board; from labs.payloads import a_file\n"
        "from edgekit.device.emulator import EmulatorTransport; from edgekit.errors import StorageError\n"
        "transport = EmulatorTransport(board()); transport.connect()\n"
        "transport.push([a_file(Path(sys.argv[1]), 3 << 20)])\n"
        "try: transport.run(['true'], stdin='', deadline=60)\n"
        "except StorageError as error: print(error)"
    )
    room = sum(path.stat().st_size for path in whole.kernel.parent.iterdir()) + (1 << 20)
    disk = f"mount -t tmpfs -o size={room} none cache"
    script = f'{disk} && cp -r "$1" cache/emulator && "$2" -c "$3" payload'
    given = (str(image.emulator_cache()), sys.executable, code)
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", *given],
        cwd=tmp_path,
        env={
            **os.environ,
            "EDGEKIT_CACHE": str(tmp_path / "cache"),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if "CI" not in os.environ and ("unshare" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"no small disk can be made here: {done.stderr.strip()}")
    assert "The disk is full: " in done.stdout, done.stderr
    assert done.stdout.endswith("Free some space, or keep the cache elsewhere: set EDGEKIT_CACHE.\n")
