"""A board that is not hardware: a process of its own for everything, an Arm root, and nothing else.

A board lives in namespaces of its own. It has no network but its loopback, sees only its own processes, and
all its mounts belong to it: when its first process ends, however that happens, the kernel takes everything
away. Its root cannot be written except in the folders that a real board's user could write.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = "/mnt/board"  # where a board's root lies, in its own mount namespace
CONFIG = "/mnt/config"  # copies of the files that its first program needs, owned by root
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of <linux/sched.h>
_NODES = ("null", "zero", "full", "random", "urandom", "tty")
PATIENCE = 60.0  # seconds; a busy computer is slow, a board that works is not waited for
_STARTER = ThreadPoolExecutor(1)  # a board lives no longer than the thread that starts it: this one stays


@dataclass(frozen=True)
class Process:
    """A process on a board, by the number it has on this computer."""

    pid: int
    argv: tuple[str, ...]
    program: str  # the file that this computer executes: for Arm code, qemu

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)


@dataclass(frozen=True)
class Cpu:
    """What qemu executes as, and what Linux says about such a CPU in /proc/cpuinfo.

    qemu tells programs the CPU's features, but shows them this computer's /proc/cpuinfo.
    """

    name: str  # as qemu has it
    cpuinfo: str

    def file(self) -> str:
        """Return /proc/cpuinfo with as many of it as this computer has CPUs."""
        return "\n".join(f"processor\t: {number}\n{self.cpuinfo}" for number in range(os.cpu_count() or 1))


# main ID registers: Arm's Technical Reference Manuals, Cortex-A72 r0p3 and Cortex-A7 r0p5
CORTEX_A72 = Cpu(
    "cortex-a72",
    "BogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\n"
    "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\n"
    "CPU part\t: 0xd08\nCPU revision\t: 3\n",
)
CORTEX_A7 = Cpu(
    "cortex-a7",
    "model name\t: ARMv7 Processor rev 5 (v7l)\nBogoMIPS\t: 38.40\n"
    "Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm\n"
    "CPU implementer\t: 0x41\nCPU architecture: 7\nCPU variant\t: 0x0\n"
    "CPU part\t: 0xc07\nCPU revision\t: 5\n",
)


@dataclass
class Board:
    """One board.

    Args:
        name: Its host name.
        root: The folder that is its root file system.
        program: What runs there as process 1: a program of this computer that sees this computer's files,
            and the root at `ROOT`.
        disk: A folder that keeps what is written to `folders`, also when the board is switched off.
        folders: What can be written and stays, as its path on the board, with the user who owns it.
        config: Files that are copied to `CONFIG`, by name.
        readable: Those of `config` that every user may read.
        replaced: Files of this computer that the program sees differently: path, and name in `config`.
        limits: Those of `folders` that are small file systems instead, kept nowhere: bytes, or `9m,noexec`.
        cpu: What it shows in /proc/cpuinfo; QEMU_CPU in the programs' environment makes it true.
        environment: What the program and all it starts have in their environment besides PATH.
    """

    name: str
    root: Path
    program: Sequence[str]
    disk: Path
    folders: Mapping[str, int]
    config: Mapping[str, str] = field(default_factory=dict)
    readable: Sequence[str] = ()
    replaced: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int | str] = field(default_factory=dict)
    cpu: Cpu = CORTEX_A72
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Switch it on; it has a new boot id every time."""
        self.disk.mkdir(parents=True, exist_ok=True)
        for name, text in {**self.config, "boot_id": f"{uuid.uuid4()}\n", "cpuinfo": self.cpu.file()}.items():
            (self.disk / name).write_text(text)
            (self.disk / name).chmod(0o600)
        for folder, owner in self.folders.items():
            self._stored(folder).mkdir(exist_ok=True)
            os.chown(self._stored(folder), owner, owner)
        script = "\n".join(shlex.join(command) for command in self._commands())
        # setpriv: should this process be killed, so is the board
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--pid", "--mount", "--uts"]
        command += ["--fork", "--kill-child", "sh", "-euc", script]
        with (self.disk / "log").open("ab") as log:
            self._process = _STARTER.submit(
                subprocess.Popen,
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    **self.environment,
                },
            ).result()

    def stop(self) -> None:
        """Switch it off, as when the plug is pulled."""
        if self._process is None:
            return
        running = self._members()
        self._process.kill()
        self._process.wait()
        self._process = None
        wait_until(lambda: not any(_in(pid, space) for pid, space in running), lambda: "the board to be off")

    def processes(self) -> list[Process]:
        """Return the Arm programs that run there, whoever started them."""
        found = [_read(pid) for pid, _ in self._members()]
        return [process for process in found if process and "qemu" in process.program]

    def path(self, inside: str) -> Path:
        """Return where a file of the running board is found on this computer."""
        first = self._first()
        return Path(f"/proc/{first}/root{ROOT}/{inside.lstrip('/')}")

    def connect(self, port: int) -> socket.socket:
        """Connect to a port of the board's loopback: there is no other way in, and none out."""
        assert self._process is not None
        outcome: list[socket.socket | OSError] = []
        # a thread changes its own namespace only; the socket it makes there works everywhere
        thread = threading.Thread(target=_connect, args=(self._process.pid, port, outcome))
        thread.start()
        thread.join()
        if isinstance(outcome[0], OSError):
            raise outcome[0]
        return outcome[0]

    def log(self) -> str:
        """Return what its program wrote."""
        return (self.disk / "log").read_text(errors="replace")

    def _commands(self) -> list[list[str]]:
        """Return what process 1 does before it becomes the program."""
        commands = [
            ["cd", str(self.root)],
            ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/mnt"],
            ["mkdir", "-p", ROOT, CONFIG, "/run/sshd"],
            ["mount", "--bind", ".", ROOT],
            ["mount", "-o", "remount,bind,ro", ROOT],
            ["cd", "/"],
            *([["cp", str(self.disk / name), f"{CONFIG}/{name}"] for name in self.config]),
            *(
                [
                    ["cp", "--no-preserve=mode", str(self.disk / name), CONFIG]
                    for name in ("boot_id", "cpuinfo")
                ]
            ),
            *([["chmod", "644", f"{CONFIG}/{name}"] for name in self.readable]),
            *([["mount", "--bind", f"{CONFIG}/{name}", path] for path, name in self.replaced.items()]),
            ["mount", "-t", "proc", "-o", "nosuid,nodev,noexec", "proc", f"{ROOT}/proc"],
            ["mount", "--bind", f"{CONFIG}/boot_id", f"{ROOT}/proc/sys/kernel/random/boot_id"],
            ["mount", "--bind", f"{CONFIG}/cpuinfo", f"{ROOT}/proc/cpuinfo"],
            ["mount", "-t", "tmpfs", "-o", "mode=755,size=64k", "tmpfs", f"{ROOT}/dev"],
        ]
        for node in _NODES:
            commands += [
                ["touch", f"{ROOT}/dev/{node}"],
                ["mount", "--bind", f"/dev/{node}", f"{ROOT}/dev/{node}"],
            ]
        commands += [["ln", "-s", "/proc/self/fd", f"{ROOT}/dev/fd"]]
        for folder, owner in self.folders.items():
            commands.append(["mkdir", "-p", ROOT + folder])
            if folder in self.limits:
                options = f"size={self.limits[folder]},uid={owner},gid={owner},mode=755"
                commands.append(["mount", "-t", "tmpfs", "-o", options, "tmpfs", ROOT + folder])
            else:
                commands.append(["mount", "--bind", str(self._stored(folder)), ROOT + folder])
        for folder in ("tmp", "var/tmp", "dev/shm"):
            commands += [
                ["mkdir", "-p", f"{ROOT}/{folder}"],
                ["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{ROOT}/{folder}"],
            ]
        return [
            *commands,
            ["hostname", self.name],
            ["ip", "link", "set", "lo", "up"],
            ["exec", *self.program],
        ]

    def _stored(self, folder: str) -> Path:
        return self.disk / ("disk" + folder.replace("/", "-"))

    def _first(self) -> int:
        """Return the number of the board's process 1."""
        assert self._process is not None, "the board is off"
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0])

    def _members(self) -> list[tuple[int, str]]:
        """Return every process of the board and the name of its namespace."""
        assert self._process is not None, "the board is off"
        try:
            space = _link(self._process.pid, "ns/pid_for_children")
        except OSError:
            return []
        return [
            (int(p.name), space)
            for p in Path("/proc").iterdir()
            if p.name.isdigit() and _in(int(p.name), space)
        ]


def _in(pid: int, space: str) -> bool:
    """Tell whether a process lives in a namespace; what has ended and is not yet reaped does not."""
    try:
        return _link(pid, "ns/pid") == space and bool(_link(pid, "exe"))
    except OSError:
        return False


def _link(pid: int, name: str) -> str:
    return str(Path(f"/proc/{pid}/{name}").readlink())


def _read(pid: int) -> Process | None:
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        program = _link(pid, "exe")
    except OSError:
        return None  # it ended, or is ending
    words = tuple(os.fsdecode(word) for word in argv)
    # qemu's own arguments: itself, and the program's file
    return Process(pid, (words[2:] if "qemu" in program else words) or words, program)


def _connect(pid: int, port: int, outcome: list[socket.socket | OSError]) -> None:
    try:
        with Path(f"/proc/{pid}/ns/net").open("rb") as space:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(space.fileno(), _NEW_NETWORK):
                raise OSError(ctypes.get_errno(), "setns")
        outcome.append(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
    except OSError as error:
        outcome.append(error)


def wait_until(condition: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait for something that takes a moment.

    Raises:
        TimeoutError: It took too long; `what` says what was waited for.
    """
    end, pause = time.monotonic() + PATIENCE, 0.01
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"Waited {PATIENCE:.0f} s for {what()}")
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)  # many conditions look at every process there is
