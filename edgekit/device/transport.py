"""The transport seam: how files and commands get to a device. No transport knows what is measured."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgekit.errors import DeviceError
from edgekit.progress import SILENT, Progress
from edgekit.results import Transfer


@dataclass(frozen=True)
class Payload:
    """A file or a folder that a device needs. What is there already under its hash is not sent again."""

    source: Path
    sha256: str  # of the file, or of everything in the folder
    bytes: int


@dataclass(frozen=True)
class Pushed:
    """Where things are on the device, and what it took to bring them there."""

    paths: dict[str, str]  # by the payload's hash
    transfer: Transfer


@dataclass(frozen=True)
class Completed:
    """A command that ended on the device."""

    stdout: bytes
    stderr: str
    code: int  # exit status; negative: the signal that ended it

    @classmethod
    def of_shell(cls, stdout: bytes, stderr: str, status: int) -> Completed:
        """Take a shell's status, which is 128 more than the signal that ended a command."""
        return cls(stdout, stderr, 128 - status if status > 128 else status)


class Transport(Protocol):
    """A way to a device.

    Every method raises TransientDeviceError where trying again may help, DeviceError where it will not.
    """

    python: str
    """The interpreter there, known once connected; empty: the device has none, or none is to be used."""

    machine: str
    """The CPU's architecture as `uname -m` has it (aarch64, armv7l, x86_64), known once connected."""

    def connect(self, progress: Progress = SILENT) -> None:
        """Reach the device, lock it for this process and prepare it as its profile asks.

        Args:
            progress: Receives a step while another edgekit has the device and this one waits.
        """

    def close(self) -> None:
        """Leave the device as it was found; what was pushed stays for the next time."""

    def clean(self) -> int:
        """Remove everything edgekit ever left there; return the bytes this freed."""

    def push(self, payloads: Sequence[Payload], progress: Progress = SILENT) -> Pushed:
        """Bring files to the device, each one whole or not at all.

        Args:
            payloads: What must be there afterwards.
            progress: Advanced by the bytes that were sent.
        """

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        deadline: float,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a command to its end.

        Args:
            argv: Program and arguments; no shell is involved.
            stdin: What the command reads. Its standard input then stays open as long as edgekit lives,
                so that a command can end itself when it is closed.
            deadline: Seconds after which the command and all it started are killed.
            heard: Receives its standard output as it comes, in pieces of any size; an emulated board gives
                all of it at the end.
        """


@contextmanager
def connected(transport: Transport, progress: Progress = SILENT) -> Iterator[Transport]:
    """Connect, and close again on every way out.

    Raises:
        DeviceError: It cannot be reached; none can from Windows.
    """
    if platform.system() == "Windows":
        raise DeviceError("edgekit does not measure from Windows itself.", "Use it in WSL 2.")
    transport.connect(progress)
    try:
        yield transport
    finally:
        transport.close()
