"""Installed from the wheel into an empty environment, in an empty folder, everything works."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def installed(wheel_python: Path) -> Path:
    """The `edgekit` command of that environment."""
    return wheel_python.with_name("edgekit")


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
