"""Windows, as far as Linux can show it: what only Unix has is gone before edgekit is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import screens

TESTS = Path(__file__).resolve().parents[1]

# The libraries know Windows by its name, which is not taken away here: they are imported before the rest is.
_ELSEWHERE = """
import importlib, os, signal, sys
for library in filter(None, sys.argv[1].split(",")):
    importlib.import_module(library)
GONE = {"fcntl", "pwd", "grp", "termios", "tty", "pty", "resource", "syslog"}
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Gone())
for name in GONE:
    sys.modules.pop(name, None)
for name in (
    "killpg getpgid setsid getuid geteuid getgid getegid getloadavg sched_getaffinity statvfs fstatvfs "
    "sysconf mkfifo chown fork forkpty wait3 pread O_NOFOLLOW O_NONBLOCK ST_NOEXEC"
).split():
    if hasattr(os, name):
        delattr(os, name)
for name in (
    "SIGHUP SIGKILL SIGQUIT SIGIO SIGPIPE SIGALRM SIGCHLD SIGUSR1 SIGTSTP SIGCONT alarm pthread_sigmask"
).split():
    if hasattr(signal, name):
        delattr(signal, name)
assert not any(name.partition(".")[0] == "edgekit" for name in sys.modules)
from support.screens import show
shown = show(sys.argv[2])
sys.stdout.write(shown.out)
sys.stderr.write(shown.err)
sys.exit(shown.code)
"""
_SHOWS = "subprocess,tempfile,platformdirs,rich.console,typer,numpy,scipy.stats,PIL.Image"
_CONVERTS = f"{_SHOWS},multiprocessing,tensorflow,keras,sklearn.datasets,ai_edge_litert.interpreter"


@pytest.mark.parametrize(
    ("command", "codes", "libraries"),
    [
        ("check host.json no_xnnpack.json board.json", {1, 3, 4}, _SHOWS),
        ("compare host.json host_again.json", {0, 1, 4}, _SHOWS),
        ("report host.json --output report.html", {0}, _SHOWS),
        ("report host.json --output report.md", {0}, _SHOWS),
        ("inspect host.json", {0}, _SHOWS),
        ("inspect mobilenet_v1_0.25_32_digits", {0}, _SHOWS),
        ("devices list", {0}, _SHOWS),
        ("runtime list", {0}, _SHOWS),
        ("convert --alpha 0.25 --no-int8 --format tflite --output set", {0}, _CONVERTS),
    ],
    ids=lambda value: value.partition(" --")[0] if isinstance(value, str) else "",
)
def test_what_does_not_measure_needs_nothing_that_only_unix_has(tmp_path, command, codes, libraries):
    screens.lay_out(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, libraries, command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in codes, done.stderr
