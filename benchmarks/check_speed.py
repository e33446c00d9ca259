"""How long `edgekit check` takes over 1,000 results and 200 budgets, start-up and reading included.

Each result has 12 measurements (3 artefacts × 2 runtimes × 2 thread counts) of 3 repeats of 1,000 raw
samples, made from a simulated clock: 50 models on 4 devices, measured 5 times each. The budgets are 200
tables, one a model and device, each with three limits for its int8 file on any runtime and thread count: 4
of the 12 measurements. Prints the size and the median of 5 runs of the command, and exits with 1 above 2 s.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from edgekit.results import (
    SCHEMA,
    Artefact,
    Device,
    Environment,
    Measurement,
    Memory,
    Repeat,
    Result,
    Runtime,
    write_result,
)

LIMIT = 2.0
RUNS = 5
DEVICES, MODELS, SESSIONS = 4, 50, 5
REPEATS, SAMPLES = 3, 1_000
FILES = {"float32.tflite": 1_900_000, "float16.tflite": 1_950_000, "int8.tflite": 800_000}


def main() -> int:
    """Write results and budgets, time the command, print the median."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        random = np.random.default_rng(0)
        paths = [folder / "results" / f"{index}.json" for index in range(DEVICES * MODELS * SESSIONS)]
        for index, path in enumerate(paths):
            write_result(path, _result(random, index))
        (folder / "budgets.toml").write_text("\n".join(_budgets()))
        size = sum(path.stat().st_size for path in paths)
        print(f"{len(paths):,} results of {size / 1e6:,.0f} MB in all, {DEVICES * MODELS} budgets")
        before = _cpu()
        seconds = [_timed(folder) for _ in range(RUNS)]
        cpu = (_cpu() - before) / RUNS
    median = statistics.median(seconds)
    print(f"edgekit check   {median:.2f} s (from {min(seconds):.2f} to {max(seconds):.2f}), limit {LIMIT} s")
    print(f"of it CPU       {cpu:.2f} s: where that is much less, the computer was busy")
    return int(median > LIMIT)


def _cpu() -> float:
    """Seconds of CPU that the programs started here took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _timed(folder: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", "check"], cwd=folder, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"edgekit check exited with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds


def _budgets() -> list[str]:
    return [
        f'[[budget]]\ndevice = "board{device}"\nmodel = "model{model}"\nartefact = "int8.tflite"\n'
        'latency_p50 = "1 ms"\nlatency_p90 = "1.2 ms"\nsize = "1 MB"\n'
        for device in range(DEVICES)
        for model in range(MODELS)
    ]


def _result(random: np.random.Generator, index: int) -> Result:
    session, place = divmod(index, DEVICES * MODELS)
    device, model = divmod(place, MODELS)
    when = f"2026-03-{session + 1:02}T09:30:{model:02}Z"
    measurements = [
        _measurement(random, _artefact(f"model{model}", file), runtime, threads)
        for file in FILES
        for runtime in ("litert", "tflite-runtime")
        for threads in (1, 4)
    ]
    return Result(
        schema=SCHEMA,
        created=when,
        edgekit="0",
        command="edgekit bench",
        mode="quick",
        seed=0,
        device=Device(f"board{device}", "aarch64", "Linux"),
        before=Environment(when),
        after=Environment(when),
        measurements=tuple(measurements),
    )


def _artefact(model: str, file: str) -> Artefact:
    return Artefact(model, file, "0" * 64, 990_000, "tflite", "int8" if "int8" in file else "float32")


def _measurement(random: np.random.Generator, artefact: Artefact, runtime: str, threads: int) -> Measurement:
    level = FILES[artefact.file]
    return Measurement(
        artefact=artefact,
        runtime=Runtime(runtime, "2.3.0"),
        threads=threads,
        repeats=tuple(_repeat(random, position, level) for position in range(REPEATS)),
        memory=Memory(40_000_000, 42_000_000, 45_000_000),
    )


def _repeat(random: np.random.Generator, position: int, level: float) -> Repeat:
    samples = level * random.normal(1, 0.005) * random.lognormal(0, 0.02, SAMPLES)
    return Repeat(position, 210_000_000, 14_000_000, 5_000_000, 64, tuple(samples.astype(int).tolist()))


if __name__ == "__main__":
    sys.exit(main())
