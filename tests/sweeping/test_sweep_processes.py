"""Steps on this computer."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import support.planted_steps  # noqa: F401 - plants its kinds

from edgekit.errors import DeviceError, UnavailableError, UsageError
from edgekit.progress import Recorder
from edgekit.sweeping import Store, new_step, run_step, run_steps


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def _planted(text, **settings):
    needs, device, alone = (settings.pop(name, None) for name in ("needs", "device", "alone"))
    arguments = {"text": text, **settings}
    return new_step("planted", text, arguments, needs=needs or (), device=device, alone=bool(alone))


def _text(store, step):
    return (store.path(step.key) / "text").read_text()


def test_the_key_is_of_all_that_goes_in_and_of_nothing_else():
    a, b = _planted("a"), _planted("b")
    keys = {
        step.key
        for step in (
            *(a, b),
            _planted("a", seconds=0),
            _planted("a", needs=[b]),
            _planted("a", device="rpi4"),
            new_step("refusing", "a", {"text": "a"}),
        )
    }
    assert len(keys) == 6
    assert new_step("planted", "another name", {"text": "a"}, alone=True).key == a.key


def test_a_kind_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"no kind of step 'plantd'\. Did you mean"):
        new_step("plantd", "a", {})


def test_steps_are_done_after_what_they_need_and_reported(store):
    first = _planted("first")
    second = _planted("second", needs=[first])
    progress = Recorder()
    outcome = run_steps([first, second], store, progress)
    assert outcome.done == (first, second)
    assert outcome.ran == 2
    assert _text(store, second) == "first second"
    assert [step for step, _ in progress.steps] == [
        "1 of 2, first",
        "1 of 2, first · writing",
        "2 of 2, second",
        "2 of 2, second · writing",
    ]
    assert progress.notes == ["first: written"]  # the same of both


def test_what_is_done_is_not_done_again_nor_what_it_needed(store, tmp_path):
    log = str(tmp_path / "log")
    first = _planted("first", log=log)
    second = _planted("second", needs=[first], log=log)
    run_steps([first, second], store)
    store.path(first.key).rename(tmp_path / "thrown_away")
    assert run_steps([first, second], store).ran == 0
    third = _planted("third", needs=[second], log=log)
    assert run_steps([first, second, third], store).ran == 1
    assert Path(log).read_text().splitlines().count("begin first") == 1


def test_a_failure_is_named_and_what_does_not_need_it_goes_on(store):
    refused = new_step("refusing", "measuring", {})
    after = _planted("after", needs=[refused])
    crashed = new_step("crashing", "converting", {})
    fine = _planted("fine")
    outcome = run_steps([refused, after, crashed, fine], store)
    assert outcome.done == (fine,)
    assert outcome.skipped == (after,)
    assert {failure.name: failure.reason for failure in outcome.failed} == {
        "measuring": "The planted device is not there.",
        "converting": "unexpected error in edgekit: ZeroDivisionError: planted.",
    }
    assert store.failure(refused.key).hint == "Plug it in."


def test_a_process_that_is_killed_takes_its_step_alone_and_the_next_run_makes_up_for_it(store, tmp_path):
    killed = _planted("killed", kill=str(tmp_path / "once"))
    fine = _planted("fine")
    outcome = run_steps([killed, fine], store)
    assert outcome.done == (fine,)
    assert "ended by SIGKILL" in outcome.failed[0].reason
    outcome = run_steps([killed, fine], store)
    assert (outcome.ran, outcome.failed) == (1, ())
    assert store.failure(killed.key) is None


def test_devices_work_at_the_same_time_one_step_each_and_what_measures_here_alone(store, tmp_path):
    log = tmp_path / "log"
    said = {"log": str(log), "seconds": 0.3}
    steps = [
        _planted("a1", device="a", **said),
        _planted("a2", device="a", **said),
        _planted("b1", device="b", **said),
        _planted("here", device="host", alone=True, **said),
        _planted("b2", device="b", **said),
    ]
    assert run_steps(steps, store).ran == 5
    running, together = set(), set()
    for line in log.read_text().splitlines():
        what, name = line.split()
        running = running | {name} if what == "begin" else running - {name}
        together.add(frozenset(running))
    assert any({"a1", "b1"} <= each or {"a2", "b1"} <= each for each in together)
    assert not any({"a1", "a2"} <= each or {"b1", "b2"} <= each for each in together)
    assert all(each == {"here"} for each in together if "here" in each)


def test_a_second_sweep_in_the_same_store_is_told_so(store, tmp_path):
    script = (
        "import sys; from pathlib import Path; import support.planted_steps\n"
        "from edgekit.sweeping import Store, new_step, run_steps\n"
        "step = new_step('planted', 'long', {'text': '', 'seconds': 60, 'log': sys.argv[2]})\n"
        "run_steps([step], Store(Path(sys.argv[1])))"
    )
    log = tmp_path / "log"
    path = os.pathsep.join(filter(None, sys.path))
    argv = [sys.executable, "-c", script, str(store.folder), str(log)]
    with subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": path}) as first:
        while not log.exists():
            assert first.poll() is None
            time.sleep(0.05)
        with pytest.raises(UnavailableError, match="Another sweep is at work"):
            run_steps([_planted("mine")], store)
        children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
        first.send_signal(signal.SIGKILL)
    for child in children:  # whoever orphans a step ends it
        for _ in range(100):
            if not Path(f"/proc/{child}").exists():
                break
            time.sleep(0.05)
        assert not Path(f"/proc/{child}").exists()
    assert run_steps([_planted("mine")], store).ran == 1


def test_a_step_runs_in_this_process_too(store):
    step = _planted("here")
    run_step(step, store)
    assert _text(store, step) == "here"
    with pytest.raises(DeviceError):
        run_step(new_step("refusing", "measuring", {}), store)
