"""Figures for services that track them: Bencher, github-action-benchmark, and GitLab's metrics reports.

Bencher Metric Format: https://bencher.dev/docs/reference/bencher-metric-format
github-action-benchmark, tools customSmallerIsBetter and customBiggerIsBetter:
https://github.com/benchmark-action/github-action-benchmark
GitLab, artifacts:reports:metrics, which are OpenMetrics text: https://docs.gitlab.com/ci/testing/metrics_reports/
"""

from __future__ import annotations

from edgekit.errors import InvalidError
from edgekit.reporting.measures import MEASURES, Figure, Measure, Subject, subjects
from edgekit.reporting.report import Report
from edgekit.schema import encode_record
from edgekit.words import visible

_LONGEST = 1024  # characters of a benchmark's name at Bencher


def to_bencher(report: Report) -> bytes:
    """Return the figures in Bencher Metric Format: times in ns, sizes in bytes, shares as fractions."""
    return encode_record(
        {
            visible(subject.name)[:_LONGEST]: {name: _bmf(seen) for name, seen in subject.figures.items()}
            for subject in subjects(report)
        }
    )


def _bmf(seen: Figure) -> dict[str, float]:
    found = {"value": seen.value, "lower_value": seen.low, "upper_value": seen.high}
    return {name: value for name, value in found.items() if value is not None}


def to_smaller_is_better(report: Report) -> bytes:
    """Return times, instructions, sizes and memory for github-action-benchmark.

    Raises:
        InvalidError: There is none that can be trusted.
    """
    return _custom(report, bigger=False)


def to_bigger_is_better(report: Report) -> bytes:
    """Return accuracy and agreement for github-action-benchmark.

    Raises:
        InvalidError: There is neither, or none that can be trusted.
    """
    return _custom(report, bigger=True)


def _custom(report: Report, *, bigger: bool) -> bytes:
    wanted = [measure for measure in MEASURES if measure.bigger_is_better is bigger]
    entries = [
        _entry(subject, measure, subject.figures[measure.name])
        for subject in subjects(report)
        for measure in wanted
        if measure.name in subject.figures
    ]
    if not entries:
        # extractResult in its src/extract.ts throws "No benchmark result was found" for an empty array
        names = ", ".join(measure.name for measure in wanted)
        raise InvalidError(
            f"There is nothing to track: no valid measurement has any of {names}.",
            "Measure accuracy, or leave this file out." if bigger else "Measure again: edgekit bench",
        )
    return encode_record(entries)


def _entry(subject: Subject, measure: Measure, seen: Figure) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": visible(f"{subject.name} {measure.name}"),
        "unit": measure.unit,
        "value": seen.value,
    }
    if seen.low is not None and seen.high is not None and seen.low < seen.high:
        entry["range"] = f"{seen.low:g} to {seen.high:g}"
    return entry


def to_open_metrics(report: Report) -> bytes:
    """Return the figures as OpenMetrics text.

    GitLab compares values as texts, so times have three significant figures: else every one would change.
    """
    found, lines = subjects(report), []
    for measure in MEASURES:
        samples = [each for each in found if measure.name in each.figures]
        if not samples:
            continue
        name = "_".join(filter(None, ("edgekit", measure.name.replace("-", "_"), measure.base_unit)))
        lines.append(f"# TYPE {name} gauge")
        if measure.base_unit:
            lines.append(f"# UNIT {name} {measure.base_unit}")
        lines += [
            f"{name}{{{_labels(each)}}} {_value(measure, each.figures[measure.name])}" for each in samples
        ]
    return "\n".join((*lines, "# EOF\n")).encode()


def _labels(subject: Subject) -> str:
    return ",".join(f'{key}="{_escaped(text)}"' for key, text in subject.labels.items())


def _escaped(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def _value(measure: Measure, seen: Figure) -> str:
    if measure.base_unit == "seconds":
        return f"{seen.value * measure.scale:.3g}"
    return f"{seen.value * measure.scale:.12g}"
