"""How the numbers came about, in words: what a reader must know to trust or repeat them."""

from __future__ import annotations

from edgekit import units
from edgekit.reporting.kinds import NOT_A_TIME, counted_on, cpu_words
from edgekit.reporting.rows import names
from edgekit.results import Repeat, Result


def conditions(result: Result) -> tuple[str, ...]:
    """Say in a few words each what must not be mistaken: counts, an emulator's times, pace and pinning."""
    if not result.device.timed:
        return (f"instructions on {counted_on(result)}, {NOT_A_TIME}",)
    emulated = ["emulated: the times are not the board's"] if result.device.emulated else []
    pace = [f"spaced to {result.fps:g} inferences per second"] if result.fps else []
    pinned = any(measurement.affinity for measurement in result.measurements)
    return (*emulated, *pace, *(_pins(result) if pinned else ()))


def method(result: Result) -> str:
    """Say how a session measured; empty where nothing was measured."""
    measured = [m for m in result.measurements if m.repeats or m.instructions or m.accuracy]
    if not measured:
        return ""
    repeats = [repeat for measurement in measured for repeat in measurement.repeats]
    said = [
        *(_timing(result, repeats) if repeats else ()),
        *_counting(result),
        *_memory(result),
        f"Runtimes: {'; '.join(_runtimes(result))}.",
        *_accuracy(result),
        *_transfer(result),
        *result.lacks,
        f"Inputs are seeded ({result.seed}). edgekit {result.edgekit}.",
    ]
    return " ".join(said)


def _timing(result: Result, repeats: list[Repeat]) -> list[str]:
    counts = sorted({len(measurement.repeats) for measurement in result.measurements})
    samples = [len(repeat.samples_ns) for repeat in repeats]
    pace = f"spaced to {result.fps:g} inferences per second" if result.fps else "back to back"
    waited = max(repeat.waited_seconds for repeat in repeats)
    return [
        f"Mode {result.mode}: {_range(counts)} repeats, each a fresh process, artefacts interleaved; "
        f"{_range(samples)} timed inferences per repeat, {pace}, after at least "
        f"{min(repeat.warmup_runs for repeat in repeats)} warm-up runs.",
        "Only the inference call is timed." + _strides(repeats),
        f"Processes were {' or '.join(_pins(result))}.",
        *([f"Repeats waited up to {units.seconds(waited)} for the CPU to cool down."] if waited else ()),
        "p50 is the median of the repeats' medians, and its spread is their range over it; p90 and p99 are "
        "taken over all samples, and only from 64 and 662 samples on (99 % confidence that two samples "
        "are beyond them).",
        "Every sample is kept: none is dropped as an outlier.",
    ]


def _counting(result: Result) -> list[str]:
    counted = [m.instructions for m in result.measurements if m.instructions]
    if not counted:
        return []
    over = f"over {_range([len(each.per_inference) for each in counted])} inferences of each measurement"
    if not result.device.timed:
        return [
            f"Instructions were counted on {counted_on(result)}, whose clock moves by one nanosecond per "
            f"instruction, {over}: a count, {NOT_A_TIME}. The figure is their median.",
        ]
    sources = " and ".join(sorted({cpu_words(each.source) for each in counted}))
    return [
        f"Instructions were counted by {sources}, in a process of its own, {over}; the figure is the median."
    ]


def _memory(result: Result) -> list[str]:
    if not any(measurement.memory for measurement in result.measurements):
        return []
    return ["Memory is the resident set of a process of its own; the model's cost is peak − base."]


def _accuracy(result: Result) -> list[str]:
    images = sorted({m.accuracy.n for m in result.measurements if m.accuracy})
    if not images:
        return []
    agreement = "Agreement is the share of images with the float model's answer."
    if all(m.accuracy.correct is None for m in result.measurements if m.accuracy):
        return [f"{_range(images)} images, whose classes are not known, were run on the device. {agreement}"]
    several = any(each.head.kind == "multilabel" for each in result.evaluations)
    right = "the share of images with every label right" if several else "top-1"
    return [
        f"Accuracy is {right} over {_range(images)} images, run on the device, with Wilson's 95 % "
        "interval; the drop is from the float model on the same images, with Tango's "
        f"paired interval. {agreement}"
    ]


def _transfer(result: Result) -> list[str]:
    text = transfer_words(result)
    return [f"{text[0].upper()}{text[1:]}."] if text else []


def transfer_words(result: Result) -> str:
    """Say what was copied to the device and what it had already; empty where nothing has to go anywhere."""
    transfer = result.transfer
    there = transfer.reused_files if result.device.transport != "local" else 0
    if transfer.files:
        moved = f"{units.megabytes(transfer.bytes)} MB in {units.seconds(transfer.seconds)}"
        text = f"{_files(transfer.files)} copied to the device before ({moved})"
        return text + (f", {there} more {'was' if there == 1 else 'were'} there already" if there else "")
    return f"nothing had to be copied to the device: {_files(there)} there already" if there else ""


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
        files = used.setdefault(runtime.label, {}).setdefault(about, set())
        files.add(called[measurement.artefact])
    return [
        f"{name} ({'; '.join(_used_for(*way, differ=len(ways) > 1) for way in sorted(ways.items()))})"
        for name, ways in sorted(used.items())
    ]


def _used_for(about: str, files: set[str], *, differ: bool) -> str:
    return f"{about} for {', '.join(sorted(files))}" if differ else about


def _strides(repeats: list[Repeat]) -> str:
    longest = max(repeat.every for repeat in repeats)
    return f" Where inferences are short, one in {longest} or fewer was timed." if longest > 1 else ""


def _files(count: int) -> str:
    return f"{count} file{' was' if count == 1 else 's were'}"


def _range(values: list[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
