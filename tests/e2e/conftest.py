"""What the commands made, for the tests that begin with it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import uv
from support.commands import measure
from support.once import once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory, artefacts: Path) -> Path:
    """A quick result of one file of the artefact set, made by the command itself. Read only."""

    def make(folder: Path) -> None:
        options = ("--threads", "1", "--runtime", "litert", "--output", folder / "result.json")
        measure(artefacts / "int8.tflite", *options, cwd=folder)

    return once(tmp_path_factory, "measured", make) / "result.json"


@pytest.fixture(scope="session")
def wheel_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds edgekit's wheel, what the wheel asks for, and nothing else."""
    return once(tmp_path_factory, "wheel", _install_wheel) / "env" / "bin" / "python"


def _install_wheel(folder: Path) -> None:
    unset = ("VIRTUAL_ENV", "PYTHONPATH")
    environment = {key: value for key, value in os.environ.items() if key not in unset}
    here = ("--python", sys.executable)

    def uv_runs(*command: str | Path) -> bytes:
        command = (uv.find_uv_bin(), *command)
        return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True).stdout

    # every package the wheel brings is already in this environment: reuse those exact versions
    frozen = uv_runs("pip", "freeze", "--exclude-editable", *here)
    (folder / "constraints.txt").write_bytes(frozen)
    uv_runs("build", "--quiet", "--wheel", "--no-build-isolation", *here, "--out-dir", folder, ROOT)
    uv_runs("venv", "--quiet", *here, folder / "env")
    (wheel,) = folder.glob("*.whl")
    there = ("--python", folder / "env" / "bin" / "python")
    uv_runs("pip", "install", "--quiet", *there, "-c", "constraints.txt", wheel)
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    _share_bytecode(packages)


def _share_bytecode(packages: Path) -> None:
    """Spare an environment to compile the very files that this one has compiled: half a minute of work."""
    here = Path(sysconfig.get_path("purelib"))
    for folder in here.rglob("__pycache__"):
        there = packages / folder.relative_to(here)
        if there.parent.is_dir():
            shutil.copytree(folder, there, copy_function=shutil.copy2, dirs_exist_ok=True)
