"""Using a board over ssh: measuring on it, and disturbing it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.device.ssh import SshTransport
from edgekit.device.transport import connected
from edgekit.measurement import BenchRequest, Schedule, bench
from edgekit.progress import SILENT, Progress
from edgekit.results import Result
from labs.board import Process, wait_until
from labs.payloads import a_file
from labs.ssh_lab import SshBoard, profile

GUEST = ["cat"]  # like the guest, ends when its standard input does
STUBBORN = ["sleep", "1000"]  # does not
SHORT = Schedule(repeats=1, min_runs=3, min_seconds=0, warmup_runs=1, warmup_seconds=0)
RUNTIMES = ("litert", "tflite-runtime", "onnxruntime")


def request(*artefacts: Path, **fields: object) -> BenchRequest:
    """Ask for as little time as possible: everything is emulated."""
    given = {"threads": (1,), "mode": SHORT, "memory": False, "instructions": False, **fields}
    return BenchRequest(artefacts=artefacts, **given)  # type: ignore[arg-type]


def on_board(board: SshBoard, *artefacts: Path, progress: Progress = SILENT, **fields: object) -> Result:
    """Measure on a board."""
    return bench(request(*artefacts, device=profile(board.name, emulated=True), **fields), progress)


def running(board: SshBoard, argv: list[str]) -> Process:
    """Wait until a command runs on the board."""
    found: list[Process] = []

    def look() -> bool:
        found[:] = [p for p in board.board.processes() if list(p.argv) == argv]
        return bool(found)

    wait_until(look, lambda: f"{argv} to run; there are {board.board.processes()}")
    return found[0]


@contextmanager
def during(board: SshBoard, argv: list[str], fault: Callable[[Process], object]) -> Iterator[None]:
    """Let something happen once a command runs on the board."""
    failed: list[BaseException] = []

    def wait() -> None:
        try:
            fault(running(board, argv))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not failed


def assert_works(board: SshBoard, tmp_path: Path, **fields: object) -> None:
    """Use the board as if nothing had been, and leave it tidy."""
    file = a_file(tmp_path / "again", 5000)
    with connected(SshTransport(profile(board.name, **fields))) as device:
        path = device.push([file]).paths[file.sha256]
        assert device.run(["wc", "-c", path], stdin="", deadline=60).stdout.split()[0] == b"5000"
    board.assert_tidy()
