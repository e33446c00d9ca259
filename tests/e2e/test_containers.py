"""A container as people get it: an arbitrary user without a home, and a file system that is read-only.

It is real, though made of namespaces: what is not mounted for the command alone cannot be written.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import screens
from support.commands import Done

ROOT = Path(__file__).resolve().parents[2]

# The user is one that no password database knows. uv's cache is the real one, so that no network is needed.
_CONTAINED = """
mount --bind work work && mount --bind cache cache && mount --bind "$UV_CACHE_DIR" cache/uv || exit 99
mount -o remount,bind,ro / || exit 99
for name in HOME XDG_CACHE_HOME XDG_CONFIG_HOME UV_CACHE_DIR KERAS_HOME EDGEKIT_CACHE; do unset $name; done
cd work && exec unshare --user --map-user=12345 --map-group=12345 env "$@"
"""
_NOEXEC = 'mount -t tmpfs -o noexec none cache || exit 99; cd work && "$@"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "cache" / "uv").mkdir(parents=True)
    screens.lay_out(tmp_path / "work")
    return tmp_path


def run_in(script: str, folder: Path, *command: str | Path) -> Done:
    """Run a command, environment variables first, in the container that a script makes."""
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", *map(str, command)],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "CI" not in os.environ and (done.returncode == 99 or "unshare:" in done.stderr):
        pytest.skip(f"no container can be made here: {done.stderr.strip()}")
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def edgekit(folder: Path, command: str, *variables: str) -> Done:
    return run_in(_CONTAINED, folder, *variables, sys.executable, "-m", "edgekit", *command.split())


def test_everything_that_is_written_goes_to_the_cache_and_the_working_folder(folder):
    variables = ("HOME=/nonexistent", f"EDGEKIT_CACHE={folder}/cache")
    who = run_in(_CONTAINED, folder, "sh", "-c", "id -u; id -un; touch /tmp/x /x")
    assert who.out == "12345\n12345\n" or "cannot find name" in who.err
    assert who.err.count("Read-only") == 2

    for command in (
        "convert --alpha 0.25 --no-int8 --format tflite --output set",
        "runtime build litert",
        "bench set --runtime litert --threads 1 --no-accuracy --no-memory --output result.json",
        "report result.json --output report.html",
    ):
        done = edgekit(folder, command, *variables)
        assert done.code in (0, 4), f"{command}: {done.err}"
    assert (
        edgekit(folder, "check host.json", *variables).sentence == edgekit(folder, "check host.json").sentence
    )

    assert {path.name for path in (folder / "cache").iterdir()} == {"keras", "runtimes", "tmp", "uv", "vega"}
    assert list((folder / "cache" / "tmp").iterdir()) == []
    assert {"set", "result.json", "report.html"} <= {path.name for path in (folder / "work").iterdir()}


@pytest.mark.parametrize("home", [("HOME=/nonexistent",), ("HOME=/",), ()], ids=["missing", "root", "unset"])
def test_without_a_place_for_the_cache_one_sentence_says_what_to_set(folder, home):
    done = edgekit(folder, "runtime build litert", *home)
    assert done.code == 3
    assert done.sentence.endswith("et EDGEKIT_CACHE.")
    assert edgekit(folder, "devices list", *home).code == 0


def test_a_cache_that_is_mounted_noexec_is_named_with_the_way_out(folder):
    cache = f"EDGEKIT_CACHE={folder}/cache"
    built = run_in(
        _NOEXEC, folder, "env", cache, sys.executable, "-m", "edgekit", "runtime", "build", "litert"
    )
    assert built.code == 3
    assert f"{folder}/cache is mounted noexec" in built.sentence
    assert built.sentence.endswith("Keep the cache elsewhere: set EDGEKIT_CACHE.")

    doctor = run_in(_NOEXEC, folder, "env", cache, sys.executable, "-m", "edgekit", "devices", "doctor")
    assert doctor.code == 4
    assert "mounted noexec" in doctor.out + doctor.err
