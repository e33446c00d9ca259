"""Results as bench sessions would leave them, with times, counts and predictions that a test chooses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgekit.results import (
    NOISE_SCHEMA,
    SCHEMA,
    Accuracy,
    Artefact,
    Device,
    Environment,
    Evaluation,
    Finding,
    Instructions,
    Measurement,
    Memory,
    Noise,
    NoiseOf,
    Reference,
    Repeat,
    Result,
    Runtime,
    write_result,
)

MODEL = "mobilenet_v1_0.5_32_digits"
LABELS = tuple(index % 10 for index in range(500))
EVALUATION = Evaluation("e" * 64, LABELS, ((LABELS[0] + 1) % 10, *LABELS[1:]))  # Keras has one wrong
MS = 1e6  # ns


def repeat(position: int, level: float, samples: int = 200, spread: float = 0.01, seed: int = 0) -> Repeat:
    """One process whose latency scatters about `level` ns."""
    random = np.random.default_rng((seed, position))
    times = level * random.lognormal(0, spread, samples)
    return Repeat(position, 200_000_000, 14_000_000, 5_000_000, 64, tuple(times.astype(int).tolist()))


def repeats_of(times: npt.NDArray[np.float64]) -> list[Repeat]:
    """One process for each row of samples in ns: [repeats, samples]."""
    rows = np.rint(times).astype(int).tolist()
    return [Repeat(n, 200_000_000, 14_000_000, 5_000_000, 64, tuple(row)) for n, row in enumerate(rows)]


def timed(
    *levels: float,
    file: str = "int8.tflite",
    model: str = MODEL,
    runtime: str = "litert",
    version: str = "2.3.0",
    threads: int = 1,
    samples: int = 200,
    wrong: int | None = 4,
    size: int = 992_616,
    flaw: Finding | None = None,
    sha256: str = "",
    counts: tuple[int, ...] = (),
    source: str = "perf_event_open",
    memory: bool = True,
    seed: int = 0,
    spread: float = 0.01,
) -> Measurement:
    """A measurement with one repeat per level, in ns; `wrong` of 500 images are, None: not measured."""
    repeats = (repeat(i, level, samples, spread, seed) for i, level in enumerate(levels))
    return Measurement(
        artefact=Artefact(
            model,
            file,
            sha256 or hashlib.sha256(f"{model}/{file}".encode()).hexdigest(),
            size,
            "tflite",
            "int8",
        ),
        runtime=Runtime(runtime, version, "XNNPACK"),
        threads=threads,
        repeats=tuple(repeats),
        memory=Memory(40_000_000, 42_000_000, 45_000_000) if memory else None,
        accuracy=None if wrong is None else predicted(wrong),
        instructions=Instructions(counts, source, loads=len(counts)) if counts else None,
        input_sha256="a" * 64,
        findings=(flaw,) if flaw else (),
    )


def counted(*counts: int, cpu: str = "cortex-a72", **named: object) -> Measurement:
    """A measurement of an emulated board: counts, and no times."""
    return timed(counts=counts, source=f"qemu {cpu}", memory=False, **named)


def predicted(wrong: int) -> Accuracy:
    """Predictions of which the last `wrong` are."""
    right = len(LABELS) - wrong
    flipped = tuple((label + 1) % 10 for label in LABELS[right:])
    return Accuracy(len(LABELS), right, EVALUATION.sha256, LABELS[:right] + flipped)


def session(
    *measurements: Measurement,
    device: str = "rpi4",
    created: str = "2026-03-01T09:30:12Z",
    emulated: bool = False,
    **named: object,
) -> Result:
    """A session that measured these."""
    moment = Environment(time=created, governor="performance")
    # an emulated board whose clock counts instructions, or an emulated processor that is timed
    timed = not emulated or any(m.repeats for m in measurements)
    return Result(
        schema=SCHEMA,
        created=created,
        edgekit="0.1.0",
        command="edgekit bench",
        mode="quick",
        seed=0,
        device=Device(
            device,
            "aarch64",
            "Linux 6.6.51",
            cpu="Cortex-A72",
            cpus=4,
            emulated=emulated,
            transport="ssh" if timed else "emulator",
            timed=timed,
        ),
        before=moment,
        after=moment,
        measurements=measurements,
        references=tuple(
            Reference(digest, 0.992, 0.998) for digest in {m.artefact.sha256 for m in measurements}
        ),
        evaluations=(EVALUATION,),
        **named,
    )


def noise(
    spread: float,
    *,
    threads: int = 1,
    created: str = "2026-02-20T00:00:00Z",
    system: str = "Linux 6.6.51",
    device: str = "rpi4",
) -> Noise:
    """What is stored of a device's noise."""
    return Noise(
        NOISE_SCHEMA, device, created, system, (NoiseOf(MODEL, "litert 2.3.0", threads, 12, spread, MS),)
    )


def board(*measurements: Measurement, device: str = "rpi4-emulated", **named: object) -> Result:
    """A session on an emulated board."""
    return session(*measurements, device=device, emulated=True, **named)


def as_edgekit_0_1_wrote_it(path: Path) -> None:
    """Rewrite a result as version 1 of its schema had it."""
    record = json.loads(path.read_text())
    del record["device"]["timed"]
    for measurement in record["measurements"]:
        if not measurement["runtime"].pop("xnnpack"):
            measurement["runtime"]["options"] = {
                "num_threads": "1",
                "experimental_op_resolver_type": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
            }
    path.write_text(json.dumps(record | {"schema": "edgekit.result/1"}))


def saved(folder: Path, *results: Result) -> list[Path]:
    """Write results and return their paths."""
    paths = [folder / "results" / f"{index}.json" for index in range(len(results))]
    for path, result in zip(paths, results, strict=True):
        write_result(path, result)
    return paths
