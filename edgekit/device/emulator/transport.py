"""The transport to an emulated board: what is pushed is collected, and the first command boots it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from tempfile import TemporaryFile

from edgekit.device.emulator.image import (
    BLOBS,
    Image,
    emulator_cache,
    ensure_image,
    remove_images,
    write_system,
)
from edgekit.device.emulator.machine import QEMU, Board, Machine
from edgekit.device.profile import Profile
from edgekit.device.transport import Completed, Payload, Pushed
from edgekit.errors import DeviceError, RecordError
from edgekit.files import storage_errors
from edgekit.lookup import CACHE_ELSEWHERE
from edgekit.progress import SILENT, Progress
from edgekit.results import Transfer

_KERNEL_MIB = 160  # what the kernel and a small process need besides the files
_NOT_STARTED = (126, 127)  # a shell's status of a program that cannot be started, or is not there


class EmulatorTransport:
    """Boots one machine with everything that was pushed, and runs commands on it one after another."""

    def __init__(self, profile: Profile) -> None:
        if not profile.cpu:
            raise RecordError(
                f"The profile of {profile.name} does not say which `cpu` to emulate.",
                'Name one as QEMU does, such as cpu = "cortex-a72".',
            )
        self.python = ""  # it comes as a payload
        self.machine = "aarch64"
        self._board = Board(profile.name, profile.cpu, profile.memory_mib)
        self._payloads: dict[str, Payload] = {}
        self._booted: dict[str, Payload] = {}  # what the machine was booted with
        self._machine: Machine | None = None
        self._image: Image | None = None
        self._progress: Progress = SILENT

    def connect(self, progress: Progress = SILENT) -> None:
        """Make sure that there is an emulator; `progress` receives later steps."""
        self._progress = progress
        if shutil.which(QEMU) is None:
            raise DeviceError(
                f"{QEMU} is not installed; it emulates {self._board.name}.",
                "Install it: apt install qemu-system-arm",
            )

    def close(self) -> None:
        """End the machine."""
        if self._machine is not None:
            self._machine.end()
        self._machine = None

    def clean(self) -> int:
        """Remove the system that emulated boards start with; it is built again when needed."""
        self.close()
        self._image = None
        return remove_images()

    def push(self, payloads: Sequence[Payload], progress: Progress = SILENT) -> Pushed:
        """Note what the machine is to be booted with."""
        for payload in payloads:
            if not payload.source.exists():
                raise DeviceError(f"{payload.source} is missing.", "Run the command again.")
        new = {p.sha256: p for p in payloads if p.sha256 not in self._payloads}
        self._payloads.update(new)
        # nothing is sent: the machine boots with the files, and that is part of booting
        return Pushed({payload.sha256: f"{BLOBS}/{payload.sha256}" for payload in payloads}, Transfer())

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        deadline: float,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a command, after booting the machine if it is not running with everything that was pushed."""
        done = self._ready().run(argv, stdin, deadline)
        if heard:
            heard(done.stdout)
        if done.code in _NOT_STARTED and not done.stdout:
            raise DeviceError(f"{argv[0]} cannot be started on {self._board.name}: {done.stderr.strip()}.")
        return done

    def _ready(self) -> Machine:
        machine = self._machine
        if machine is None or not machine.running or self._booted != self._payloads:
            self.close()
            machine = self._boot()
        return machine

    def _boot(self) -> Machine:
        self._check_memory()
        self._image = self._image or ensure_image(self._progress)
        self._progress.step(f"Booting an emulated {self._board.cpu.title()}")
        self._booted = dict(self._payloads)
        cache = emulator_cache()
        with storage_errors(cache, CACHE_ELSEWHERE), TemporaryFile("w+b", dir=cache) as system:
            write_system(system, self._image, list(self._booted.values()))
            self._machine = Machine(self._board, self._image.kernel, system)
            self._machine.boot()
        return self._machine

    def _check_memory(self) -> None:
        """Refuse what cannot fit: while it is unpacked, everything is in memory twice."""
        needed = 2 * sum(payload.bytes for payload in self._payloads.values()) // 2**20 + _KERNEL_MIB
        if needed > self._board.memory_mib:
            raise DeviceError(
                f"{self._board.name} has {self._board.memory_mib} MiB of memory; this needs {needed} MiB.",
                f"Set memory_mib to at least {needed} in the profile of {self._board.name}.",
            )
