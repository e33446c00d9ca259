"""How long `edgekit --help` takes beside the least that a Typer program can take: `import typer`.

Interleaved, fresh processes; prints the ratio of the medians and exits with 1 above 1.25.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 1.25
REPEATS = 15
COMMANDS = {
    "edgekit --help": [str(Path(sys.executable).with_name("edgekit")), "--help"],
    "import typer": [sys.executable, "-c", "import typer"],
}


def main() -> int:
    """Time both commands in turn, print the medians and their ratio."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for repeat in range(REPEATS + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            if repeat:  # the first warms the file cache
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name:<16}{median * 1e3:7.1f} ms")
    ratio = medians["edgekit --help"] / medians["import typer"]
    print(f"ratio           {ratio:7.2f}, limit {LIMIT}")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
