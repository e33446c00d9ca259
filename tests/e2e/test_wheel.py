"""Installed from the wheel into an empty environment, in an empty folder, everything works."""

from pathlib import Path

from support.commands import run
from support.pages import ROOT, commands, follow


def test_every_command_of_the_readme_works_in_the_order_it_stands(wheel_python: Path, tmp_path: Path) -> None:
    shown = {}
    for command in commands(ROOT / "README.md"):
        shown[command[0]] = follow(command, tmp_path, python=wheel_python).out
    assert {"convert", "bench", "report"} <= set(shown)
    assert (tmp_path / "artefacts" / "mobilenet_v1_0.5_32_digits" / "manifest.json").is_file()
    for name in ("float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx"):
        assert name in shown["bench"]
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_the_wheel_carries_models_and_devices(wheel_python: Path, tmp_path: Path) -> None:
    assert "host" in run("devices", "list", cwd=tmp_path, python=wheel_python).out
    shipped = next((wheel_python.parents[1] / "lib").glob("python*/site-packages/edgekit/_shipped"))
    assert {path.name for path in shipped.iterdir()} == {"models", "devices"}
    assert len(list((shipped / "models").glob("*.keras"))) == len(list((ROOT / "models").glob("*.keras"))) > 0
