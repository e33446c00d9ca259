"""What goes wrong on a board, as somebody who typed `edgekit bench` sees it.

Every fault ends the command with its exit code and a sentence, leaves nothing running on the board, and does
not stand in the way of the next bench. Everything is emulated here, so repeats and patience are short.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.artefact_sets import make_set

from edgekit.results import Result, read_result
from labs.board import Process, wait_until
from labs.ssh_lab import HOME, SshBoard, SshLab

DISK = 120_000_000  # bytes: room for the runtime, but not beside what others keep there
OTHERS, OTHERS_SIZE = f"{HOME}/others", 100_000_000
Fault = Callable[["subprocess.Popen[str]"], object]  # what happens while the command runs
# the command itself, with constants that a test can wait for
EDGEKIT = """
from edgekit.measurement import passes, request, session
from edgekit.cli import main
from edgekit.device import shell
request.MODES["quick"] = request.Schedule(3, 3, 0, max_seconds=1, warmup_runs=1, warmup_seconds=0)
{settings}
main()
"""
LOST = "shell.RECONNECT = 1.0"
HUNG = "passes.PATIENCE = 9.0"  # of a pass; the first look at the board has its own


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real int8 model of a few kilobytes. Read only."""
    return make_set(tmp_path_factory.mktemp("made") / "set", ("int8.tflite",)) / "int8.tflite"


@dataclass
class Bench:
    """`edgekit bench` of one file on one board, again and again, in a folder of its own."""

    board: SshBoard
    artefact: Path
    folder: Path
    seen: set[Path] = field(default_factory=set)  # results

    def __post_init__(self) -> None:
        profile = f'description = "lab"\ntransport = "ssh"\naddress = "{self.board.name}"\nemulated = true\n'
        profile += "cool_seconds = 0\n"
        (self.folder / "devices").mkdir()
        (self.folder / "devices/lab.toml").write_text(profile)

    def run(self, codes: set[int], settings: str | None, fault: Fault | None) -> tuple[str, str]:
        """Run it with other constants, None: as it is; return what it showed and what it said."""
        program = ["-m", "edgekit"] if settings is None else ["-c", EDGEKIT.format(settings=settings)]
        words = ["bench", str(self.artefact), "--device", "lab", "--runtime", "litert"]
        words += ["--threads", "1", "--no-memory", "--no-accuracy"]
        with subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "500"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                if fault:
                    fault(process)
                shown, said = process.communicate(timeout=300)
            finally:
                process.kill()  # if the fault never came
        assert process.returncode in codes, f"exit {process.returncode}\n{shown}\n{said}"
        assert "Traceback" not in shown + said
        self.board.wait_idle()
        return shown, said

    def refused(self, what: str, settings: str | None = None, fault: Fault | None = None) -> None:
        """Let it end without a result, with one error that says so."""
        _, said = self.run({3}, settings, fault)
        errors = [line for line in said.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1 and what in errors[0], said
        assert not self._new_results()

    def partial(self, code: int, settings: str, fault: Fault) -> Result:
        """Let it end with a part of a result, that says so, and return that."""
        shown, _ = self.run({code}, settings, fault)
        (path,) = self._new_results()
        result = read_result(path)
        assert 1 <= len(result.measurements[0].repeats) < 3
        assert not result.measurements[0].valid
        assert result.partial
        assert f"The session ended early: {result.partial.rstrip('.')}." in shown
        return result

    def works(self) -> None:
        """Let it run to its end."""
        # 4: measured, but an emulated board beside other work is too unsteady for its times to be trusted
        self.run({0, 4}, "", None)
        (path,) = self._new_results()
        result = read_result(path)
        assert (result.partial, result.ended, len(result.measurements[0].repeats)) == (None, "whole", 3)
        self.board.assert_tidy()

    def guest(self, number: int) -> Process:
        """Wait for a guest: 1 and 2 look at the board, from 3 on each measures a repeat."""
        seen: dict[int, Process] = {}

        def enough() -> bool:
            seen.update((p.pid, p) for p in self.board.board.processes() if is_guest(p))
            return len(seen) >= number

        wait_until(enough, lambda: f"guest {number}; there were {len(seen)}")
        return list(seen.values())[-1]

    def _new_results(self) -> list[Path]:
        found = set((self.folder / "results").glob("*")) - self.seen
        self.seen |= found
        return list(found)


def is_guest(process: Process) -> bool:
    return process.argv[0].endswith("python3") and "-B" in process.argv


def test_a_board_that_refuses_is_told_and_works_once_it_does_not(
    ssh_lab: SshLab, artefact: Path, tmp_path: Path
) -> None:
    board = ssh_lab.board("pi64", limits={HOME: DISK})
    bench, rightful = Bench(board, artefact, tmp_path), board.board.config

    board.shut_out()
    bench.refused("lab (pi64) refused the login: ")
    board.board.config = rightful

    board.new_host_key()
    bench.refused("The host key of lab (pi64) has changed")
    assert board.written() == set()
    ssh_lab.trust(board, board.keys.other)

    with board.path(OTHERS).open("wb") as others:
        os.posix_fallocate(others.fileno(), 0, OTHERS_SIZE)
    bench.refused("MB are needed")
    board.path(OTHERS).unlink()

    bench.works()


def test_a_measurement_that_ends_early_keeps_its_repeats_and_the_next_one_is_whole(
    ssh_lab: SshLab, artefact: Path, tmp_path: Path
) -> None:
    board = ssh_lab.board("pi64")
    bench = Bench(board, artefact, tmp_path)

    bench.refused(
        "did not finish within 10 s and was killed", HUNG, lambda _: bench.guest(3).kill(signal.SIGSTOP)
    )

    bench.refused("The measuring process was killed (SIGKILL)", "", lambda _: bench.guest(3).kill())

    killed = bench.partial(3, "", lambda _: bench.guest(4).kill())
    assert killed.ended == "failed"
    assert "The measuring process was killed (SIGKILL)" in str(killed.partial)

    def interrupt(process: subprocess.Popen[str]) -> None:
        bench.guest(4)
        process.send_signal(signal.SIGINT)

    interrupted = bench.partial(130, "", interrupt)
    assert (interrupted.ended, interrupted.partial) == ("interrupted", "Interrupted.")

    def lose(_: object) -> None:
        bench.guest(4)
        board.wire.refuse(1000)
        board.wire.cut()

    lost = bench.partial(3, LOST, lose)
    assert lost.ended == "lost"
    assert "The connection to lab (pi64) was lost" in str(lost.partial)
    board.wire.refuse(0)

    bench.works()
