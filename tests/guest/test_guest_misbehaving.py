"""A runtime that prints, crashes, hangs or computes nonsense must not get a number out."""

import json
import os
import signal
import subprocess
import sys

import pytest
from support.asking import GUEST, ask, run_guest


def test_what_a_runtime_prints_does_not_corrupt_the_answer(misbehaving):
    done = run_guest(misbehaving("well"))
    assert len(json.loads(done.stdout)["samples_ns"]) >= 20
    assert done.stdout.count("\n") == 1
    for words in ("from Python", "compiled code", "chatter"):
        assert words in done.stderr


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("nan", "output-wrong", "NaN"),
        ("wrong-shape", "output-wrong", "(1, 4), not (1, 3)"),
        ("unreadable", "model-unreadable", "model identifier 'text'"),
        ("out-of-memory", "out-of-memory", "memory"),
        ("affinity", "model-failed", "running on"),
    ],
)
def test_a_fault_becomes_an_error_with_a_code(misbehaving, fault, code, words):
    done = run_guest(misbehaving(fault))
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (1, code)
    assert words in error["message"]
    assert "\n" not in error["message"]


def test_a_crash_gives_no_answer(misbehaving):
    done = run_guest(misbehaving("crash"))
    assert (done.returncode, done.stdout) == (-signal.SIGSEGV, "")


def test_the_process_keeps_to_the_cpus_it_is_given(misbehaving):
    cpu = max(os.sched_getaffinity(0))
    assert f"running on [{cpu}]" in ask(misbehaving("affinity", affinity=[cpu]))["error"]["message"]


@pytest.mark.parametrize("beside", [[], [max(os.sched_getaffinity(0))]])
def test_a_cpu_that_is_not_there_is_refused(misbehaving, beside):
    missing = (os.cpu_count() or 1) + 1
    assert ask(misbehaving("well", affinity=[*beside, missing]))["error"]["code"] == "bad-affinity"


def test_the_guest_dies_with_whoever_asked_it(misbehaving):
    request = json.dumps(misbehaving("hang", watch_stdin=True)) + "\n"
    guest = subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", GUEST, "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with guest:
        guest.stdin.write(request)
        guest.stdin.flush()
        while "hanging" not in guest.stderr.readline():
            assert guest.poll() is None
        guest.stdin.close()
        assert guest.wait(timeout=30) == -signal.SIGIO


def test_the_guest_does_not_outlive_an_asker_who_was_gone_before_it_looked(misbehaving):
    done = run_guest(misbehaving("hang", watch_stdin=True))  # the pipe is closed after the request
    assert done.returncode in (-signal.SIGKILL, -signal.SIGIO)
