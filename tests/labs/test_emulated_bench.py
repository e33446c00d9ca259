"""A whole bench on an emulated board: the same instructions every time, and a real board's predictions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from edgekit.measurement import BenchRequest, bench
from edgekit.progress import Recorder
from edgekit.results import Measurement, Result
from edgekit.visit import guest

SAME = 0.001  # of the instructions: two runs differ by no more
AGREE = 0.995  # of the images

Found = dict[tuple[str, str], Measurement]


@pytest.fixture(scope="module")
def int8(few_images: Path) -> tuple[Path, ...]:
    """The quantized files of the model that ships for digits."""
    return few_images / "int8.tflite", few_images / "int8.onnx"


@pytest.fixture(scope="module")
def first(qemu: None, int8: tuple[Path, ...]) -> Result:
    """Everything about these files on a Raspberry Pi 4's core."""
    return bench(BenchRequest(artefacts=int8, device="rpi4-emulated", threads=(1,)), Recorder())


def by_file(result: Result) -> Found:
    return {(found.runtime.name, found.artefact.file): found for found in result.measurements}


def counted(found: Measurement) -> float:
    """Instructions of one inference."""
    assert found.instructions is not None
    return median(found.instructions.per_inference)


@contextmanager
def busy_computer() -> Iterator[None]:
    """Keep the one CPU busy that what is started meanwhile may run on."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpus)
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


def test_no_interrupt_of_the_board_is_counted(first: Result) -> None:
    counts = by_file(first)["litert", "int8.tflite"].instructions
    assert counts is not None
    # the kernel's tick comes once in four million instructions and takes three thousand of its own
    assert max(counts.per_inference) - min(counts.per_inference) < 2500


def test_a_longer_script_on_the_board_and_a_busy_computer_change_no_count(
    first: Result, int8: tuple[Path, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is allocated before the model moves everything that the runtime allocates."""
    longer = tmp_path / guest.GUEST.name
    longer.write_text(guest.GUEST.read_text() + "#" * 20_000 + "\n")
    monkeypatch.setattr(guest, "GUEST", longer)
    request = BenchRequest(
        artefacts=int8,
        device="rpi4-emulated",
        runtimes=("litert", "onnxruntime"),
        threads=(1,),
        accuracy=False,
    )
    with busy_computer():
        again = by_file(bench(request, Recorder()))
    assert len(again) == 2
    for which, found in again.items():
        assert counted(found) == pytest.approx(counted(by_file(first)[which]), rel=SAME), which


def test_dot_products_spare_instructions_where_a_runtime_uses_them(
    first: Result, int8: tuple[Path, ...]
) -> None:
    request = BenchRequest(artefacts=int8[:1], device="rpi5-emulated", threads=(1,), accuracy=False)
    newer = by_file(bench(request, Recorder()))
    for runtime, low, high in (("litert", 1.5, 4.0), ("tflite-runtime", 0.99, 1.01)):
        old, new = (counted(found[runtime, "int8.tflite"]) for found in (by_file(first), newer))
        assert low < old / new < high, f"{runtime}: {old} and {new}"


def test_predictions_are_those_of_the_same_runtime_on_a_board_over_ssh(
    first: Result, of_a_board: Result
) -> None:
    there = by_file(of_a_board)
    for key, found in by_file(first).items():
        other = there[key]
        assert found.runtime.version == other.runtime.version
        assert found.accuracy is not None
        assert other.accuracy is not None
        pairs = list(zip(found.accuracy.predictions, other.accuracy.predictions, strict=True))
        assert len(pairs) == 50
        assert sum(a == b for a, b in pairs) >= AGREE * len(pairs), key
