"""Ends commands at random moments; says whether anything was lost, is left over, or hinders the next one.

    python benchmarks/endings.py SET [--moments 10] [--seed 0] [--only host,emulated,ssh,phone,convert,train]

Each moment is a signal (SIGTERM, SIGHUP, SIGINT or SIGKILL) at a random share of the time that the command
takes. SET is an artefact set that holds int8.tflite. `ssh` and `phone` are the test devices that `make lab`
makes; they need root, and PYTHONPATH=tests.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edgekit.artefact import check_files, read_set
from edgekit.results import read_result

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL)
FINE = (0, 4)  # on a busy computer, times may not be trusted
QUICK = ("--runtime", "litert", "--threads", "1", "--output", "result.json")


def main() -> None:
    """Run every command; exit with 1 if a moment was not survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="host,emulated,ssh,phone,convert,train")
    given = parser.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # what nohup ignores, its children ignore
    file = str(given.set.absolute() / "int8.tflite")
    commands = {
        "host": ("bench", file, *QUICK),
        "emulated": ("bench", file, *QUICK, "--device", "rpi4-emulated"),
        "ssh": ("bench", file, *QUICK, "--device", "rpi4"),
        "phone": ("bench", file, *QUICK, "--device", "android"),
        "convert": ("convert", "--alpha", "0.5", "--output", "set"),
        "train": ("train", "--alpha", "0.5", "--epochs", "3", "--output", "models"),
    }
    faults = 0
    for name in given.only.split(","):
        with LABS[name]() if name in LABS else nothing_more() as left_there:
            chance = random.Random(given.seed)
            for fault in endings(name, commands[name], given.moments, chance, left_there):
                faults += bool(fault)
    sys.exit(bool(faults))


Look = Callable[[], str]  # what still runs on a device, or nothing


@contextmanager
def nothing_more() -> Iterator[Look]:
    """This computer: what runs here is looked for anyway."""
    yield lambda: ""


@contextmanager
def ssh() -> Iterator[Look]:
    """An Arm board behind a real sshd, which is `rpi4` meanwhile."""
    from labs.ssh_lab import SshLab, make_keys

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        lab = SshLab(Path(folder) / "lab", make_keys(Path(folder)))
        stack.callback(lab.close)
        board = lab.board("pi64")
        with environment(PATH=f"{lab.programs}:{os.environ['PATH']}", EDGEKIT_RPI4_ADDRESS="pi64"):
            yield lambda: waited(board.board.processes)


@contextmanager
def phone() -> Iterator[Look]:
    """A phone behind a real adb, which is `android` meanwhile."""
    from labs.adb_fixtures import AdbServer, open_lab

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = AdbServer(Path(folder))
        stack.callback(server.stop)
        lab = stack.enter_context(open_lab(server, Path(folder) / "lab"))
        attached = lab.phone()
        with environment(EDGEKIT_ANDROID_ADDRESS=attached.serial):
            yield lambda: waited(attached.board.processes)


LABS = {"ssh": ssh, "phone": phone}


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Set variables of this process and its children for a while."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def waited(look: Callable[[], Sequence[object]]) -> str:
    """Return what still runs after ten seconds, or nothing."""
    patience = time.monotonic() + 10
    while (found := look()) and time.monotonic() < patience:
        time.sleep(0.1)
    return str(found) if found else ""


def endings(
    name: str, command: tuple[str, ...], moments: int, chance: random.Random, left_there: Look
) -> Iterator[str]:
    """Yield what is wrong after each moment, or nothing."""
    for attempt in range(2):  # the first provides runtimes, and what is then on the device
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            assert start(Path(folder), command).wait() in FINE, (name, attempt)
            whole = time.monotonic() - began
    for moment in range(moments):
        number, after = SIGNALS[moment % len(SIGNALS)], whole * chance.uniform(0.02, 0.98)
        folder = Path(tempfile.mkdtemp())
        fault = end(folder, command, number, after, left_there)
        print(f"{name} {number.name} after {after:.1f} of {whole:.1f} s: {fault or 'fine'}", flush=True)
        yield "" if fault.startswith("fine") else fault
        shutil.rmtree(folder)


def end(  # noqa: PLR0911
    folder: Path, command: tuple[str, ...], number: signal.Signals, after: float, left_there: Look
) -> str:
    """End a command; return what is wrong, or `fine` with what was kept."""
    process, limit, guests = start(folder, command), time.monotonic() + after, dict[int, float]()
    while time.monotonic() < limit and process.poll() is None:
        guests |= dict.fromkeys(running(folder, "edgekit_guest"), time.monotonic())
        time.sleep(0.02)
    if process.poll() is not None:
        return f"fine: it had exited with {process.returncode}"
    ended = [seen for seen in guests.values() if seen < time.monotonic() - 0.5]  # a while ago
    done = len(ended) - 2  # the first two look at the device
    process.send_signal(number)
    process.wait(180)
    if process.returncode not in (-number if number == signal.SIGKILL else 128 + number, *FINE):
        return f"exit code {process.returncode}"
    patience = time.monotonic() + 10
    while running(folder) and time.monotonic() < patience:
        time.sleep(0.1)
    if left := running(folder) or left_there():
        return f"still runs: {left}"
    kept = look(folder)
    if command[-2] == "--output" and command[0] == "bench" and kept < min(3, done):
        return f"{kept} of {done} repeats were kept"
    if start(folder, command).wait() not in FINE:
        return "the same command failed afterwards"
    if (folder / "result.json").exists() and read_result(folder / "result.json").partial:
        return "the same command's result is partial"
    if (folder / "set").exists():
        check_files(read_set(folder / "set"))
    if left := [path.name for path in folder.iterdir() if path.name.startswith(".")]:
        return f"left over: {left}"
    return f"fine: {kept} repeats kept" if command[0] == "bench" else "fine"


def look(folder: Path) -> int:
    """Return how many repeats were kept; whatever is there must be whole."""
    if (folder / "set").exists():
        check_files(read_set(folder / "set"))
    path = folder / "result.json"
    return sum(len(m.repeats) for m in read_result(path).measurements) if path.exists() else 0


def start(folder: Path, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start a command whose processes can be told by the folder that they were started in."""
    return subprocess.Popen(
        [sys.executable, "-m", "edgekit", *command],
        cwd=folder,
        env={**os.environ, "STARTED_IN": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def running(folder: Path, what: str = "") -> list[int]:
    """Return the processes that a command in a folder started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            ours = os.fsencode(f"STARTED_IN={folder}\0") in path.read_bytes()
            line = path.with_name("cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if ours and what in line:
            found.append(int(path.parent.name))
    return found


if __name__ == "__main__":
    main()
