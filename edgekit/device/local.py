"""The transport to the computer edgekit runs on: files are used where they lie."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from edgekit.device.transport import Completed, Payload, Pushed
from edgekit.errors import DeviceError
from edgekit.files import storage_errors
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

    def pull(self, path: str, target: Path) -> None:
        """Copy a file."""
        with storage_errors(target):
            try:
                shutil.copyfile(path, target)
            except FileNotFoundError as error:
                raise DeviceError(f"{path} is not there to be copied.") from error

    def run(self, argv: Sequence[str], *, stdin: str, deadline: float) -> Completed:
        """Run a command; it and everything it started is gone when this returns or raises."""
        # The write end lives in this process alone. However edgekit ends, even killed, the kernel closes it.
        reader, writer = os.pipe()
        try:
            process = self._start(argv, reader)
            try:
                with suppress(BrokenPipeError):
                    os.write(writer, stdin.encode())
                stdout, stderr = process.communicate(timeout=deadline)
            except subprocess.TimeoutExpired as error:
                raise DeviceError(
                    f"{Path(argv[0]).name} was not done after {deadline:.0f} s and was ended.",
                    "The model may be too slow for this device; try --mode quick.",
                ) from error
            finally:
                _end(process)
        finally:
            os.close(writer)
        return Completed(stdout, stderr.decode("utf-8", "replace"), process.returncode)

    def _start(self, argv: Sequence[str], stdin: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                list(argv),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=tempfile.gettempdir(),
                start_new_session=True,  # a group of its own, which can be ended as a whole
            )
        except OSError as error:
            raise DeviceError(
                f"{argv[0]} cannot be started: {error.strerror}.",
                "Name the interpreter of this device with `python` in its profile.",
            ) from error
        finally:
            os.close(stdin)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
