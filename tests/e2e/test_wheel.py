"""Installed from the wheel into an empty environment, in an empty folder, everything works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import uv

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `edgekit` command of an environment that holds the wheel and what the wheel asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    tool = uv.find_uv_bin()
    environment = {
        key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")
    }

    def call(*command: str | Path) -> None:
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    # every package the wheel brings is already in this environment: reuse those exact versions
    frozen = subprocess.run(
        [tool, "pip", "freeze", "--exclude-editable", "--python", sys.executable],
        check=True,
        capture_output=True,
    )
    (folder / "constraints.txt").write_bytes(frozen.stdout)
    call(
        tool,
        "build",
        "--quiet",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        folder,
        ROOT,
    )
    call(tool, "venv", "--quiet", "--python", sys.executable, folder / "env")
    wheel = next(folder.glob("*.whl"))
    python = folder / "env" / "bin" / "python"
    call(tool, "pip", "install", "--quiet", "--python", python, "-c", "constraints.txt", wheel)
    return python.with_name("edgekit")


def _run(command: Path, *args: str, cwd: Path) -> str:
    environment = {**os.environ, "COLUMNS": "120"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [command, *args], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 4), done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_convert_bench_and_report_work_from_the_wheel(installed, tmp_path):
    _run(installed, "convert", "--alpha", "0.5", "--int8", cwd=tmp_path)
    assert (tmp_path / "artefacts" / "mobilenet_v1_0.5_32_digits" / "manifest.json").is_file()
    table = _run(installed, "bench", "--threads", "1", cwd=tmp_path)
    for name in ("float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx"):
        assert name in table
    _run(installed, "report", "-o", "report.html", cwd=tmp_path)
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_the_wheel_carries_models_and_devices(installed, tmp_path):
    assert "host" in _run(installed, "devices", "list", cwd=tmp_path)
    shipped = next((installed.parents[1] / "lib").glob("python*/site-packages/edgekit/_shipped"))
    assert {path.name for path in shipped.iterdir()} == {"models", "devices"}
    assert len(list((shipped / "models").glob("*.keras"))) == len(list((ROOT / "models").glob("*.keras"))) > 0
