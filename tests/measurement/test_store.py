"""A result is kept while it grows, whatever ends the session."""

import os
import subprocess
import sys
import time

import pytest
from support.artefact_sets import make_set
from support.sessions import MS, session, timed

import edgekit
from edgekit.errors import StorageError
from edgekit.measurement import BenchRequest, Schedule, Store, bench, store
from edgekit.results import read_result

SCHEDULE = Schedule(repeats=2, min_runs=128, min_seconds=0)


class Killed(BaseException):
    """Stands for SIGKILL: nobody answers it."""


class Cancelled(KeyboardInterrupt):
    """As a signal that asks to end."""


@pytest.fixture
def run(device, tiny, tmp_path, monkeypatch):
    """Measure into a file, which is written after every process."""
    monkeypatch.setattr(store, "_SELDOM", 0.0)
    monkeypatch.chdir(tmp_path)

    def measure(output=None, **fields):
        request = BenchRequest(**{"artefacts": (tiny,), "mode": SCHEDULE, "threads": (1,), **fields})
        return bench(request, transport=device, store=Store(output))

    return measure


def stop(script, after, error):
    """Let a process on the device, counted from 1, end in an error."""

    def fault(request):
        if len(script.requests) > after:
            raise error

    script.faults.append(fault)


@pytest.mark.parametrize("repeats", [1, 4, 10])
def test_a_killed_session_has_left_every_finished_repeat(run, script, tmp_path, repeats):
    stop(script, 2 + repeats, Killed())  # python and probe come first
    with pytest.raises(Killed):
        run(tmp_path / "result.json")
    kept = read_result(tmp_path / "result.json")
    assert sum(len(m.repeats) for m in kept.measurements) == repeats
    assert kept.ended == "interrupted"
    assert kept.partial == "The session is not finished: it is still running, or was killed."


def test_what_a_killed_session_left_is_judged_and_shown_as_partial(run, script, tmp_path):
    stop(script, 2 + 7, Killed())
    with pytest.raises(Killed):
        run()
    (path,) = (tmp_path / "results").iterdir()
    assert path.name.endswith("-tiny-host.json")
    kept = read_result(path)
    assert [m.valid for m in kept.measurements] == [False, False, False, True, True]
    (tmp_path / "budgets.toml").write_text('[[budget]]\nlatency_p50 = "10 s"\n', encoding="utf-8")
    check = edgekit.check([path], budgets=tmp_path / "budgets.toml")
    assert check.exit_code in (3, 4)
    page = edgekit.report(path, tmp_path / "report.md").read_text(encoding="utf-8")
    assert "or was killed" in page
    assert edgekit.compare(path, path).pairs


def test_a_session_of_several_sets_has_the_name_of_all_from_the_first_repeat_on(run, script, tmp_path, tiny):
    other = make_set(tmp_path / "other", ("int8.tflite",))
    stop(script, 3, Killed())
    with pytest.raises(Killed):
        run(artefacts=(tiny, other))
    (path,) = (tmp_path / "results").iterdir()
    assert "+" in path.name


def test_a_cancelled_session_is_kept_before_the_device_is_left_and_not_looked_at_again(run, script, tmp_path):
    stop(script, 2 + 3, Cancelled("Ended by SIGTERM."))
    result = run(tmp_path / "result.json")
    kept = read_result(tmp_path / "result.json")
    assert kept.partial == result.partial == "Ended by SIGTERM."
    assert kept.ended == "interrupted"
    assert sum(len(m.repeats) for m in kept.measurements) == 3
    assert script.requests[-1]["pass"] == "latency"


def test_a_disk_that_is_full_for_a_while_does_not_end_a_session(run, tmp_path, monkeypatch):
    def full(path, result):
        raise StorageError("The disk is full.")

    monkeypatch.setattr(store, "write_result", full)
    assert run(tmp_path / "result.json").partial is None
    assert not (tmp_path / "result.json").exists()


def test_a_result_is_not_written_more_than_once_a_second(run, script, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(store, "write_result", lambda path, result: written.append(result))
    monkeypatch.setattr(store, "_SELDOM", 1000.0)
    run(tmp_path / "result.json")
    assert len(written) == 1


WRITER = """
import sys, time
from pathlib import Path
from support.sessions import MS, session, timed
from edgekit.measurement.store import save_result
while time.time() < float(sys.argv[1]):
    pass
for number in range(10):
    save_result(session(timed(MS, samples=8, seed=number)), Path("results"))
"""


def test_results_of_the_same_second_written_at_once_are_all_kept(tmp_path):
    command = [sys.executable, "-c", WRITER, str(time.time() + 2)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    both = [subprocess.Popen(command, cwd=tmp_path, env=environment) for _ in range(2)]

    assert [each.wait() for each in both] == [0, 0]
    written = sorted((tmp_path / "results").iterdir())
    assert len(written) == 20
    assert all(read_result(path).measurements for path in written)


def test_a_link_that_leads_nowhere_takes_a_name_like_any_file(tmp_path):
    result = session(timed(MS, samples=8))
    taken = store.result_path(tmp_path, result)
    taken.symlink_to(tmp_path / "nothing")

    path = store.save_result(result, tmp_path)

    assert path.name == f"{taken.stem}-2.json"
    assert read_result(path) == result


def test_a_folder_without_hard_links_is_written_too(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.hardlink_to", refused)
    result = session(timed(MS, samples=8))

    paths = [store.save_result(result, tmp_path) for _ in range(2)]

    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert result.path == paths[1]
