"""However edgekit ends, the board is left free, with nothing of it running there."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.device.scripts import MARKER
from edgekit.device.ssh import SshTransport
from labs.ssh_lab import FOLDER, SshBoard, SshLab, profile
from labs.ssh_use import GUEST, STUBBORN, assert_works, running

_USE = """
import sys
sys.path.insert(0, sys.argv[1])
from labs.ssh_lab import profile
from edgekit.cli import ending
from edgekit.device import ssh, transport
ending.listen()
with transport.connected(ssh.SshTransport(profile("bare64"))) as device:
    device.run(sys.argv[2:], stdin="", deadline=600)
"""


def edgekit(board: SshBoard, argv: list[str]) -> subprocess.Popen[bytes]:
    """Start a process that runs a command on the board, and wait until it does."""
    command = [sys.executable, "-c", _USE, str(Path(__file__).parents[1]), *argv]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    running(board, argv)
    return process


@pytest.mark.parametrize(
    ("argv", "number", "how"),
    [
        (GUEST, signal.SIGINT, "KeyboardInterrupt"),
        (STUBBORN, signal.SIGINT, "KeyboardInterrupt"),
        (GUEST, signal.SIGHUP, "Ended by SIGHUP."),
        (STUBBORN, signal.SIGTERM, "Ended by SIGTERM."),
    ],
    ids=["guest", "stubborn", "guest, closed terminal", "stubborn, cancelled job"],
)
def test_a_request_to_end_ends_what_runs_there(
    ssh_lab: SshLab, tmp_path: Path, argv: list[str], number: signal.Signals, how: str
) -> None:
    board = ssh_lab.board("bare64")
    process = edgekit(board, argv)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert said.decode().strip().endswith(how)
    board.assert_tidy()
    assert_works(board, tmp_path)


def test_edgekit_that_is_killed_leaves_the_board_free(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    process = edgekit(board, GUEST)
    process.kill()
    process.communicate()
    board.wait_idle()
    assert (board.path(FOLDER) / MARKER).read_text() == ""
    assert_works(board, tmp_path)


def test_what_does_not_see_that_edgekit_was_killed_is_ended_by_the_next(
    ssh_lab: SshLab, tmp_path: Path
) -> None:
    board = ssh_lab.board("bare64")
    process = edgekit(board, STUBBORN)
    process.kill()
    process.communicate()
    assert_works(board, tmp_path)


def test_a_holder_that_was_killed_there_holds_nothing(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    device = SshTransport(profile("bare64"))
    device.connect()
    for process in board.board.processes():
        process.kill()
    device.close()
    assert (board.path(FOLDER) / MARKER).read_text()
    assert_works(board, tmp_path)
