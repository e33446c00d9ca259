"""Results as a bench session would leave them, with simulated clocks and predictions."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np

from edgekit.results import (
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
    Reference,
    Repeat,
    Result,
    Runtime,
    Transfer,
)

HOT = Finding(
    "invalid",
    "clock-moved",
    "The fastest CPU went from 1800 MHz to 600 MHz during the timed loop.",
    "Let the device cool down, or add a fan, and measure again.",
)
BUSY = Finding(
    "warning",
    "busy",
    "Other processes kept 0.6 CPUs busy.",
    "Close what else is running.",
)
IMAGES = 500
EVALUATION = "e" * 64

# artefact: format, precision, bytes, ms on one thread with the fastest runtime, images it gets wrong
ARTEFACTS = {
    "float32.tflite": ("tflite", "float32", 3_338_912, 1.92, 2),
    "float16.tflite": ("tflite", "float16", 1_688_240, 1.94, 2),
    "int8.tflite": ("tflite", "int8", 992_616, 0.81, 4),
    "float32.onnx": ("onnx", "float32", 3_301_455, 2.08, 2),
    "int8.onnx": ("onnx", "int8", 962_318, 1.05, 5),
}
# runtime: version, delegate, format, slowness of float and of int8, baseline bytes
RUNTIMES = {
    "litert": ("2.3.0", "XNNPACK", "tflite", 1.0, 1.0, 41_300_000),
    "tflite-runtime": ("2.14.0", "XNNPACK", "tflite", 1.03, 1.52, 33_900_000),
    "onnxruntime": ("1.23.2", "CPUExecutionProvider", "onnx", 1.0, 1.0, 58_700_000),
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def simulate(
    *,
    set_name: str = "mobilenet_v1_0.5_224_shapes",
    threads: tuple[int, ...] = (1, 4),
    samples: int = 400,
    repeats: int = 5,
    speed: float = 1.0,
    spread: float = 0.01,
    seed: int = 7,
    flawed: dict[tuple[str, str, int], tuple[Finding, ...]] | None = None,
    **changed: object,
) -> Result:
    """Simulate a session over every artefact × runtime × thread count.

    `speed` multiplies every latency, `spread` is the deviation of a repeat's level, `flawed` gives findings
    by (file, runtime, threads), `changed` replaces fields of the Result.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, IMAGES)
    measurements = [
        _measure(rng, set_name, file, runtime, count, labels, (samples, repeats, speed, spread), flawed or {})
        for count in threads
        for file, spec in ARTEFACTS.items()
        for runtime, engine in RUNTIMES.items()
        if engine[2] == spec[0]
    ]
    result = Result(
        schema=SCHEMA,
        created="2026-03-01T09:30:12Z",
        edgekit="0.1.0",
        command="edgekit bench artefacts/shapes --device rpi4 --threads 1,4",
        mode="standard",
        seed=0,
        device=DEVICE,
        before=Environment(
            time="2026-03-01T09:30:12Z",
            load_1min=0.12,
            governor="performance",
            frequency_khz=(1_800_000,) * 4,
            temperature_celsius={"cpu-thermal": 48.2},
            throttled=0,
            memory_available_bytes=3_100_000_000,
        ),
        after=Environment(
            time="2026-03-01T09:41:50Z",
            load_1min=1.02,
            governor="performance",
            frequency_khz=(1_800_000,) * 4,
            temperature_celsius={"cpu-thermal": 61.7},
            throttled=0,
            memory_available_bytes=3_080_000_000,
        ),
        measurements=tuple(measurements),
        references=tuple(
            Reference(digest(set_name + file), (IMAGES - spec[4]) / IMAGES, (IMAGES - 2) / IMAGES)
            for file, spec in ARTEFACTS.items()
        ),
        evaluations=(Evaluation(EVALUATION, tuple(map(int, labels)), tuple(map(int, _wrong(labels, 2)))),),
    )
    return msgspec.structs.replace(result, **changed)


DEVICE = Device(
    profile="rpi4",
    machine="aarch64",
    system="Linux 6.6.51",
    cpu="Cortex-A72",
    cpus=4,
    features=("asimd", "crc32"),
    memory_bytes=3_981_000_000,
    board="Raspberry Pi 4 Model B Rev 1.5",
    distribution="Debian GNU/Linux 12 (bookworm)",
    python="3.11.2",
    libc="glibc 2.36",
    transport="ssh",
)


def joined(first: Result, *others: Result) -> Result:
    """One session that measured everything that several did."""
    measurements = first.measurements + tuple(m for other in others for m in other.measurements)
    return msgspec.structs.replace(first, measurements=measurements)


def retimed(result: Result, *, repeat: int | None = None, ns: int = 0) -> Result:
    """The session with `ns` for every sample, of all repeats or of one."""
    replace = msgspec.structs.replace
    measurements = []
    for measurement in result.measurements:
        repeats = [
            replace(r, samples_ns=(ns,) * len(r.samples_ns)) if repeat in (None, i) else r
            for i, r in enumerate(measurement.repeats)
        ]
        measurements.append(replace(measurement, repeats=tuple(repeats)))
    return replace(result, measurements=tuple(measurements))


def _wrong(labels: np.ndarray, count: int) -> np.ndarray:
    predictions = labels.copy()
    predictions[:count] = (predictions[:count] + 1) % 10
    return predictions


def _measure(rng, set_name, file, runtime, threads, labels, timing, flawed) -> Measurement:
    samples, repeats, speed, spread = timing
    kind, precision, size, milliseconds, mistakes = ARTEFACTS[file]
    version, delegate, _, slow_float, slow_int8, baseline = RUNTIMES[runtime]
    level = milliseconds * 1e6 * speed * (slow_int8 if precision == "int8" else slow_float) / threads**0.7
    return Measurement(
        artefact=Artefact(set_name, file, digest(set_name + file), size, kind, precision),
        runtime=Runtime(runtime, version, delegate),
        threads=threads,
        repeats=tuple(_repeat(rng, i, level * rng.lognormal(0, spread), samples) for i in range(repeats)),
        memory=Memory(baseline, baseline + 2 * size, baseline + 2 * size + 2_600_000 + 300_000 * threads),
        accuracy=Accuracy(IMAGES, IMAGES - mistakes, EVALUATION, tuple(map(int, _wrong(labels, mistakes)))),
        instructions=Instructions(
            tuple(rng.normal(level * 28, 900, 8).astype(int).tolist()), "perf_event_open"
        ),
        findings=flawed.get((file, runtime, threads), ()),
    )


def _repeat(rng, position: int, level: float, samples: int) -> Repeat:
    times = level * (0.985 + 0.03 * rng.lognormal(-1.0, 0.8, samples))
    times[rng.random(samples) < 0.004] *= 3  # a scheduler's tick now and then
    return Repeat(
        position=position,
        import_ns=int(rng.normal(210e6, 8e6)),
        load_ns=int(rng.normal(14e6, 1e6)),
        first_ns=int(level * rng.normal(2.4, 0.1)),
        warmup_runs=64,
        samples_ns=tuple(times.astype(int).tolist()),
    )


HOST = Device(
    profile="host",
    machine="x86_64",
    system="Linux 6.12.3",
    cpu="AMD Ryzen 9 7950X",
    cpus=16,
    features=("avx2", "avx512_vnni"),
    memory_bytes=67_200_000_000,
    distribution="Debian GNU/Linux 12 (bookworm)",
    python="3.11.2",
    libc="glibc 2.36",
)


def on_host(**changed: object) -> Result:
    """The same files on the computer edgekit runs on: ten times as fast."""
    options = {"threads": (1, 16), "speed": 0.1, "device": HOST, **changed}
    return msgspec.structs.replace(simulate(**options), references=())


def emulated(cpu: str = "cortex-a72", profile: str = "rpi4-emulated", **changed: object) -> Result:
    """A session on an emulated board: counts and accuracy, and no time anywhere."""
    result = simulate(threads=(1,), samples=1, repeats=1, **changed)
    faster = 0.4 if cpu == "cortex-a76" else 1.0  # dot-product instructions help int8 only

    def counted(measurement: Measurement) -> Measurement:
        _, precision, _, milliseconds, _ = ARTEFACTS[measurement.artefact.file]
        slowness = RUNTIMES[measurement.runtime.name][3 if precision != "int8" else 4]
        level = round(milliseconds * slowness * 28e6 * (faster if precision == "int8" else 1))
        counts = tuple(level + 900 * i for i in range(5))
        return msgspec.structs.replace(
            measurement, repeats=(), memory=None, instructions=Instructions(counts, f"qemu {cpu}")
        )

    device = Device(
        profile=profile,
        machine="aarch64",
        system="Linux 6.1.0",
        cpu=cpu.title(),
        cpus=1,
        features=("asimd",),
        memory_bytes=2_000_000_000,
        python="3.11.2",
        libc="glibc 2.36",
        transport="emulator",
        timed=False,
        emulated=True,
    )
    return msgspec.structs.replace(
        result,
        device=device,
        command=f"edgekit bench --device {profile}",
        before=Environment(time="1970-01-01T00:00:04Z", load_1min=0.3, memory_available_bytes=1_900_000_000),
        after=Environment(time="1970-01-01T00:09:50Z", load_1min=1.0, memory_available_bytes=1_880_000_000),
        measurements=tuple(map(counted, result.measurements)),
        transfer=Transfer(bytes=12_300_000, seconds=0.4, files=7, reused_files=3),
    )


def judged(result: Result, changed: int, file: str | None = None) -> Result:
    """The session with another answer to so many images, the last ones, of every file or of one."""

    def other(measurement: Measurement) -> Measurement:
        accuracy = measurement.accuracy
        if accuracy is None or file not in (None, measurement.artefact.file):
            return measurement
        kept = accuracy.predictions[: accuracy.n - changed]
        rest = tuple((answer + 1) % 10 for answer in accuracy.predictions[accuracy.n - changed :])
        seen = msgspec.structs.replace(accuracy, predictions=kept + rest, correct=accuracy.correct - changed)
        return msgspec.structs.replace(measurement, accuracy=seen)

    return msgspec.structs.replace(result, measurements=tuple(map(other, result.measurements)))
