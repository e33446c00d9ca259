"""How the numbers came about, in words: what a reader must know to trust or repeat them."""

from __future__ import annotations

from edgekit import units
from edgekit.results import Result


def method(result: Result) -> str:
    """Say how a session measured, from what it holds."""
    repeats = [repeat for measurement in result.measurements for repeat in measurement.repeats]
    if not repeats:
        return ""
    counts = sorted({len(measurement.repeats) for measurement in result.measurements})
    samples = [len(repeat.samples_ns) for repeat in repeats]
    pace = f"at {result.fps:g} inferences a second" if result.fps else "back to back"
    said = [
        f"Mode {result.mode}: {_range(counts)} repeats, each a fresh process, artefacts interleaved; "
        f"{_range(samples)} timed inferences a repeat, {pace}, after at least "
        f"{min(repeat.warmup_runs for repeat in repeats)} warm-up runs.",
        "Only the inference call is timed.",
        "p50 is the median of the repeats' medians and its spread their range over it; p90 and p99 are "
        "taken over all samples, and only from 64 and 662 samples on (99 % confidence that two samples "
        "lie beyond).",
        "Every sample is kept: none is dropped as an outlier.",
    ]
    if any(measurement.memory for measurement in result.measurements):
        said.append("Memory is the resident set of a process of its own; the model's cost is peak − base.")
    images = sorted({m.accuracy.n for m in result.measurements if m.accuracy})
    if images:
        said.append(
            f"Accuracy is top-1 over {_range(images)} images, run on the device, with Wilson's 95 % "
            "interval; the drop is against the float Keras model on the same images, with Tango's "
            "paired interval."
        )
    if result.transfer.files:
        moved = f"{units.megabytes(result.transfer.bytes)} MB in {units.seconds(result.transfer.seconds)}"
        said.append(f"{result.transfer.files} files were copied to the device before ({moved}).")
    said.append(f"Inputs are seeded ({result.seed}). edgekit {result.edgekit}.")
    return " ".join(said)


def _range(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
