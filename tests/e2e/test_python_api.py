"""The Python that the pages show runs as it stands there, and type checkers see what is behind it."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from support.commands import BRIEF_SCRIPT
from support.pages import ROOT, blocks

CHECKPOINT = ROOT / "models" / "mobilenet_v1_0.5_32_digits.keras"

# a user's script with one mistake a line, and what a type checker says about it
MISTAKES = {
    "edgekit.benhc()": "attr-defined",
    "edgekit.bench(devise='rpi4')": "call-arg",
    "edgekit.bench(mode='slow')": "arg-type",
    "edgekit.bench(threads='some')": "arg-type",
    "edgekit.convert(target='arm')": "arg-type",
    "edgekit.check([1])": "list-item",
    "edgekit.report('results/a.json')": "call-arg",
    "edgekit.devices.find('rpi4').adress": "attr-defined",
    "edgekit.inspect('a.json').path": "union-attr",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with what the pages take for granted: a model, images of its classes, a board, budgets."""
    shutil.copy(CHECKPOINT, tmp_path / "my_model.keras")
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices" / "rpi4.toml").write_text('description = "stands in for it"\ntransport = "local"\n')
    (tmp_path / "budgets.toml").write_text('[[budget]]\nartefact = "int8.tflite"\nsize = "1.1 MB"\n')
    _write_digits(tmp_path / "my_images")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write_digits(folder):
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for index, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 255 / 16).round().astype("uint8")).save(folder / str(label) / f"{index}.png")


def _run(script, folder):
    """Run a script as a user does, in a fresh interpreter; it must end well."""
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, *BRIEF_SCRIPT],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_python_of_a_page_runs_in_the_order_it_stands(page, project):
    if page == "docs/python.md":
        (project / "devices" / "rpi4.toml").unlink()  # the page says what happens without an address
    script = blocks(ROOT / page, "python")
    assert script, f"{page} shows no Python"
    _run(script, project)
    assert (project / "report.html").stat().st_size > 100_000
    assert len(list((project / "results").glob("*.json"))) >= 1


def _mypy(wheel_python, script, folder):
    """Check a script's types against the installed wheel alone."""
    (folder / "script.py").write_text(script)
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")
    }
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", wheel_python, "script.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_script_over_the_python_page_passes_mypy_strict_and_mistakes_do_not(wheel_python, tmp_path):
    done = _mypy(wheel_python, blocks(ROOT / "docs" / "python.md", "python"), tmp_path)
    assert done.returncode == 0, done.stdout

    done = _mypy(wheel_python, "\n".join(["import edgekit", *MISTAKES]), tmp_path)
    found = re.findall(r"^script\.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, flags=re.MULTILINE)
    expected = {(str(line), code) for line, code in enumerate(MISTAKES.values(), start=2)}
    assert set(found) == expected, done.stdout
