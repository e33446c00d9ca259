"""Files of no artefact set, of every kind, on every kind of device: their outputs are those of this computer.

One bench for each lab, since everything there is emulated and slow.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.loose_models import NAMES, SHAPES, write_all
from support.once import once

from edgekit.device import Profile
from edgekit.measurement import BenchRequest, Schedule, bench
from edgekit.results import Measurement, Result
from labs.adb_fixtures import AdbLab
from labs.ssh_lab import SshLab, profile

SHORT = Schedule(repeats=1, min_runs=3, min_seconds=0, warmup_runs=1, warmup_seconds=0)
RUNTIMES = ("litert", "onnxruntime")
IDS = np.array([[3, 1, 4, 1, 5]])
# how far an output may be from this computer's: float16 has 11 bits, and CPUs add up in other orders
TOLERANCE = {"float32": 1e-5, "float16": 2e-3}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = once(tmp_path_factory, "loose", write_all)
    return tuple(folder / name for name in NAMES)


@pytest.fixture(scope="module")
def host(files: tuple[Path, ...]) -> Result:
    return on("host", files)


def on(device: str | Profile, files: tuple[Path, ...]) -> Result:
    request = BenchRequest(
        artefacts=files,
        device=device,
        runtimes=RUNTIMES,
        threads=(1,),
        mode=SHORT,
        memory=False,
        instructions=False,
        shapes=SHAPES,
        inputs={"ids": IDS},
    )
    return bench(request)


def by_file(result: Result) -> dict[str, Measurement]:
    return {found.artefact.file: found for found in result.measurements}


def same_as(host: Result, there: Result) -> None:
    """Assert that every file was measured, saw the same input, and gave the same outputs."""
    assert there.partial is None
    assert list(by_file(there)) == list(NAMES)
    for name, here in by_file(host).items():
        found = by_file(there)[name]
        assert found.input_sha256 == here.input_sha256, name
        assert [output.shape for output in found.outputs] == [output.shape for output in here.outputs], name
        for mine, other in zip(found.outputs, here.outputs, strict=True):
            allowed = mine.step or TOLERANCE.get(mine.dtype, 0.0)
            scale = max(1.0, *map(abs, other.values)) if mine.dtype in TOLERANCE else 1.0
            assert np.max(np.abs(np.subtract(mine.values, other.values))) <= allowed * scale, (
                name,
                mine.name,
            )


def test_on_a_board_over_ssh(ssh_lab: SshLab, files: tuple[Path, ...], host: Result) -> None:
    board = ssh_lab.board("pi64")
    same_as(host, on(profile(board.name, emulated=True), files))
    board.assert_tidy()


def test_on_a_phone(adb_lab: AdbLab, files: tuple[Path, ...], host: Result) -> None:
    adb_lab.phone()
    same_as(host, on(Profile(description="", transport="adb", name="android"), files))


def test_on_an_emulated_board(qemu: None, files: tuple[Path, ...], host: Result) -> None:
    there = on("rpi4-emulated", files)
    same_as(host, there)
    assert all(found.instructions and not found.repeats for found in there.measurements)
