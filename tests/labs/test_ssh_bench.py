"""A whole bench on a board over ssh: the digits model, every runtime, against the same on this computer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edgekit.errors import DeviceError, RuntimeMissingError
from edgekit.measurement import bench
from edgekit.progress import Recorder
from edgekit.results import Measurement, Result, read_result
from labs.board import wait_until
from labs.ssh_lab import SshBoard, SshLab
from labs.ssh_use import on_board, request


def by_file(result: Result) -> dict[tuple[str, str], Measurement]:
    return {(found.runtime.name, found.artefact.file): found for found in result.measurements}


def same_on_host(host: dict[tuple[str, str], Measurement], runtime: str, file: str) -> Measurement:
    """Return the host's measurement; tflite-runtime has no wheels for newer Pythons, its successor serves."""
    return host.get((runtime, file)) or host["litert", file]


class Trigger(Recorder):
    """Does something once the guest measures."""

    def __init__(self, board: SshBoard, act: Callable[[], object]) -> None:
        super().__init__()
        self._board, self._act = board, act

    def step(self, what: str, total: float | None = None) -> None:
        super().step(what, total)
        if what.startswith("Measuring"):
            threading.Thread(target=self._wait).start()

    def _wait(self) -> None:
        wait_until(lambda: bool(guests(self._board)), lambda: "the guest")
        self._act()


def guests(board: SshBoard) -> list[int]:
    return [p.pid for p in board.board.processes() if p.argv[0] == "python3" and "-B" in p.argv]


def test_a_board_measures_and_predicts_as_this_computer_does(of_a_board: Result, few_images: Path) -> None:
    found = of_a_board
    assert (found.partial, found.ended) == (None, "whole")
    assert (found.device.machine, found.device.python, found.device.bits) == ("aarch64", "3.11.2", 64)
    assert found.device.cores == (("Cortex-A72", os.cpu_count()),)
    assert found.device.transport == "ssh"
    assert found.transfer.bytes > 50_000_000
    there = by_file(found)
    assert len(there) == 6
    host = by_file(bench(request(few_images)))
    floating = host["litert", "float32.tflite"].accuracy
    assert floating is not None
    for (runtime, file), measured in there.items():
        here = same_on_host(host, runtime, file).accuracy
        assert measured.accuracy is not None and here is not None
        assert measured.accuracy.n == here.n == len(found.evaluations[0].labels) == 50
        fraction = measured.accuracy.correct / here.n
        assert fraction == pytest.approx(floating.correct / here.n, abs=0.005), (runtime, file)
        pairs = zip(measured.accuracy.predictions, here.predictions, strict=True)
        assert sum(a == b for a, b in pairs) >= 0.99 * here.n, (runtime, file)
        assert measured.repeats[0].samples_ns


def test_a_board_without_python_gets_one(ssh_lab: SshLab, artefacts: Path) -> None:
    board = ssh_lab.board("bare64")
    file = artefacts / "int8.tflite"
    found = on_board(board, file, runtimes=("litert",), accuracy=False)
    assert (found.device.machine, found.device.python is not None) == ("aarch64", True)
    assert found.measurements[0].repeats[0].samples_ns
    assert on_board(board, file, runtimes=("litert",), accuracy=False).transfer.bytes == 0
    board.assert_tidy()


def test_a_32_bit_board_without_numpy_is_told_what_to_install(ssh_lab: SshLab, artefacts: Path) -> None:
    board = ssh_lab.board("pi32")
    with pytest.raises(RuntimeMissingError, match=r"tflite-runtime needs numpy, and the device's") as raised:
        on_board(board, artefacts / "int8.tflite", runtimes=("tflite-runtime",))
    assert raised.value.hint == "On the device: sudo apt install python3-numpy"
    assert raised.value.exit_code == 3
    board.assert_tidy()


def test_a_guest_that_the_kernel_kills_is_told(ssh_lab: SshLab, artefacts: Path) -> None:
    board = ssh_lab.board("pi64")
    progress = Trigger(board, lambda: [os.kill(pid, signal.SIGKILL) for pid in guests(board)])
    file = artefacts / "int8.tflite"
    with pytest.raises(DeviceError, match=r"The measuring process was killed \(SIGKILL\)") as raised:
        on_board(board, file, progress=progress, runtimes=("litert",), accuracy=False)
    assert raised.value.exit_code == 3
    board.assert_tidy()
    again = on_board(board, file, runtimes=("litert",), accuracy=False)
    assert again.partial is None
    assert (again.transfer.bytes, again.transfer.files) == (0, 0)
    assert again.transfer.reused_files == 3  # the guest, the model, the runtime


def test_a_connection_that_is_cut_once_costs_nothing(ssh_lab: SshLab, artefacts: Path) -> None:
    board = ssh_lab.board("pi64")
    progress = Trigger(board, board.wire.cut)
    found = on_board(
        board, artefacts / "int8.tflite", progress=progress, runtimes=("litert",), accuracy=False
    )
    assert (found.partial, found.ended, len(found.measurements)) == (None, "whole", 1)
    assert board.wire.connections == 2
    board.assert_tidy()


def test_a_connection_that_stays_cut_keeps_what_there_is(
    ssh_lab: SshLab, artefacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgekit.device import shell

    monkeypatch.setattr(shell, "RECONNECT", 2.0)
    board = ssh_lab.board("pi64")
    progress = Recorder()
    advance = progress.advance

    def lose(done: float) -> None:
        advance(done)
        if done == 1 and progress.steps[-1][0].startswith("Measuring"):
            board.wire.refuse(1000)
            board.wire.cut()

    monkeypatch.setattr(progress, "advance", lose)
    found = on_board(board, artefacts / "int8.tflite", progress=progress, runtimes=("litert",))
    assert found.ended == "lost"
    assert found.partial and "The connection to pi64 (pi64) was lost" in found.partial
    assert found.measurements[0].repeats
    board.wire.refuse(0)
    board.wait_idle()
    assert on_board(board, artefacts / "int8.tflite", runtimes=("litert",), accuracy=False).partial is None
    board.assert_tidy()


def test_ctrl_c_keeps_what_was_measured(ssh_lab: SshLab, artefacts: Path, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices/lab.toml").write_text(
        'description = "lab"\ntransport = "ssh"\naddress = "pi64"\nemulated = true\n'
    )
    words = ["--device", "lab", "--runtime", "litert", "--threads", "1", "--output", "result.json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", "bench", str(artefacts / "int8.tflite"), *words],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    seen: set[int] = set()

    def a_second_repeat_runs() -> bool:
        seen.update(guests(board))
        return len(seen) >= 4  # two that look at the device, a first repeat, and the one after it

    wait_until(a_second_repeat_runs, lambda: "a second repeat")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    result = read_result(tmp_path / "result.json")
    assert result.ended == "interrupted"
    assert result.measurements[0].repeats
    board.assert_tidy()
