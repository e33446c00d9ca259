"""Whether `edgekit history` finds the steps that were planted, names none that were not, and is fast.

    python benchmarks/history.py [--series 500] [--results 10000]

1. Series of 100 commits with noise of 2 %: flat ones, and ones with a step of a known size at a random place,
   judged by the code that `edgekit history` uses. The noise is normal, has heavy tails (Student's t with 3
   degrees of freedom) or is skewed (exponential).
2. A folder of synthetic results of 100 commits: how long the command takes the first time, and then.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgekit.results import (
    SCHEMA,
    Artefact,
    Device,
    Environment,
    Measurement,
    Repeat,
    Repository,
    Result,
    Runtime,
)
from edgekit.schema import encode_record
from edgekit.timeline.steps import changes

COMMITS = 100
NOISE = 0.02
SHAPES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda random, n: random.standard_normal(n),
    "heavy tails": lambda random, n: random.standard_t(3, n) / 3**0.5,
    "skewed": lambda random, n: random.exponential(1, n) - 1,
}


def series(random: np.random.Generator, shape: str, step: float = 0.0, at: int = 0) -> np.ndarray:
    """Return a series in ms: noise about 1 ms, and a step at a place."""
    values = np.exp(NOISE * SHAPES[shape](random, COMMITS))
    values[at:] *= 1 + step if at else 1
    return values


def false_alarms(shape: str, count: int, seed: int = 1) -> int:
    """Return of how many flat series something is said to have changed."""
    random = np.random.default_rng(seed)
    return sum(bool(changes(series(random, shape), exact=False, share=False)) for _ in range(count))


def found(shape: str, step: float, count: int, seed: int = 2) -> tuple[int, int]:
    """Return in how many series the planted step is found, and how many steps are found besides.

    It is found if one is named with a range of commits that has it, and its interval holds the step's size.
    """
    random = np.random.default_rng(seed)
    hits = others = 0
    for _ in range(count):
        at = int(random.integers(10, COMMITS - 10))
        named = changes(series(random, shape, step, at), exact=False, share=False)
        right = [each for each in named if each.first <= at <= each.last and each.low <= step <= each.high]
        hits += bool(right)
        others += len(named) - len(right[:1])
    return hits, others


def write_results(
    folder: Path, count: int, commits: list[tuple[str, str]], step_at: int | None = None
) -> None:
    """Write synthetic results, equally many of each commit; from one commit on they are 5 % slower."""
    random = np.random.default_rng(0)
    device = Device("rpi4", "aarch64", "Linux 6.6.51", cpu="Cortex-A72", cpus=4, transport="ssh")
    artefact = Artefact("synthetic", "int8.tflite", "a" * 64, 992_616, "tflite", "int8")
    runtime = Runtime("litert", "2.3.0", "XNNPACK")
    for number in range(count):
        place = number * len(commits) // count
        commit, date = commits[place]
        level = 1e6 * np.exp(NOISE * random.standard_normal())
        level *= 1.05 if step_at is not None and place >= step_at else 1
        repeats = tuple(
            Repeat(
                position,
                200_000_000,
                14_000_000,
                5_000_000,
                64,
                tuple((level * random.lognormal(0, 0.01, 130)).astype(int).tolist()),
            )
            for position in range(3)
        )
        moment = Environment(time=date)
        result = Result(
            schema=SCHEMA,
            created=date,
            edgekit="0.1.0",
            command="edgekit bench",
            mode="quick",
            seed=0,
            device=device,
            before=moment,
            after=moment,
            measurements=(Measurement(artefact, runtime, 1, repeats),),
            repository=Repository(commit, date, "main", False),
        )
        (folder / f"{number:05}.json").write_bytes(encode_record(result))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=500, help="Series per line.")
    parser.add_argument("--results", type=int, default=10_000, help="Results in the folder.")
    asked = parser.parse_args()
    print(f"{asked.series} series of {COMMITS} commits each, noise {NOISE:.0%}; share in percent\n")
    steps = (0.02, 0.03, 0.05, 0.10)
    print(f"| noise | false step | {' | '.join(f'{step:.0%} found' for step in steps)} | others |")
    print(f"|---|--:|{'--:|' * len(steps)}--:|")
    for shape in SHAPES:
        alarms = false_alarms(shape, asked.series)
        hits = [found(shape, step, asked.series) for step in steps]
        cells = [alarms, *(hit for hit, _ in hits), sum(other for _, other in hits) / len(hits)]
        print(f"| {shape} | {' | '.join(f'{100 * cell / asked.series:.1f}' for cell in cells)} |")
    timing(asked.results)


def timing(count: int) -> None:
    """Write a folder, and time the command on it twice."""
    folder = Path(tempfile.mkdtemp(prefix="edgekit-history-"))
    try:
        commits = [(f"{n:040x}", f"2026-{1 + n // 28:02}-{1 + n % 28:02}T00:00:00Z") for n in range(COMMITS)]
        (folder / "results").mkdir()
        write_results(folder / "results", count, commits, step_at=60)
        environment = {**os.environ, "EDGEKIT_CACHE": str(folder / "cache")}
        print()
        for name in ("first, reading every file", "then", "again"):
            begun = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "edgekit", "history", "--json"],
                cwd=folder,
                env=environment,
                capture_output=True,
                check=True,
            )
            seconds = time.perf_counter() - begun
            (only,) = json.loads(done.stdout)["series"]
            named = [f"{each['size']:+.1%} at {each['index']}" for each in only["steps"]]
            print(f"{count:,} results, {name}: {seconds:.2f} s; steps: {', '.join(named) or 'none'}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
