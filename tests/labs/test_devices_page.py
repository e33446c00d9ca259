"""The commands of the page about boards and phones, against a board and a phone of the labs.

Each `bench` is run as it stands, narrowed to one file and one runtime: everything is emulated here.
"""

import os
import subprocess
import sys
from pathlib import Path

from support.pages import ROOT, commands, done_before

PAGE = ROOT / "docs" / "devices.md"
NARROWED = ["--runtime", "litert", "--threads", "1", "--no-memory", "--no-accuracy"]


def run(command: list[str], folder: Path, **env: str) -> None:
    words = [*command]
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


def test_a_first_raspberry_pi(ssh_lab, tmp_path, artefacts):
    board = ssh_lab.board("pi64")
    found = commands(PAGE, "sh rpi4")
    assert [words[0] for words in found] == ["devices", "devices", "convert", "bench", "bench", "devices"]
    for command in [*found[:2], *commands(PAGE, "sh doctor"), *found[2:]]:
        if not done_before(command, tmp_path, artefacts):
            # the lab's ssh knows the board by this name
            run([word.replace("pi@192.168.1.20", "pi64") for word in command], tmp_path)
    results = list((tmp_path / "results").glob("*.json"))
    assert len(results) == 3  # the board alone, the board, the host
    assert not board.path("/home/pi/.cache/edgekit").exists()


def test_a_first_phone(adb_lab, tmp_path, artefacts):
    adb_lab.phone()
    found = commands(PAGE, "sh android")
    assert [words[0] for words in found] == ["devices", "convert", "bench", "devices"]
    for command in found:
        if not done_before(command, tmp_path, artefacts):
            run(command, tmp_path, **adb_lab.server.environment)
    assert len(list((tmp_path / "results").glob("*.json"))) == 1
