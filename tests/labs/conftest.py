"""Fixtures of the labs. A lab that is not there skips its tests, or fails them where it is required."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.once import once

from edgekit.results import Result, read_result, write_result
from labs.adb_fixtures import adb_lab, adb_server  # noqa: F401 - fixtures
from labs.build import arm_runs
from labs.emulated import emulated, qemu  # noqa: F401 - fixtures
from labs.roots import ROOTS, root_folder
from labs.ssh_lab import Keys, SshLab, make_keys
from labs.ssh_use import RUNTIMES, on_board

BUILD = "build it, as root: make lab"


@pytest.fixture(scope="session")
def labs() -> None:
    """Make sure that the labs are built."""
    missing = [name for name in ROOTS if not root_folder(name).is_dir()]
    problem = ""
    if os.geteuid() != 0:
        problem = "the labs need root"
    elif missing:
        problem = f"the lab has no {', '.join(missing)}; {BUILD}"
    elif not arm_runs():
        problem = f"Linux does not start Arm programs; {BUILD}"
    if problem:
        pytest.skip(problem)


@pytest.fixture(scope="session")
def keys(labs: None, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def of_a_board(ssh_lab: SshLab, few_images: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Every file of the digits model with every runtime, on a board over ssh: measured once a run."""

    def make(folder: Path) -> None:
        board = ssh_lab.board("pi64")
        write_result(folder / "result.json", on_board(board, few_images, runtimes=RUNTIMES))
        board.assert_tidy()

    return read_result(once(tmp_path_factory, "board", make) / "result.json")


@pytest.fixture
def ssh_lab(keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshLab]:
    """Boards that are new for every test, reached by the names of their roots."""
    lab = SshLab(tmp_path / "lab", keys)
    monkeypatch.setenv("PATH", str(lab.programs), prepend=os.pathsep)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield lab
    lab.close()
