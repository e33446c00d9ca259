"""A board in the emulator: what is pushed arrives, and commands run as on any other device."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgekit.device import Payload, Pushed
from edgekit.device.emulator import EmulatorTransport, image
from edgekit.device.emulator.machine import QEMU
from edgekit.device.transport import connected
from edgekit.errors import DeviceError
from edgekit.progress import Recorder
from labs.board import wait_until
from labs.emulated import board
from labs.payloads import a_file, a_folder

HOSTILE = ["a b", "$(touch x)", "`id`", "new\nline", "-rf", "'quoted\"", "übung", "*", "~", "a;b", "\\", "%s"]


class Booted:
    """A board that several tests share. None of them may change it."""

    def __init__(
        self, transport: EmulatorTransport, notes: Recorder, payloads: list[Payload], pushed: Pushed
    ):
        self.transport, self.notes, self.payloads, self.pushed = transport, notes, payloads, pushed

    def run(self, *argv: str, stdin: str = "", deadline: float = 60) -> tuple[str, str, int]:
        done = self.transport.run(argv, stdin=stdin, deadline=deadline)
        return done.stdout.decode(), done.stderr, done.code

    def place(self, number: int) -> str:
        return self.pushed.paths[self.payloads[number].sha256]


@pytest.fixture(scope="module")
def booted(qemu: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    folder = tmp_path_factory.mktemp("payloads")
    payloads = [
        a_file(folder / "file", 3_000_001),
        a_folder(folder / "folder", {f"{name}/inner": name.encode() for name in HOSTILE}),
    ]
    transport, notes = EmulatorTransport(board()), Recorder()
    with connected(transport, notes):
        pushed = transport.push(payloads, notes)
        yield Booted(transport, notes, payloads, pushed)


def test_a_file_arrives_and_comes_back_whole(booted: Booted) -> None:
    stdout, _, code = booted.run("sha256sum", booted.place(0))
    assert (stdout.split()[0], code) == (booted.payloads[0].sha256, 0)
    assert booted.run("cat", "/init")[0] == image._INIT.read_text()


def test_a_folder_arrives_with_every_name(booted: Booted) -> None:
    for name in HOSTILE:
        assert booted.run("cat", f"{booted.place(1)}/{name}/inner") == (name, "", 0)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_argument_is_executed(booted: Booted, hostile: str) -> None:
    stdout, _, code = booted.run("printf", "%s|", "--", hostile, f"x{hostile}x", "")
    assert (stdout, code) == (f"--|{hostile}|x{hostile}x||", 0)


def test_a_command_gets_its_input_which_then_stays_open(booted: Booted) -> None:
    text = "first\nsecond $HOME\n" * 200
    stdout, _, code = booted.run("timeout", "5", "cat", stdin=text)
    assert (stdout, code) == (text, -signal.SIGTERM)  # `cat` was not told that the input had ended


def test_output_errors_and_status_are_told_apart(booted: Booted) -> None:
    assert booted.run("sh", "-c", "echo out; echo err >&2; exit 9") == ("out\n", "err\n", 9)
    assert booted.run("sh", "-c", "kill -SEGV $$")[2] == -signal.SIGSEGV
    everything = bytes(range(256))
    script = "printf '%b'" + "".join(f" '\\0{value:03o}'" for value in everything)
    assert booted.transport.run(["sh", "-c", script], stdin="", deadline=60).stdout == everything


def test_the_kernels_messages_do_not_come_between(booted: Booted) -> None:
    script = "for n in 1 2 3 4 5; do echo $n; echo '<0>done 1 0 a message' >/dev/kmsg; done"
    assert booted.run("sh", "-c", script) == ("1\n2\n3\n4\n5\n", "", 0)


def test_nothing_that_a_command_started_outlives_it(booted: Booted) -> None:
    booted.run("sh", "-c", "sleep 4321 & setsid sleep 4321 & sleep 0.1")
    assert "4321" not in booted.run("ps")[0]


def test_a_program_that_is_not_there_is_named(booted: Booted) -> None:
    with pytest.raises(DeviceError, match=r"no-such-program cannot be started on rpi4-emulated.*not found"):
        booted.run("no-such-program")


def test_nothing_random_and_no_network_is_on_the_board(booted: Booted) -> None:
    assert booted.run("cat", "/proc/sys/kernel/randomize_va_space")[0] == "0\n"
    assert booted.run("date", "+%Y")[0] == "2000\n"
    assert booted.run("ls", "/sys/class/net")[0] == "lo\n"


def test_all_of_this_took_one_boot(booted: Booted) -> None:
    booted.run("true")
    assert [what for what, _ in booted.notes.steps].count("Booting an emulated Cortex-A72") == 1


def test_what_is_pushed_later_is_there_after_another_boot(
    emulated: EmulatorTransport,
    tmp_path: Path,
) -> None:
    for name, text in (("a", b"first"), ("b", b"second")):
        (tmp_path / name).write_bytes(text)
        place = emulated.push([Payload(tmp_path / name, name * 64, len(text))]).paths[name * 64]
        assert emulated.run(["cat", place], stdin="", deadline=60).stdout == text
    assert emulated.run(["cat", f"{image.BLOBS}/{'a' * 64}"], stdin="", deadline=60).stdout == b"first"


def test_the_emulator_ends_with_edgekit_even_if_that_is_killed(qemu: None, tmp_path: Path) -> None:
    program = """
from edgekit.device import open_transport, find_profile
device = open_transport(find_profile("rpi4-emulated"))
device.connect()
device.run(["sh", "-c", "while :; do :; done"], stdin="", deadline=600)
"""
    edgekit = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
    try:
        wait_until(lambda: bool(emulators(edgekit.pid)), lambda: "the emulator")
        (pid,) = emulators(edgekit.pid)
    finally:
        edgekit.kill()
        edgekit.wait()
    wait_until(lambda: not alive(pid), lambda: f"the end of {pid}")


def emulators(parent: int) -> list[int]:
    """The QEMU processes that a process started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        pid for pid in map(int, children) if QEMU in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]
    ]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
