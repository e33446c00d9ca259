"""What runs beside a device starts fast: TensorFlow is never imported."""

import pytest
from support.commands import run

QUICK = ("--runtime", "litert", "--threads", "1", "--no-accuracy", "--no-memory")


@pytest.mark.parametrize("command", ["bench", "report", "inspect", "inspect a set", "devices", "runtime"])
def test_a_command_that_needs_no_model_never_imports_tensorflow(tmp_path, artefacts, result, command):
    arguments = {
        "bench": ("bench", artefacts / "int8.tflite", *QUICK, "--output", "result.json"),
        "report": ("report", result, "--output", "report.html"),
        "inspect": ("inspect", result),
        "inspect a set": ("inspect", artefacts),
        "devices": ("devices", "list"),
        "runtime": ("runtime", "list"),
    }[command]
    done = run(*arguments, cwd=tmp_path, code=None, PYTHONPROFILEIMPORTTIME="1")
    assert done.code in (0, 4), done.err
    imported = {line.rpartition("|")[2].strip() for line in done.err.splitlines() if "import time:" in line}
    assert "edgekit.cli" in imported, "the list of imports was read"
    assert not {name for name in imported if name.split(".")[0] in ("tensorflow", "keras")}
