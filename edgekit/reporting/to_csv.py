"""Statistics for spreadsheets: one row per measurement, full precision, the unit in the heading."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, TypeAlias, cast

from edgekit.reporting.report import Report
from edgekit.reporting.side_by_side import Line, SideBySide
from edgekit.results import Measurement

Value: TypeAlias = "str | int | float | None"

# heading: where a Row has it
COLUMNS = {
    "set": "set",
    "artefact": "artefact",
    "format": "format",
    "precision": "precision",
    "sha256": "sha256",
    "runtime": "runtime",
    "delegate": "delegate",
    "threads": "threads",
    "affinity": "affinity",
    "state": "state",
    "p50_ns": "latency.p50.value",
    "p50_low_ns": "latency.p50.low",
    "p50_high_ns": "latency.p50.high",
    "p90_ns": "latency.p90",
    "p99_ns": "latency.p99",
    "repeats": "latency.repeats",
    "samples": "latency.samples",
    "outliers": "latency.outliers",
    "variation": "latency.variation",
    "load_ns": "load.value",
    "first_ns": "first.value",
    "back_to_back_ns": "unspaced.value",
    "sustained_seconds": "sustained.seconds",
    "sustained_cold_ns": "sustained.cold",
    "sustained_steady_ns": "sustained.steady",
    "sustained_slowed_after_seconds": "sustained.slowed_after",
    "sustained_celsius": "sustained.celsius",
    "baseline_bytes": "memory.baseline",
    "loaded_bytes": "memory.loaded",
    "peak_bytes": "memory.peak",
    "model_bytes": "memory.model",
    "file_bytes": "bytes",
    "images": "accuracy.n",
    "accuracy": "accuracy.value",
    "accuracy_low": "accuracy.interval.0",
    "accuracy_high": "accuracy.interval.1",
    "drop": "accuracy.drop",
    "drop_low": "accuracy.drop_interval.0",
    "drop_high": "accuracy.drop_interval.1",
    "agreement": "accuracy.agreement",
    "accuracy_on_host": "accuracy.on_host",
    "label_accuracy": "accuracy.by_label",
    "output_difference": "outputs.largest",
    "output_cosine": "outputs.cosine",
    "instructions": "instructions.median.value",
    "instructions_low": "instructions.median.low",
    "instructions_high": "instructions.median.high",
    "instructions_source": "instructions.source",
}


# heading: where a Line has it; a whole ratio or agreement gives the name of the device it is with
_COMPARED = {
    "time_ratio_to": "time",
    "time_ratio": "time.value",
    "time_ratio_low": "time.low",
    "time_ratio_high": "time.high",
    "instructions_ratio_to": "count",
    "instructions_ratio": "count.value",
    "same_answers_as": "answers",
    "same_answers": "answers.same",
    "compared_answers": "answers.images",
    "outputs_against": "outputs",
    "output_difference_to": "outputs.largest",
    "output_cosine_to": "outputs.cosine",
}


def to_csv(report: Report) -> bytes:
    """Return one row per measurement, with a heading.

    The last columns compare devices; they are empty where nothing could be.
    """
    heading = ["device", "emulated", "created", "mode", "fps", "partial", *COLUMNS, "findings", *_COMPARED]
    return encode(heading, _rows(report))


def _rows(report: Report) -> Iterable[list[Value]]:
    found = report.side_by_side
    lines = {(line.session, line.row.index): line for line in found.lines} if found else {}
    for place, session in enumerate(report.sessions):
        result, device = session.result, session.device
        about = [device.profile, str(device.emulated).lower(), result.created, result.mode, result.fps]
        for row in session.rows:
            codes = " ".join(finding.code for finding in row.findings)
            figures = (read(row, path) for path in COLUMNS.values())
            line = lines.get((place, row.index))
            yield [*about, result.partial, *figures, codes, *_compared(found, line)]


def _compared(found: SideBySide | None, line: Line | None) -> list[Value]:
    if found is None or line is None:
        return [None] * len(_COMPARED)
    bases = {"time": found.bases.times, "count": found.bases.counts, "answers": found.bases.answers}
    bases["outputs"] = found.bases.outputs
    names = {path: found.name(bases[path]) if getattr(line, path) else None for path in bases}
    return [names[path] if path in names else read(line, path) for path in _COMPARED.values()]


def samples_to_csv(report: Report) -> bytes:
    """Return one row per timed inference, in the order of the device's clock within its repeat."""
    heading = ["device", "created", "set", "artefact", "runtime", "threads", "position", "sample", "ns"]
    return encode(heading, _samples(report))


def _samples(report: Report) -> Iterable[list[Value]]:
    for result in (session.result for session in report.sessions):
        for measurement in result.measurements:
            for repeat in measurement.repeats:
                for index, sample in enumerate(repeat.samples_ns):
                    identity = [result.device.profile, result.created, *_identity(measurement)]
                    yield [*identity, repeat.position, index, sample]


def _identity(measurement: Measurement) -> list[Value]:
    artefact, runtime = measurement.artefact, measurement.runtime
    return [artefact.set, artefact.file, runtime.label, measurement.threads]


def read(row: Any, path: str) -> Value:
    """Follow attributes (and places of an interval) to a value; None where one of them is None.

    Several values in one cell, such as CPUs, have blanks between them.
    """
    found: Any = row
    for name in path.split("."):
        if found is not None:
            found = found[int(name)] if name.isdigit() else getattr(found, name)
    return " ".join(map(str, found)) if isinstance(found, tuple) else cast(Value, found)


def encode(heading: Iterable[str], records: Iterable[Iterable[Value]]) -> bytes:
    """Return a heading and records as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([_inert(value) for value in record] for record in records)
    return text.getvalue().encode()


def _inert(value: Value) -> Value:
    """Keep a spreadsheet from running text as a formula (OWASP, CSV injection)."""
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )
