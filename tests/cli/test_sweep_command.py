"""`edgekit sweep`, with steps that do next to nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from support import planted_sweep
from support.commands import run

from edgekit.sweeps import read_sweep

PROGRAM = """
import sys
from support import planted_sweep
planted_sweep.plant()
from edgekit.cli import main
try:
    main()
finally:
    print("loaded:", *sorted({"tensorflow", "keras", "altair"} & sys.modules.keys()), file=sys.stderr)
"""
ABSENT = 'description = "not there"\ntransport = "ssh"\naddress = "10.0.0.4"\n'


def _sweep(*args, cwd, code=0):
    path = os.pathsep.join(filter(None, sys.path))
    return run("sweep", *args, cwd=cwd, code=code, program=("-c", PROGRAM), PYTHONPATH=path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("swept")


@pytest.fixture(scope="module")
def first(folder):
    return _sweep("--alpha", "1,.5", "--resolution", "224", cwd=folder)


def test_the_table_is_shown_and_the_files_are_in_a_folder(first, folder):
    assert "published" in " ".join(first.out.split())
    assert "The weights are random" in first.out
    assert "2 of 2 measurements are on the front" in first.out or "1 of 2" in first.out
    names = {path.name for path in (folder / "sweeps" / "mobilenet_v1").iterdir()}
    assert names == {"steps", "sweep.json", "sweep.html", "sweep.csv", "sweep.md", "sweep.svg"}
    assert "Next: open sweeps/mobilenet_v1/sweep.html in a browser" in first.err
    assert "1 of 4, converting alpha 1 at 224 pixels" in first.err
    assert (
        read_sweep(folder / "sweeps" / "mobilenet_v1").command
        == "edgekit sweep --alpha 1,.5 --resolution 224"
    )


@pytest.mark.usefixtures("first")
def test_a_repeat_says_the_same_at_once_and_loads_nothing_heavy(first, folder):
    again = _sweep("--alpha", "1,.5", "--resolution", "224", cwd=folder)
    assert again.out == first.out
    assert "of 4, " not in again.err
    assert again.err.splitlines()[-1] == "loaded:"


@pytest.mark.usefixtures("first")
def test_programs_get_the_record(folder):
    done = _sweep("--alpha", "1,.5", "--resolution", "224", "--json", cwd=folder)
    assert json.loads(done.out)["schema"] == "edgekit.sweep/1"


def test_what_fails_is_named_and_the_rest_is_shown(tmp_path):
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices" / "absent.toml").write_text(ABSENT)
    done = _sweep(
        *("--alpha", ".5", "--resolution", "192", "--device", "host", "--device", "absent"),
        cwd=tmp_path,
        code=4,
    )
    assert "Failed: measuring alpha 0.5 at 192 pixels on absent: The planted device is not there." in done.out
    assert "1 of 1 size lacks something." in done.out
    assert "61.46" in done.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--alpha", "x"), "--alpha 'x' is not a list of numbers. Write --alpha 1,.5."),
        (("--resolution", "224,x"), "--resolution '224,x' is not a list of whole numbers."),
        (("--no-int8",), "There is nothing to measure."),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, options, said):
    done = _sweep(*options, cwd=tmp_path, code=2)
    assert said in done.sentence
    assert not list(tmp_path.iterdir())


def test_a_scheduler_that_is_not_there_is_named(tmp_path):
    done = _sweep(
        "--alpha", ".5", "--device", "pi-1", "--scheduler", "tcp://127.0.0.1:9", cwd=tmp_path, code=3
    )
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in done.sentence


def test_asked_to_end_it_keeps_what_was_done_and_goes_on_from_there(tmp_path):
    path, log = os.pathsep.join(filter(None, sys.path)), tmp_path / "log"
    env = {**os.environ, "PYTHONPATH": path, planted_sweep.SECONDS: "0.5", planted_sweep.LOG: str(log)}
    words = ("sweep", "--alpha", "1,.5", "--resolution", "224")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words], env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while not log.exists() or "end converting alpha 1" not in log.read_text():
        time.sleep(0.05)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "SIGTERM" in said
    assert len(read_sweep(tmp_path / "sweeps" / "mobilenet_v1").cells) == 2
    done = _sweep(*words[1:], cwd=tmp_path)
    # 3 steps, or 2 where the next one was at its end by then
    assert "of 3, " in done.err or "of 2, " in done.err
