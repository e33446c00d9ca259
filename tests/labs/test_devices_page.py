"""The commands of the page about boards and phones, against a board and a phone of the labs.

Each `bench` is run as it stands, narrowed to one file and one runtime: everything is emulated here.
"""

from pathlib import Path

from support.commands import measure, run
from support.pages import ROOT, commands, done_before

PAGE = ROOT / "docs" / "devices.md"
FILE = "artefacts/mobilenet_v1_0.5_32_digits/int8.tflite"
NARROWED = ["--runtime", "litert", "--threads", "1", "--no-memory", "--no-accuracy"]


def follow(command: list[str], folder: Path, **env: str) -> None:
    name, *words = command
    env = {"XDG_CONFIG_HOME": str(folder / "config"), **env}
    if name == "bench":
        measure(*words, FILE, *(word for word in NARROWED if word not in words), cwd=folder, **env)
    else:
        done = run(*command, cwd=folder, code=None, **env)
        # 4: next to other work, an emulated device is too unsteady for its times to be trusted
        assert done.code in ({0, 4} if "doctor" in words else {0}), f"{command}\n{done.out}{done.err}"


def test_a_first_raspberry_pi(ssh_lab, tmp_path, artefacts):
    board = ssh_lab.board("pi64")
    found = commands(PAGE, "sh rpi4")
    assert [words[0] for words in found] == ["devices", "devices", "convert", "bench", "bench", "devices"]
    for command in [*found[:2], *commands(PAGE, "sh doctor"), *found[2:]]:
        if not done_before(command, tmp_path, artefacts):
            # the lab's ssh knows the board by this name
            follow([word.replace("pi@192.168.1.20", "pi64") for word in command], tmp_path)
    results = list((tmp_path / "results").glob("*.json"))
    assert len(results) == 3  # the board alone, the board, the host
    assert not board.path("/home/pi/.cache/edgekit").exists()


def test_a_first_phone(adb_lab, tmp_path, artefacts):
    adb_lab.phone()
    found = commands(PAGE, "sh android")
    assert [words[0] for words in found] == ["devices", "convert", "bench", "devices"]
    for command in found:
        if not done_before(command, tmp_path, artefacts):
            follow(command, tmp_path, **adb_lab.server.environment)
    assert len(list((tmp_path / "results").glob("*.json"))) == 1
