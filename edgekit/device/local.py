"""The transport to the computer edgekit runs on: files are used where they are."""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from edgekit.device.process import execute, overdue
from edgekit.device.transport import Completed, Payload, Pushed
from edgekit.errors import DeviceError
from edgekit.progress import SILENT, Progress
from edgekit.results import Transfer


class LocalTransport:
    """Runs commands on this computer, each in a process group of its own."""

    def __init__(self, python: str = "") -> None:
        self.python = python or sys.executable
        self.machine = platform.machine()

    def connect(self, progress: Progress = SILENT) -> None:
        """Nothing to do: the device is here."""

    def close(self) -> None:
        """Nothing to do: nothing was moved."""

    def clean(self) -> int:
        """Nothing to do: nothing was left."""
        return 0

    def push(self, payloads: Sequence[Payload], progress: Progress = SILENT) -> Pushed:
        """Find the files where they are."""
        for payload in payloads:
            if not payload.source.exists():
                raise DeviceError(f"{payload.source} is missing.", "Run the command again.")
        paths = {payload.sha256: str(payload.source.resolve()) for payload in payloads}
        return Pushed(paths, Transfer(reused_files=len(payloads)))

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        deadline: float,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a command; it and everything it started is gone when this returns or raises."""
        try:
            return execute(
                argv, [stdin.encode()], deadline=deadline, cwd=Path(tempfile.gettempdir()), heard=heard
            )
        except TimeoutError as error:
            raise overdue("The process on this computer", deadline) from error
        except OSError as error:
            raise DeviceError(
                f"{argv[0]} cannot be started: {error.strerror}.",
                "Name the interpreter of this device with `python` in its profile.",
            ) from error
