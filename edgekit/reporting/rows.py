"""The statistics of a result: one row per artefact, runtime and thread count. Every format shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from edgekit import stats
from edgekit.outputs import Difference, difference
from edgekit.reporting.accuracy import Accuracy, accuracy_of
from edgekit.reporting.sustained import Load, load_of
from edgekit.results import Artefact, Evaluation, Finding, Measurement, Reference, Repeat, Result
from edgekit.stats import Spread
from edgekit.words import plural

_MANY = 4  # rows from which on a warning that most have is said once


@dataclass(frozen=True)
class Latency:
    """Times of one inference, in ns. `None`: too few samples for that percentile."""

    p50: Spread  # median of the repeats' medians, and their range
    medians: tuple[float, ...]  # one per repeat, in the session's order
    p90: float | None  # of all samples of all repeats
    p99: float | None
    p90_range: tuple[float, float] | None  # across repeats; None where one is too short for it
    p99_range: tuple[float, float] | None
    repeats: int
    samples: int
    outliers: int  # |x − median| > 14.8 MAD within their repeat; counted in, never dropped
    variation: float | None  # coefficient of variation, median of the repeats'


@dataclass(frozen=True)
class Memory:
    """Resident set in bytes. `model` is the model's own cost: peak − baseline."""

    baseline: int
    loaded: int
    peak: int
    model: int
    pss: int | None


@dataclass(frozen=True)
class Instructions:
    """Instructions of one inference: counts, never a time."""

    median: Spread  # over the inferences that were counted, and their range
    inferences: int
    source: str  # perf_event_open, or the emulated CPU: qemu cortex-a72


@dataclass(frozen=True)
class Row:
    """One measurement, computed. Times in ns, sizes in bytes, shares as fractions."""

    index: int  # of the measurement in its result
    set: str
    artefact: str
    name: str  # the file as the session tells it from its others: `int8.tflite`, `digits/int8.tflite`
    sha256: str
    format: str
    precision: str
    runtime: str  # name and version
    delegate: str | None
    threads: int
    affinity: tuple[int, ...]  # CPUs its processes were pinned to; empty: not pinned
    bytes: int
    valid: bool
    latency: Latency | None
    load: Spread | None  # model file to ready interpreter
    first: Spread | None  # first inference
    memory: Memory | None
    accuracy: Accuracy | None
    instructions: Instructions | None
    findings: tuple[Finding, ...]
    sustained: Load | None = None
    unspaced: Spread | None = None  # p50 back to back, where `latency` is of spaced inferences
    outputs: Difference | None = None  # to those of the runtime that ran the same file first
    common: frozenset[str] = (
        frozenset()
    )  # codes of warnings that most rows have: the session's, not this row's

    @property
    def threads_text(self) -> str:
        """`1 thread`, `4 threads`."""
        return plural(self.threads, "thread")

    @property
    def file(self) -> str:
        """The name, where the set is shown next to it."""
        return self.name.removeprefix(f"{self.set}/")

    @property
    def label(self) -> str:
        """What was measured, in words: `int8.tflite · litert 2.3.0 · 1 thread`."""
        return f"{self.name} · {self.runtime} · {self.threads_text}"

    @property
    def state(self) -> str:
        """`ok`, `warning` or `invalid`; what most rows are warned about sets none of them apart."""
        own = any(finding.code not in self.common for finding in self.findings)
        return "invalid" if not self.valid else "warning" if own else "ok"


def rows(result: Result) -> tuple[Row, ...]:
    """Compute a result's rows: by set and thread count, the fastest first.

    What has no times follows by its instructions.
    """
    references = {reference.sha256: reference for reference in result.references}
    evaluations = {evaluation.sha256: evaluation for evaluation in result.evaluations}
    named = names(result)
    first = first_runs(result)
    common = _common(result.measurements)
    computed = (
        replace(
            _row(i, named, each, references, evaluations), outputs=_difference(first, each), common=common
        )
        for i, each in enumerate(result.measurements)
    )
    return tuple(sorted(computed, key=_place))


def _common(measurements: Sequence[Measurement]) -> frozenset[str]:
    """Return the codes of warnings that most measurements have, where there are enough to say most."""
    warned = Counter(
        code for each in measurements for code in {f.code for f in each.findings if f.kind == "warning"}
    )
    if len(measurements) < _MANY:
        return frozenset()
    return frozenset(code for code, count in warned.items() if 2 * count > len(measurements))


def first_runs(result: Result) -> dict[str, Measurement]:
    """Return for each file, by its hash, the measurement that others' outputs are compared with.

    That is the first one: of the runtime that was named first, or of the usual one.
    """
    return {each.artefact.sha256: each for each in reversed(result.measurements) if each.outputs}


def _difference(first: dict[str, Measurement], here: Measurement) -> Difference | None:
    base = first.get(here.artefact.sha256)
    return difference(base, here) if base and base.runtime != here.runtime else None


def names(result: Result) -> dict[Artefact, str]:
    """Name each file that a session measured; see `display_names`."""
    return display_names(measurement.artefact for measurement in result.measurements)


def display_names(files: Iterable[Artefact]) -> dict[Artefact, str]:
    """Name each file: with its set where there are several, with its hash where sets share a name."""
    artefacts = set(files)
    several = len({artefact.set for artefact in artefacts}) > 1
    contents: dict[tuple[str, str], set[str]] = {}
    for artefact in artefacts:
        contents.setdefault((artefact.set, artefact.file), set()).add(artefact.sha256)
    return {
        artefact: (f"{artefact.set}/" if several else "")
        + artefact.file
        + (f" ({artefact.sha256[:7]})" if len(contents[artefact.set, artefact.file]) > 1 else "")
        for artefact in artefacts
    }


def _place(row: Row) -> tuple[str, int, float, float]:
    time = row.latency.p50.value if row.latency else float("inf")
    return row.set, row.threads, time, row.instructions.median.value if row.instructions else float("inf")


def _row(
    index: int,
    named: dict[Artefact, str],
    measurement: Measurement,
    references: dict[str, Reference],
    evaluations: dict[str, Evaluation],
) -> Row:
    artefact, runtime, repeats = measurement.artefact, measurement.runtime, measurement.repeats
    return Row(
        index=index,
        set=artefact.set,
        artefact=artefact.file,
        name=named[artefact],
        sha256=artefact.sha256,
        format=artefact.format,
        precision=artefact.precision,
        runtime=runtime.label,
        delegate=runtime.delegate,
        threads=measurement.threads,
        affinity=measurement.affinity,
        bytes=artefact.bytes,
        valid=measurement.valid,
        latency=_latency(repeats),
        load=stats.spread([repeat.load_ns for repeat in repeats]) if repeats else None,
        first=stats.spread([repeat.first_ns for repeat in repeats]) if repeats else None,
        memory=_memory(measurement),
        accuracy=accuracy_of(measurement, references.get(artefact.sha256), evaluations),
        instructions=_instructions(measurement),
        findings=measurement.findings,
        sustained=load_of(measurement.sustained),
        unspaced=stats.median_of_medians([repeat.samples_ns for repeat in measurement.unspaced]),
    )


def _memory(measurement: Measurement) -> Memory | None:
    seen = measurement.memory
    if seen is None:
        return None
    return Memory(seen.baseline, seen.loaded, seen.peak, seen.peak - seen.baseline, seen.pss)


def _instructions(measurement: Measurement) -> Instructions | None:
    seen = measurement.instructions
    if seen is None or not seen.per_inference:
        return None
    return Instructions(stats.spread(seen.per_inference), len(seen.per_inference), seen.source)


def _latency(repeats: Sequence[Repeat]) -> Latency | None:
    import numpy as np

    samples = [np.asarray(repeat.samples_ns) for repeat in repeats if repeat.samples_ns]
    p50 = stats.median_of_medians(samples)
    if p50 is None:
        return None
    everything = np.concatenate(samples)
    variations = [v for v in map(stats.coefficient_of_variation, samples) if v is not None]
    return Latency(
        p50=p50,
        medians=tuple(float(np.median(repeat)) for repeat in samples),
        p90=stats.percentile(everything, 90),
        p99=stats.percentile(everything, 99),
        p90_range=_range([stats.percentile(repeat, 90) for repeat in samples]),
        p99_range=_range([stats.percentile(repeat, 99) for repeat in samples]),
        repeats=len(samples),
        samples=everything.size,
        outliers=int(sum(stats.outliers(repeat).sum() for repeat in samples)),
        variation=float(np.median(variations)) if variations else None,
    )


def _range(values: Sequence[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if len(known) == len(values) else None


@dataclass(frozen=True)
class Findings:
    """What the same check found, and where: each place with its own figure."""

    kind: str  # invalid, warning
    code: str
    advice: str
    seen: tuple[tuple[str, str], ...]  # what was measured (a row's label), what was seen


def findings(computed: Sequence[Row]) -> tuple[Findings, ...]:
    """Gather the rows' findings by check, the invalidating ones first; what most are warned about is one."""
    groups: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for row, finding in chain.from_iterable(((row, f) for f in row.findings) for row in computed):
        groups.setdefault((finding.kind, finding.code, finding.advice), []).append(
            (row.label, finding.message)
        )
    common = {code for row in computed for code in row.common}
    for (kind, code, _), seen in groups.items():
        if kind == "warning" and code in common:
            label, message = seen[0]
            seen[:] = [(f"{len(seen)} of {len(computed)} measurements, such as {label}", message)]
    ordered = sorted(groups.items(), key=lambda item: item[0][0] != "invalid")
    return tuple(Findings(*key, seen=tuple(seen)) for key, seen in ordered)
