"""Commands killed in the middle, then run again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
    command = ("convert", "--alpha", "0.5", "--output", "set")
    for said in ("Calibrating", "Measuring int8"):
        _kill_when(_start(*command, cwd=tmp_path), said)
        assert not (tmp_path / "set").exists()
    run(*command, cwd=tmp_path)
    check_files(read_set(tmp_path / "set"))
    assert [p.name for p in tmp_path.iterdir()] == ["set"], "the killed run's leavings are swept"


@pytest.mark.parametrize("after", [0.0, 1.5])
def test_ctrl_c_is_answered_with_one_line_also_while_tensorflow_is_imported(tmp_path, after):
    with _start("convert", "--alpha", "0.5", cwd=tmp_path) as process:
        started = process.stderr.readline()
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        said = [line for line in (started, *process.stderr) if line.strip()]
    assert process.returncode == 130
    assert said[-1] == "Interrupted.\n"
    assert said.count("Interrupted.\n") == 1
    assert not [line for line in said if "rror" in line or "WARNING" in line or "Traceback" in line]
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_in_a_measurement_is_said_once_and_keeps_what_was_measured(tmp_path, artefacts):
    command = ("bench", artefacts / "int8.tflite", "--runtime", "litert", "--threads", "1")
    with _start(*command, "--output", "result.json", cwd=tmp_path) as process:
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
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
    assert process.returncode == 130
    assert said.count("Interrupted.") == 1
    assert "the session ended early: Interrupted." in said
    assert read_result(tmp_path / "result.json").ended == "interrupted"


def test_a_killed_bench_leaves_no_result_and_no_process_and_the_next_one_succeeds(tmp_path, artefacts):
    command = (artefacts / "int8.tflite", "--runtime", "litert", "--threads", "1", "--output", "result.json")
    _kill_when(_start("bench", *command, cwd=tmp_path), "Measuring", after=1.0)
    assert not (tmp_path / "result.json").exists()
    deadline = time.monotonic() + 10
    while _guests(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _guests(tmp_path), "the guest ends with the command that started it"
    measure(*command, cwd=tmp_path)
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
    command = ("train", "--alpha", "0.5", "--epochs", "3", "--output", "models")
    _kill_when(_start(*command, cwd=tmp_path), "Epoch 2")
    assert not list(tmp_path.glob("models/*.keras"))
    done = run(*command, cwd=tmp_path)
    assert "resum" in done.sentence.lower() or "going on" in done.sentence.lower()
    assert len(list(tmp_path.glob("models/*.keras"))) == 1
    assert len(list(tmp_path.glob("models/*.toml"))) == 1
