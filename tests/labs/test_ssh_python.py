"""A board over ssh, from Python and by command: one profile, one environment, one project folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace
from support.artefact_sets import make_set
from support.commands import run

import edgekit
from edgekit.results import read_result
from labs.ssh_lab import HOME, SshLab, profile

# the command itself, its quick mode shortened: everything is emulated here
COMMAND = """
from edgekit.measurement import request
from edgekit.cli import main
request.MODES["quick"] = request.Schedule(1, 3, 0, max_seconds=1, warmup_runs=1, warmup_seconds=0)
main()
"""
SHORT = edgekit.Schedule(1, 3, 0, max_seconds=1, warmup_runs=1, warmup_seconds=0)
# as the one that edgekit brings, without an address; its CPUs show that it is this one that counts
PROFILE = (
    'description = "of this project"\ntransport = "ssh"\nemulated = true\ncool_seconds = 0\naffinity = [0]\n'
)


def by_command(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = ["bench", "set/int8.tflite", "--device", "rpi4", "--runtime", "litert", "--threads", "1"]
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *words, "--no-memory", "--output", "command.json", *options],
        cwd=folder,
        env={**os.environ, "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )


def in_python(device: str | edgekit.Profile = "rpi4") -> edgekit.Result:
    return edgekit.bench(
        "set/int8.tflite",
        device=device,
        runtimes="litert",
        threads=1,
        mode=SHORT,
        memory=False,
        output="python.json",
    )


def test_python_and_the_command_reach_the_same_board_by_the_same_profile(
    ssh_lab: SshLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = ssh_lab.board("pi64")
    make_set(tmp_path / "set", ("int8.tflite",))
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices/rpi4.toml").write_text(PROFILE)
    monkeypatch.chdir(tmp_path)

    refused = by_command(tmp_path)
    assert refused.returncode == 2
    with pytest.raises(edgekit.UsageError) as error:
        in_python()
    assert error.value.what == "rpi4 has no address."
    assert f"Error: {error.value.what}\n{error.value.hint}\n" in refused.stderr

    monkeypatch.setenv("EDGEKIT_RPI4_ADDRESS", board.name)
    done = by_command(tmp_path)
    assert done.returncode in (0, 4), done.stderr
    sides = [read_result(tmp_path / "command.json"), in_python()]
    command, python = (
        ({**asdict(side.device), "free_bytes": 0}, [(m.affinity, m.runtime) for m in side.measurements])
        for side in sides
    )
    assert command == python
    assert (sides[1].device.profile, sides[1].device.machine) == ("rpi4", "aarch64")
    assert sides[1].measurements[0].affinity == (0,)
    assert sides[1].path == Path("python.json")
    assert sides[1].command == (
        "edgekit.bench(artefacts='set/int8.tflite', device='rpi4', runtimes='litert', threads=1, "
        f"mode={SHORT!r}, memory=False, output='python.json')"
    )

    # an address that is given wins over the environment, here and there
    monkeypatch.setenv("EDGEKIT_RPI4_ADDRESS", "nowhere.invalid")
    found = edgekit.devices.probe(edgekit.devices.find("rpi4", address=board.name))
    probed = run("devices", "probe", "rpi4", "--address", board.name, "--json", cwd=tmp_path)
    assert found.device.cpu == json.loads(probed.out)["device"]["cpu"] == "Cortex-A72"
    board.assert_tidy()


def test_a_home_where_nothing_may_be_executed_is_named_with_the_way_out(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi64", limits={HOME: "300m,noexec"})
    there = profile("pi64")
    found = [item for item in edgekit.devices.doctor(there) if "noexec" in item.problem]
    assert [item.remedy.partition(" in the")[0] for item in found] == ["Name another `folder`"]

    with pytest.raises(edgekit.DeviceError, match="mounted noexec") as caught:
        edgekit.devices.probe(replace(there, python="portable"))
    assert "another `folder`" in caught.value.hint
