"""A whole bench on an emulated board: the same instructions every time, and a real board's predictions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest
from emulated import qemu  # noqa: F401 - a fixture
from ssh_lab import SshLab, profile
from ssh_use import Notes

from edgekit.bench import BenchRequest, Schedule, bench
from edgekit.device import find_profile
from edgekit.results import Measurement, Result

SAME = 0.001  # of the instructions: two runs differ by no more
AGREE = 0.995  # of the pictures
SHORT = Schedule(repeats=1, min_runs=3, min_seconds=0, warmup_runs=1, warmup_seconds=0)

Found = dict[tuple[str, str], Measurement]


@pytest.fixture(scope="module")
def int8(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The quantized files of the model that ships for digits."""
    folder = tmp_path_factory.mktemp("converted")
    command = [sys.executable, "-m", "edgekit", "convert", "--alpha", "0.5", "--int8", "--output", "set"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return folder / "set" / "int8.tflite", folder / "set" / "int8.onnx"


@pytest.fixture(scope="module")
def first(qemu: None, int8: tuple[Path, ...]) -> Result:  # noqa: F811
    """Everything about these files on a Raspberry Pi 4's core."""
    return bench(BenchRequest(artefacts=int8, profile=find_profile("rpi4-emulated"), threads=(1,)), Notes())


def by_file(result: Result) -> Found:
    return {(found.runtime.name, found.artefact.file): found for found in result.measurements}


@contextmanager
def busy_computer() -> Iterator[None]:
    """Keep two CPUs busy."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_instructions_are_counted_and_nothing_is_timed(first: Result) -> None:
    assert (first.partial, first.ended, first.device.cpu) == (None, "whole", "Cortex-A72")
    assert set(by_file(first)) == {
        ("litert", "int8.tflite"),
        ("tflite-runtime", "int8.tflite"),
        ("onnxruntime", "int8.onnx"),
    }
    for found in first.measurements:
        assert (found.repeats, found.memory) == ((), None)
        assert found.instructions is not None
        assert found.instructions.source == "qemu cortex-a72"
        assert len(found.instructions.per_inference) >= 30
        # 3.2 million multiply-adds, of which no Arm core without dot products does more than 16 at once
        assert 200_000 < median(found.instructions.per_inference) < 10_000_000


def test_another_run_on_a_busy_computer_counts_the_same(first: Result, int8: tuple[Path, ...]) -> None:
    request = BenchRequest(
        artefacts=int8, profile=find_profile("rpi4-emulated"), threads=(1,), accuracy=False
    )
    with busy_computer():
        again = by_file(bench(request, Notes()))
    for key, found in by_file(first).items():
        assert found.instructions is not None
        other = again[key].instructions
        assert other is not None
        ratio = median(other.per_inference) / median(found.instructions.per_inference)
        assert abs(ratio - 1) <= SAME, f"{key}: {ratio}"


def test_dot_products_spare_instructions_where_a_runtime_uses_them(
    first: Result, int8: tuple[Path, ...]
) -> None:
    request = BenchRequest(
        artefacts=int8[:1], profile=find_profile("rpi5-emulated"), threads=(1,), accuracy=False
    )
    newer = by_file(bench(request, Notes()))
    for runtime, low, high in (("litert", 1.5, 4.0), ("tflite-runtime", 0.99, 1.01)):
        pair = [found[runtime, "int8.tflite"].instructions for found in (by_file(first), newer)]
        old, new = (median(counted.per_inference) for counted in pair if counted is not None)
        assert low < old / new < high, f"{runtime}: {old} and {new}"


def test_predictions_are_those_of_the_same_runtime_on_a_board_over_ssh(
    first: Result, int8: tuple[Path, ...], ssh_lab: SshLab
) -> None:
    ssh_lab.board("pi64")
    request = BenchRequest(
        artefacts=int8,
        profile=profile("pi64", emulated=True),
        threads=(1,),
        schedule=SHORT,
        memory=False,
        instructions=False,
    )
    there = by_file(bench(request, Notes()))
    for key, found in by_file(first).items():
        other = there[key]
        assert found.runtime.version == other.runtime.version
        assert found.accuracy is not None
        assert other.accuracy is not None
        pairs = list(zip(found.accuracy.predictions, other.accuracy.predictions, strict=True))
        assert len(pairs) == 450
        assert sum(a == b for a, b in pairs) >= AGREE * len(pairs), key
