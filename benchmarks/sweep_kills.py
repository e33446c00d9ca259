"""Kills a sweep at random moments; says whether it ends all the same, and whether anything was done twice.

    python benchmarks/sweep_kills.py [--kills 10] [--seconds 300] [--alpha 1,.75,.5,.25] [--resolution 224,…]

The sweep is without training, on this computer. It is killed with SIGKILL after random shares of `--seconds`,
which is at most how long it takes as a whole; then it is left to end. A kill that came too late is a fault.
What a step left must stay as it was from then on, every size must be there, and one more time the command
must find nothing to do. `--reference` is the folder of a sweep that nobody killed: it must have the same
sizes, files by hash, and multiply-adds.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edgekit.files import sha256_file
from edgekit.sweeping.sweep import STORE
from edgekit.sweeps import FILE, read_sweep

FINE = (0, 4)  # on a busy computer times may not be trusted
AT_ONCE = 3.0  # seconds for a sweep with nothing to do


def main() -> int:
    """Kill, let end, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--alpha", default="1,.75,.5,.25")
    parser.add_argument("--resolution", default="224,192,160,128")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reference", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "sweep"
        options = ["--alpha", given.alpha, "--resolution", given.resolution, "--threads", "1"]
        command = [sys.executable, "-m", "edgekit", "sweep", *options, "--output", str(folder)]
        faults = killed(command, folder, given.kills, given.seconds, random.Random(given.seed))
        sizes = len(given.alpha.split(",")) * len(given.resolution.split(","))
        faults += ended(command, folder, sizes)
        if given.reference:
            faults += [] if table(folder) == table(given.reference) else ["another table"]
    print(f"{len(faults)} faults" + "".join(f"\n- {fault}" for fault in faults))
    return int(bool(faults))


def killed(command: list[str], folder: Path, kills: int, seconds: float, dice: random.Random) -> list[str]:
    """Start and kill; return what changed that was done already."""
    faults, done = list[str](), dict[str, str]()
    for number in range(kills):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        moment = dice.uniform(0.2, 2 * seconds / (kills + 1))
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        now = results(folder)
        faults += changed(done, now)
        done = now
        landed = process.returncode < 0
        faults += [] if landed else [f"kill {number + 1} came after the end: give fewer --seconds"]
        state = f"killed after {moment:.1f} s" if landed else "had ended"
        print(f"{number + 1}: {state}, {len(done)} steps done", flush=True)
    return faults


def ended(command: list[str], folder: Path, sizes: int) -> list[str]:
    """Let the sweep end, and repeat it; return what is wrong."""
    before, begin = results(folder), time.monotonic()
    code = subprocess.run(
        command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
    ).returncode
    faults = changed(before, results(folder)) + ([] if code in FINE else [f"it exited with {code}"])
    record = (folder / FILE).read_bytes()
    found = read_sweep(folder)
    print(f"ended after {time.monotonic() - begin:.0f} s more, {len(results(folder))} steps done")
    if sum(cell.whole and len(cell.results) == 1 for cell in found.cells) != sizes:
        faults.append(f"not every one of {sizes} sizes is there")
    if len(results(folder)) != 2 * sizes:
        faults.append(f"{len(results(folder))} steps were done for {sizes} sizes")
    begin = time.monotonic()
    run(command)
    seconds = time.monotonic() - begin
    print(f"repeated in {seconds:.1f} s")
    if seconds > AT_ONCE:
        faults.append(f"a repeat took {seconds:.1f} s")
    if (folder / FILE).read_bytes() != record:
        faults.append("a repeat changed the record")
    return faults


def results(folder: Path) -> dict[str, str]:
    """Return the hash of what each finished step left, and when it left it, by the step's key."""
    found = {}
    for file in sorted((folder / STORE).glob("*/**/*.json")):
        step = file.relative_to(folder / STORE).parts[0]
        if len(step) == 64:  # a hash
            found[step] = found.get(step, "") + f"{sha256_file(file)} {file.stat().st_mtime_ns} "
    return found


def run(command: list[str]) -> int:
    """Run it quietly; return how it ended."""
    quiet = subprocess.DEVNULL
    return subprocess.run(command, stderr=quiet, stdout=quiet, check=False).returncode


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a fault for each step that was done again."""
    return [f"step {key[:12]} was done again" for key in before if after.get(key) != before[key]]


def table(folder: Path) -> list[object]:
    """Return what of a sweep's table does not depend on chance."""
    return [
        (cell.alpha, cell.resolution, cell.parameters, cell.multiply_adds, m.artefact.sha256, m.runtime.label)
        for cell in read_sweep(folder).cells
        for result in cell.results
        for m in result.measurements
    ]


if __name__ == "__main__":
    sys.exit(main())
