"""A full disk and a folder that cannot be written: what is said moves the very place that was meant.

The file systems are real: full or read-only, mounted for one command alone.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import screens
from support.artefact_sets import make_set
from support.commands import Done

TESTS = Path(__file__).resolve().parents[1]
FULL = "mount -t tmpfs -o size=4k none disk && head -c 4096 /dev/zero > disk/filled"
READ_ONLY = "mount -t tmpfs -o ro none disk"
SAID = {FULL: "The disk is full: ", READ_ONLY: "No permission to write "}
LEFT = {FULL: "disk/filled\n", READ_ONLY: ""}

BENCH = f"bench {screens.SET} --threads 1"  # a stored result stands in for what it would measure
_APART = ("unshare", "--mount", "--map-root-user", "sh", "-c")
_SHOW = (
    "import sys; from support.screens import show; shown = show(*sys.argv[1:])\n"
    "sys.stderr.write(shown.err); sys.exit(shown.code)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    screens.lay_out(tmp_path)
    (tmp_path / "disk").mkdir()
    return tmp_path


def run_on(disk: str, folder: Path, command: str, stored: str = "", **env: str) -> Done:
    """Run a command in a folder whose `disk` is another file system; the output is the files left there."""
    script = f'{disk} && "$@" >/dev/null; code=$?; find disk -type f -size +0; exit $code'
    done = subprocess.run(
        [*_APART, script, "sh", sys.executable, "-c", _SHOW, command, stored],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", "PYTHONPATH": f"{TESTS}:{TESTS.parent}", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    if "CI" not in os.environ and ("unshare" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("disk", SAID, ids=["full", "read-only"])
@pytest.mark.parametrize(
    ("command", "stored", "option"),
    [
        ("convert --alpha 0.25 --no-int8 --format tflite --output disk/set", "", "--output"),
        (f"{BENCH} --output disk/new.json", "host.json", "--output"),
        ("train --alpha 0.25 --epochs 1 --output disk", "", "--output"),
        ("train --alpha 0.25 --epochs 1 --runs disk", "", "--runs"),
        ("report host.json --output disk/report.md", "", "--output"),
        ("check board.json --junit disk/junit.xml", "", "--junit"),
        ("check board.json --summary disk/summary.md", "", "--summary"),
    ],
    ids=lambda value: value.replace("/", " ") if " " in value else "",
)
def test_the_option_that_moves_the_place_is_named(folder, disk, command, stored, option):
    done = run_on(disk, folder, command, stored)

    assert done.code == 3, done.err
    assert SAID[disk] in done.sentence
    assert done.sentence.endswith(f"with {option}."), done.sentence
    assert done.out == LEFT[disk], "nothing is left"


@pytest.mark.parametrize("disk", SAID, ids=["full", "read-only"])
def test_of_results_without_a_name_the_option_is_named(folder, disk):
    (folder / "results").symlink_to("disk")

    done = run_on(disk, folder, BENCH, "host.json")

    assert (done.code, done.out) == (3, LEFT[disk])
    assert done.sentence.endswith("with --output."), done.sentence


@pytest.mark.parametrize("disk", SAID, ids=["full", "read-only"])
@pytest.mark.parametrize("command", ["bench tiny --device rpi4-emulated", "runtime build litert"])
def test_of_the_cache_the_variable_is_named(folder, disk, command):
    make_set(folder / "tiny", ("int8.tflite",))

    done = run_on(disk, folder, command, EDGEKIT_CACHE="disk")

    assert done.code == 3, done.err
    assert SAID[disk] in done.sentence
    assert done.sentence.endswith("eep the cache elsewhere: set EDGEKIT_CACHE."), done.sentence


@pytest.mark.parametrize("disk", SAID, ids=["full", "read-only"])
def test_of_ones_own_profiles_the_variable_is_named(folder, disk):
    done = run_on(disk, folder, "devices add desk --ssh pi@192.0.2.1", XDG_CONFIG_HOME=str(folder / "disk"))

    assert done.code == 3, done.err
    assert SAID[disk] in done.sentence
    assert done.sentence.endswith("set XDG_CONFIG_HOME."), done.sentence
