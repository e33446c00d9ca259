"""How the numbers came about, in words: what a reader must know to trust or repeat them."""

from __future__ import annotations

from edgekit import units
from edgekit.report.rows import names
from edgekit.results import Repeat, Result


def conditions(result: Result) -> tuple[str, ...]:
    """Say what a session was asked to do differently, in a few words each; mostly nothing."""
    pace = [f"spaced to {result.fps:g} inferences a second"] if result.fps else []
    pinned = any(measurement.affinity for measurement in result.measurements)
    return (*pace, *(_pins(result) if pinned else ()))


def method(result: Result) -> str:
    """Say how a session measured, from what it holds."""
    repeats = [repeat for measurement in result.measurements for repeat in measurement.repeats]
    if not repeats:
        return ""
    counts = sorted({len(measurement.repeats) for measurement in result.measurements})
    samples = [len(repeat.samples_ns) for repeat in repeats]
    pace = f"spaced to {result.fps:g} inferences a second" if result.fps else "back to back"
    said = [
        f"Mode {result.mode}: {_range(counts)} repeats, each a fresh process, artefacts interleaved; "
        f"{_range(samples)} timed inferences a repeat, {pace}, after at least "
        f"{min(repeat.warmup_runs for repeat in repeats)} warm-up runs.",
        "Only the inference call is timed." + _strides(repeats),
        f"Processes were {' or '.join(_pins(result))}.",
        "p50 is the median of the repeats' medians and its spread their range over it; p90 and p99 are "
        "taken over all samples, and only from 64 and 662 samples on (99 % confidence that two samples "
        "lie beyond).",
        "Every sample is kept: none is dropped as an outlier.",
    ]
    if any(measurement.memory for measurement in result.measurements):
        said.append("Memory is the resident set of a process of its own; the model's cost is peak − base.")
    said.append(f"Runtimes: {'; '.join(_runtimes(result))}.")
    images = sorted({m.accuracy.n for m in result.measurements if m.accuracy})
    if images:
        said.append(
            f"Accuracy is top-1 over {_range(images)} images, run on the device, with Wilson's 95 % "
            "interval; the drop is against the float Keras model on the same images, with Tango's "
            "paired interval. Agreement is the share of images with the float Keras model's answer."
        )
    if result.transfer.files:
        moved = f"{units.megabytes(result.transfer.bytes)} MB in {units.seconds(result.transfer.seconds)}"
        said.append(f"{result.transfer.files} files were copied to the device before ({moved}).")
    said.append(f"Inputs are seeded ({result.seed}). edgekit {result.edgekit}.")
    return " ".join(said)


def _pins(result: Result) -> list[str]:
    """Say to which CPUs processes were pinned; more than one item where measurements differ."""
    affinities = sorted({measurement.affinity for measurement in result.measurements})
    return [_pin(cpus) if cpus else "not pinned to CPUs" for cpus in affinities]


def _pin(cpus: tuple[int, ...]) -> str:
    return f"pinned to CPU{'s' * (len(cpus) > 1)} {', '.join(map(str, cpus))}"


def _runtimes(result: Result) -> list[str]:
    """Name each runtime with its settings; where files differ in them, with the files."""
    called = names(result)
    used: dict[str, dict[str, set[str]]] = {}
    for measurement in result.measurements:
        runtime = measurement.runtime
        settings = (f"{name} {value}" for name, value in runtime.options.items() if "thread" not in name)
        about = ", ".join((runtime.delegate or "no delegate", *settings))
        files = used.setdefault(f"{runtime.name} {runtime.version}", {}).setdefault(about, set())
        files.add(called[measurement.artefact])
    return [
        f"{name} ({'; '.join(_files(about, files, len(ways) > 1) for about, files in sorted(ways.items()))})"
        for name, ways in sorted(used.items())
    ]


def _files(about: str, files: set[str], differ: bool) -> str:
    return f"{about} for {', '.join(sorted(files))}" if differ else about


def _strides(repeats: list[Repeat]) -> str:
    longest = max(repeat.every for repeat in repeats)
    return f" Where inferences are short, one in {longest} or fewer was timed." if longest > 1 else ""


def _range(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
