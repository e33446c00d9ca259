"""The commands of the page about boards and phones, against a board and a phone of the labs.

Each `bench` is run as it stands, narrowed to one file and one runtime: everything is emulated here.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "devices.md"
NARROWED = ["--runtime", "litert", "--threads", "1", "--no-memory", "--no-accuracy"]


def commands(kind: str) -> list[list[str]]:
    """The page's commands in the blocks marked with a kind of device, in order."""
    blocks = re.findall(rf"^```sh {kind}\n(.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for line in "".join(blocks).splitlines()]


def run(command: list[str], folder: Path, **env: str) -> None:
    assert command[0] == "edgekit"
    words = command[1:]
    if words[0] == "bench":
        words += ["artefacts/mobilenet_v1_0.5_32_digits/int8.tflite"]
        words += [word for word in NARROWED if word not in words]
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", *words],
        cwd=folder,
        env={**os.environ, "XDG_CONFIG_HOME": str(folder / "config"), **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    # 4: measured, but an emulated device beside other work is too unsteady for its times to be trusted
    allowed = {0, 4} if words[0] == "bench" or "doctor" in words else {0}
    assert done.returncode in allowed, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


def test_a_first_raspberry_pi(ssh_lab, tmp_path):
    board = ssh_lab.board("pi64")
    found = commands("rpi4")
    assert [words[1] for words in found] == ["devices", "devices", "convert", "bench", "bench", "devices"]
    for command in [*found[:2], *commands("doctor"), *found[2:]]:
        # the lab's ssh knows the board by this name
        run([word.replace("pi@192.168.1.20", "pi64") for word in command], tmp_path)
    results = list((tmp_path / "results").glob("*.json"))
    assert len(results) == 3  # the board alone, the board, the host
    assert not board.path("/home/pi/.cache/edgekit").exists()


def test_a_first_phone(adb_lab, tmp_path):
    adb_lab.phone()
    found = commands("android")
    assert [words[1] for words in found] == ["devices", "convert", "bench", "devices"]
    for command in found:
        run(command, tmp_path, **adb_lab.server.environment)
    assert len(list((tmp_path / "results").glob("*.json"))) == 1
