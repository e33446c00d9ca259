"""A transport of somebody's own: one file and one registration, and every command knows it."""

import json
import os
import subprocess
import sys

import pytest
from support.artefact_sets import make_set
from support.commands import Done

TWIN = """
import sys

import edgekit.cli
from edgekit.device import TRANSPORTS, TransportKind
from edgekit.device.local import LocalTransport


class TwinTransport(LocalTransport):
    '''Reaches a second computer that is this one.'''

    def __init__(self, profile):
        super().__init__(profile.python)
        print(f"opened {profile.address}", file=sys.stderr)


TRANSPORTS.add(TransportKind("twin", TwinTransport, "DESK", here=True))
edgekit.cli.main()
"""


@pytest.fixture
def edgekit(tmp_path):
    """Run the command of somebody who has added a transport."""
    script = tmp_path / "edgekit-twin"
    script.write_text(TWIN)
    environment = {**os.environ, "COLUMNS": "140", "XDG_CONFIG_HOME": str(tmp_path / "config")}

    def run(*args, code=0, **more):
        done = subprocess.run(
            [sys.executable, str(script), *map(str, args)],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
        assert done.returncode in (code if isinstance(code, tuple) else (code,)), done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def test_it_is_in_the_help_the_completion_and_the_errors(edgekit):
    assert "Transports: local, ssh, adb, emulator, twin." in edgekit("devices", "add", "--help").out
    asked = {
        "_EDGEKIT_TWIN_COMPLETE": "complete_bash",
        "COMP_WORDS": "edgekit-twin devices add x --transport t",
    }
    assert edgekit(COMP_CWORD="5", **asked).out.split() == ["twin"]
    missed = edgekit("devices", "add", "lab", "--transport", "twn", code=2)
    assert "There is no transport 'twn'. Did you mean 'twin'?" in missed.sentence
    assert "Choose from: local, ssh, adb, emulator, twin." in missed.sentence


def test_a_device_of_it_is_added_listed_probed_and_measured(edgekit, tmp_path):
    edgekit("devices", "add", "lab", "--transport", "twin", "--address", "left")
    (row,) = [line for line in edgekit("devices", "list").out.splitlines() if "lab" in line.split()]
    assert "twin left" in row
    looked = edgekit("devices", "probe", "lab", "--json", EDGEKIT_LAB_ADDRESS="right")
    assert "opened right" in looked.err
    assert json.loads(looked.out)["device"]["transport"] == "twin"
    artefacts = make_set(tmp_path / "set", ("int8.tflite",))
    quick = ("--runtime", "litert", "--threads", "1", "--output", tmp_path / "result.json")
    measured = edgekit("bench", artefacts, "--device", "lab", *quick, code=(0, 4))
    assert "opened left" in measured.err
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["device"]["profile"] == "lab"
    assert result["measurements"][0]["repeats"]


def test_its_devices_say_what_is_wrong_like_any_other(edgekit):
    refused = edgekit("devices", "add", "lab", "--transport", "local", "--address", "left", code=2)
    assert "A device reached by 'local' has no address." in refused.sentence
    for way in (("--ssh", "a", "--transport", "twin"), ("--address", "left"), ()):
        refused = edgekit("devices", "add", "lab", *way, code=2)
        assert "One of --ssh, --adb and --transport says how the device is reached." in refused.sentence
