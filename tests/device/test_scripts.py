"""The scripts for devices are sound shell, and plain enough for any."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.device import scripts
from edgekit.device.emulator import image

TEXTS = {name: getattr(scripts, name) for name in ("HOLD", "RUN", "STOP", "LIST", "RECEIVE")}
TEXTS["the emulated board's"] = image._INIT.read_text()


@pytest.mark.parametrize("name", TEXTS)
def test_shellcheck_has_nothing_to_say(name):
    shellcheck = shutil.which(
        "shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if shellcheck is None:
        pytest.skip("shellcheck is not installed; make setup installs it")
    done = subprocess.run(
        [shellcheck, "--shell=sh", "-"], input=TEXTS[name], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)


def test_every_script_is_in_use():
    folder = Path(scripts.__file__).parent / "sh"
    used = "".join(TEXTS.values())
    assert {path.name for path in folder.iterdir() if path.read_text() not in used} == set()
