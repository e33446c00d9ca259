"""One emulated machine: a QEMU process, its console, and the line to the agent in it."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, NoReturn

from edgekit.device.emulator import channel
from edgekit.device.transport import Completed
from edgekit.errors import DeviceError

QEMU = "qemu-system-aarch64"
BOOT_SECONDS = 300.0  # it takes 5 to 10; a computer that does much else may need more

# The kernel ends QEMU when the thread that started it ends, however edgekit itself ends (prctl(2), option 1
# is PR_SET_PDEATHSIG). The last comparison: it may have ended before the kernel was asked to.
_TIED = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""

# Nothing random and nothing of the real time gets in, so that two runs do the same.
_KERNEL_OPTIONS = "console=ttyS0 quiet rdinit=/init panic=-1 nokaslr norandmaps transparent_hugepage=never"
_KILLED = "Out of memory: Killed process"  # the kernel, when it ends a program to get memory
_PANIC = "Kernel panic - not syncing"
_CONSOLE_LINES = 6  # of the console that an error shows


@dataclass(frozen=True)
class Board:
    """What is emulated."""

    name: str  # the profile's
    cpu: str  # QEMU's name: cortex-a72
    memory_mib: int


class Machine:
    """A machine that runs commands, one after another, until it is ended."""

    def __init__(self, board: Board, kernel: Path, system: BinaryIO) -> None:
        """Start QEMU. `boot` waits until the machine is ready.

        Args:
            board: What to emulate.
            kernel: A kernel's file.
            system: An archive of its first files, in a file that has a descriptor.

        Raises:
            DeviceError: QEMU cannot be started.
        """
        self._board = board
        self._console = TemporaryFile("w+b")  # noqa: SIM115 - closed by `end`
        self._errors = TemporaryFile("w+b")  # noqa: SIM115 - closed by `end`
        self._received = b""
        self._requests = 0
        self._agent, theirs = socket.socketpair()
        command = _command(board, kernel, system.fileno(), self._console.fileno())
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _TIED, str(os.getpid()), *command],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=self._errors,
            pass_fds=(system.fileno(), self._console.fileno()),
            start_new_session=True,  # Ctrl-C is for edgekit, which then ends it
        )
        theirs.close()
        self._agent.setblocking(False)

    def boot(self, patience: float = BOOT_SECONDS) -> None:
        """Wait until the agent is ready.

        Raises:
            DeviceError: The machine ended, or was not ready in time (in seconds of this computer).
        """
        with self._ending_on_error():
            for line in self._lines(b"", time.monotonic() + patience):
                if line.strip() == channel.READY:
                    return
            self._fail(
                f"was not ready within {patience:.0f} s and was killed",
                "Try again when this computer has less to do.",
            )

    def run(self, argv: Sequence[str], stdin: str, deadline: float) -> Completed:
        """Run a command to its end. After an error the machine is gone.

        Args:
            argv: Program and arguments.
            stdin: What it reads.
            deadline: Seconds of this computer, not of the machine's clock.

        Raises:
            DeviceError: The machine ended, ran out of memory or did not finish in time.
            TransientDeviceError: What was said on the serial line was damaged.
        """
        self._requests += 1
        seen = len(self.console())
        with self._ending_on_error():
            for line in self._lines(
                channel.request(self._requests, argv, stdin), time.monotonic() + deadline
            ):
                done = channel.answer(self._requests, line)
                if done is not None:
                    if done.code < 0 and _KILLED in self.console()[seen:]:
                        self._fail(f"ran out of its {self._board.memory_mib} MiB of memory")
                    return done
            what = f"did not finish {Path(argv[0]).name} within {deadline:.0f} s and was killed"
            self._fail(what, "The model may be too slow to be emulated; try --no-accuracy.")

    def end(self) -> None:
        """End QEMU; the machine is gone."""
        self._process.kill()
        self._process.wait()
        for stream in (self._agent, self._console, self._errors):
            stream.close()

    @property
    def running(self) -> bool:
        """Whether it can still run commands."""
        return self._process.poll() is None

    def console(self) -> str:
        """What the kernel said so far."""
        return _text(self._console)

    @contextmanager
    def _ending_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.end()
            raise

    def _lines(self, sending: bytes, until: float) -> Iterator[bytes]:
        """Send, and yield the agent's lines until time is up."""
        while (left := until - time.monotonic()) > 0:
            readable, writable, _ = select.select([self._agent], [self._agent] if sending else [], [], left)
            try:
                if writable:
                    sending = sending[self._agent.send(sending) :]
                received = self._agent.recv(1 << 16) if readable else None
            except ConnectionError:
                received = b""
            if received == b"":
                self._ended()
            self._received += received or b""
            *lines, self._received = self._received.split(b"\n")
            yield from lines

    def _ended(self) -> NoReturn:
        """Say why QEMU ended."""
        code, said = self._process.wait(), _text(self._errors).strip()
        panic = re.search(rf"{_PANIC}: (.+)", self.console())
        if panic:
            self._fail(f"had a kernel panic: {panic[1].strip()}")
        if "unable to find CPU model" in said:
            raise DeviceError(
                f"This QEMU cannot emulate a {self._board.cpu}: {said.splitlines()[-1]}",
                "Install a newer QEMU, such as Debian 12's 7.2.",
            )
        how = f"status {code}" if code >= 0 else f"signal {-code}"
        self._fail(f"exited with {how}{': ' if said else ''}{said.splitlines()[-1] if said else ''}")

    def _fail(self, what: str, hint: str = "") -> NoReturn:
        """Raise with the last lines of the console."""
        console = self.console()
        if re.search("out of memory|write error|could not load initrd", console + what, re.IGNORECASE):
            hint = f"Give it more memory: memory_mib in the profile of {self._board.name}."
        hint = (
            hint or f"If this happens again, build its system again: edgekit devices clean {self._board.name}"
        )
        # after a panic, a kernel only says where in its own code it was
        before = re.sub(rf"({_PANIC}.*)[\s\S]*", r"\1", console)
        lines = [line.strip() for line in before.splitlines() if line.strip()][-_CONSOLE_LINES:]
        shown = "\n".join(["", "The last lines of its console:", *lines]) if lines else ""
        raise DeviceError(f"{self._board.name} {what}.", hint + shown)


def _command(board: Board, kernel: Path, system: int, console: int) -> list[str]:
    """QEMU's command line: a machine without network, whose clock counts instructions."""
    return [
        *(QEMU, "-M", "virt", "-cpu", board.cpu, "-smp", "1", "-m", str(board.memory_mib)),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-kernel", str(kernel), "-initrd", f"/dev/fd/{system}", "-append", _KERNEL_OPTIONS),
        # one instruction is one nanosecond; idle, the clock leaps to the next event
        *("-icount", "shift=0,align=off,sleep=off"),
        *("-seed", "0", "-rtc", "base=2000-01-01T00:00:00,clock=vm"),
        # ttyAMA0 is the agent's: unlike ttyS0 it takes no time of the machine's to send
        *("-serial", "chardev:agent", "-device", "pci-serial,chardev=console"),
        *("-chardev", "stdio,id=agent,signal=off", "-chardev", f"file,id=console,path=/dev/fd/{console}"),
    ]


def _text(file: BinaryIO) -> str:
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode("utf-8", "replace")
