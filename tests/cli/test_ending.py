"""Signals that ask a command to end."""

import subprocess
import sys

import pytest

_LISTEN = """
import os, signal, sys, time
from edgekit.cli import ending
{before}
ending.listen()
try:
    for again in range({times}):
        os.kill(os.getpid(), signal.{name})
    time.sleep(0.2)
    print("went on")
except KeyboardInterrupt as error:
    {name_again}
    print(error)
sys.exit(ending.exit_code(0))
"""


def listen(name: str, *, before: str = "", again: str = "pass", times: int = 1) -> tuple[str, int]:
    """Send signals to a process that listens; return what it says and its exit code."""
    code = _LISTEN.format(name=name, before=before, name_again=again, times=times)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout, done.returncode


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_that_asks_to_end_is_answered_like_ctrl_c(name, code):
    assert listen(name) == (f"Ended by {name}.\n", code)


def test_the_same_request_sent_twice_interrupts_once():
    again = "os.kill(os.getpid(), signal.SIGTERM)"
    assert listen("SIGTERM", again=again) == ("Ended by SIGTERM.\n", 143)


def test_a_later_signal_breaks_in_on_an_ending_that_takes_too_long():
    again = (
        "ending._AGAIN = 0\n    try: os.kill(os.getpid(), signal.SIGTERM)\n    except ending.Ended: print(2)"
    )
    assert listen("SIGTERM", again=again) == ("2\nEnded by SIGTERM.\n", 143)


def test_under_nohup_a_closed_terminal_ends_nothing():
    ignored = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    assert listen("SIGHUP", before=ignored) == ("went on\n", 0)
