"""Commands killed in the middle, then run again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support.commands import measure, run

from edgekit.artefact import check_files, read_set
from edgekit.results import read_result


def _start(*args: str | Path, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "edgekit", *map(str, args)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "120", "STARTED_IN": str(cwd)},
    )


def _kill_when(process: subprocess.Popen[str], said: str, after: float = 0.0) -> None:
    """Kill a command with SIGKILL once it has said that it reached a step."""
    seen = []
    with process:
        for line in process.stderr or ():
            seen.append(line)
            if said in line:
                time.sleep(after)
                process.send_signal(signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
                return
    pytest.fail(f"the command ended ({process.returncode}) before it said {said!r}: {''.join(seen)}")


def test_a_killed_conversion_leaves_no_set_and_the_next_one_succeeds(tmp_path):
    command = ("convert", "--alpha", "0.5", "--format", "tflite", "--output", "set")
    for said in ("Calibrating", "Measuring int8"):
        _kill_when(_start(*command, cwd=tmp_path), said)
        assert not (tmp_path / "set").exists()
    run(*command, cwd=tmp_path)
    check_files(read_set(tmp_path / "set"))
    assert [p.name for p in tmp_path.iterdir()] == ["set"], "the killed run's leavings are swept"


@pytest.mark.parametrize(
    ("number", "after"), [(signal.SIGINT, 0.0), (signal.SIGINT, 1.5), (signal.SIGTERM, 1.5)]
)
def test_an_end_is_said_in_one_line_also_while_tensorflow_is_imported(tmp_path, number, after):
    with _start("convert", "--alpha", "0.5", cwd=tmp_path) as process:
        started = process.stderr.readline()
        time.sleep(after)
        process.send_signal(number)
        said = [line for line in (started, *process.stderr) if line.strip()]
    # Python ends itself by SIGINT, which a shell calls 130 too, if that came in code that `exec` read as text
    assert process.returncode in (128 + number, -signal.SIGINT if number == signal.SIGINT else 128 + number)
    assert said[-1] == ("Interrupted.\n" if number == signal.SIGINT else f"Ended by {number.name}.\n")
    assert said.count(said[-1]) == 1
    assert not [line for line in said if "rror" in line or "WARNING" in line or "Traceback" in line]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_bench_that_is_ended_keeps_what_was_measured_and_the_next_one_succeeds(tmp_path, artefacts, number):
    command = (artefacts / "int8.tflite", "--runtime", "litert", "--threads", "1", "--output", "result.json")
    with _start("bench", *command, cwd=tmp_path) as process:
        said = ""
        while "Measuring" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        seen = set()
        while len(seen) < 2:  # of three repeats the first is done
            assert process.poll() is None, said
            seen |= _guests(tmp_path).keys()
            time.sleep(0.05)
        process.send_signal(number)
        said += process.stderr.read()
    kept = read_result(tmp_path / "result.json")
    assert kept.ended == "interrupted"
    assert [len(m.repeats) for m in kept.measurements] == [1]
    how = {signal.SIGINT: "Interrupted.", signal.SIGKILL: "The session is not finished"}
    how = how.get(number, f"Ended by {number.name}.")
    assert kept.partial.startswith(how)
    if number == signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert process.returncode == 128 + number
        assert said.count(how) == 1
        assert f"the session ended early: {how}" in said
    deadline = time.monotonic() + 10
    while _guests(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _guests(tmp_path), "the guest ends with the command that started it"
    if number == signal.SIGKILL:
        measure(*command, "--no-accuracy", "--no-memory", cwd=tmp_path)
        assert read_result(tmp_path / "result.json").partial is None


def _guests(started_in: Path) -> dict[int, str]:
    """Command lines of running guests of commands that were started in a folder, by process."""
    lines = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            ours = os.fsencode(f"STARTED_IN={started_in}\0") in path.with_name("environ").read_bytes()
        except OSError:
            continue
        if ours and "edgekit_guest" in line:
            lines[int(path.parent.name)] = line
    return lines


def test_a_killed_training_goes_on_and_ends_like_one_that_was_not(tmp_path):
    labels = np.arange(120) % 2
    images = np.random.default_rng(0).integers(0, 120, (120, 16, 16, 3)) + 120 * labels[:, None, None, None]
    np.savez(tmp_path / "tiny.npz", images=images.astype(np.uint8), labels=labels)
    command = ("train", "--alpha", "0.0625", "--dataset", "tiny.npz", "--epochs", "3", "--output", "models")
    _kill_when(_start(*command, cwd=tmp_path), "Epoch 2")
    assert not list(tmp_path.glob("models/*.keras"))
    done = run(*command, cwd=tmp_path)
    assert "resum" in done.sentence.lower() or "going on" in done.sentence.lower()
    assert len(list(tmp_path.glob("models/*.keras"))) == 1
    assert len(list(tmp_path.glob("models/*.toml"))) == 1
