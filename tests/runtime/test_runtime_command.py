"""`edgekit runtime` as a person types it."""

import json
import os
import subprocess
import sys

import pytest

from edgekit.runtime import ensure_portable


def edgekit(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "edgekit", *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("device", ["android", "rpi4-emulated"])
def test_for_a_device_that_brings_no_python_all_is_built_without_the_device(tmp_path, device):
    done = edgekit("runtime", "build", "tflite-runtime", "--device", device, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(ensure_portable("aarch64").folder) in done.stderr.replace("\n", "")
    assert "tflite-runtime 2.14.0 for Python 3.11 (aarch64-linux-gnu)" in done.stderr
    assert f"edgekit bench --runtime tflite-runtime --device {device}" in done.stderr + done.stdout


def test_portable_pythons_are_listed_with_their_platform_and_size(tmp_path):
    python = ensure_portable("aarch64")
    table = edgekit("runtime", "list", cwd=tmp_path).stdout
    row = ["python", python.bundle.record.version, "3.11", "aarch64-linux-gnu", f"{python.bytes / 1e6:.1f}"]
    assert row in [line.split()[:5] for line in table.splitlines()]
    listed = json.loads(edgekit("runtime", "list", "--json", cwd=tmp_path).stdout)
    assert python.seal in [bundle["record"]["seal"] for bundle in listed]


def test_a_board_without_an_address_is_not_waited_for(tmp_path):
    done = edgekit("runtime", "build", "litert", "--device", "rpi4", cwd=tmp_path)
    assert done.returncode == 2
    assert "edgekit devices add rpi4" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_debians_programs_the_command_ends_with_3_and_says_why(tmp_path):
    done = edgekit(
        "runtime", "build", "--device", "android", cwd=tmp_path, EDGEKIT_CACHE=str(tmp_path), PATH="/x"
    )
    assert done.returncode == 3
    assert "no apt-get" in done.stderr
    assert "Traceback" not in done.stderr


def test_cleaning_says_what_it_freed(tmp_path):
    (tmp_path / "cache" / "runtimes" / "half").mkdir(parents=True)
    (tmp_path / "cache" / "runtimes" / "half" / "file").write_bytes(bytes(2_500_000))
    done = edgekit("runtime", "clean", cwd=tmp_path, EDGEKIT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0
    assert "2.50 MB" in done.stderr
    assert list((tmp_path / "cache").iterdir()) == []
