"""What a budget can limit, and how each limit is written in budgets.toml and shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from edgekit import units
from edgekit.errors import UsageError

Unit = Literal["ns", "B", "fraction", "instructions"]
_COUNTS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True)
class Metric:
    """One metric of a budget. Values are in `unit`: nanoseconds, bytes, fractions or counts."""

    key: str
    title: str
    unit: Unit
    example: str
    parse: Callable[[str], float]
    show: Callable[[float], str]
    timed: bool = False  # means nothing on an emulated device
    least: bool = False  # the limit is a minimum
    tolerated: bool = False  # the same on every run, so that the table's tolerance applies to it
    percentile: float = 50.0  # of a timed one
    head_room: float = 0.0  # share added to what was measured when a limit is proposed


def parse_count(text: str) -> float:
    """Read a count such as `1.14 M` or `1140213`.

    Raises:
        UsageError: The text is not a number, alone or with one of k, M, G.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([kMG]?)\s*", text)
    if match is None:
        raise UsageError(f"{text!r} is not a count.", "Write a number, alone or with k, M or G: '1.14 M'.")
    return float(match[1]) * _COUNTS[match[2]]


def _nanoseconds(text: str) -> float:
    return units.parse_seconds(text) * 1e9


def _share(text: str) -> float:
    fraction = units.parse_fraction(text)
    if fraction > 1:
        raise UsageError(f"{text!r} is more than everything.", "Shares lie between 0 % and 100 %.")
    return fraction


def _milliseconds(value: float) -> str:
    return f"{units.milliseconds(value)} ms"


def _bytes(value: float) -> str:
    return f"{value:,.0f} B"


def _megabytes(value: float) -> str:
    return f"{units.megabytes(value)} MB"


def _percent(value: float) -> str:
    return f"{units.percent(value)} %"


def _points(value: float) -> str:
    return f"{units.points(value).removeprefix('+')} pp"


def _millions(value: float) -> str:
    return f"{value / 1e6:,.3f} M" if value >= 1e5 else f"{value:,.0f}"


METRICS = {
    metric.key: metric
    for metric in (
        Metric(
            "latency_p50",
            "latency p50",
            "ns",
            "25 ms",
            _nanoseconds,
            _milliseconds,
            timed=True,
            head_room=0.2,
        ),
        Metric(
            "latency_p90",
            "latency p90",
            "ns",
            "30 ms",
            _nanoseconds,
            _milliseconds,
            timed=True,
            percentile=90.0,
            head_room=0.2,
        ),
        Metric("peak_memory", "peak memory", "B", "60 MB", units.parse_bytes, _megabytes, head_room=0.1),
        Metric("size", "size", "B", "1.1 MB", units.parse_bytes, _bytes, tolerated=True),
        Metric("accuracy", "accuracy", "fraction", "99.0 %", _share, _percent, least=True),
        Metric("accuracy_drop", "accuracy drop", "fraction", "1.0 pp", _share, _points),
        Metric(
            "instructions", "instructions", "instructions", "1.14 M", parse_count, _millions, tolerated=True
        ),
    )
}


def parse_limit(metric: Metric, value: object) -> float:
    """Read a limit as TOML has it.

    Raises:
        UsageError: Not what the metric is written as.
    """
    if metric.unit == "instructions" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise UsageError(f"{value!r} is no text with a unit.", f"Write it like {metric.example!r}.")
    return _finite(value, metric.parse)


def parse_tolerance(value: object) -> float:
    """Read a tolerance such as `0.1 %`.

    Raises:
        UsageError: Not a share.
    """
    if not isinstance(value, str):
        raise UsageError(f"{value!r} is no text with a unit.", "Write it like '0.1 %'.")
    return _finite(value, _share)


def _finite(text: str, parse: Callable[[str], float]) -> float:
    try:
        number = parse(text)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise UsageError(f"{text!r} is too large.", "Write a number that can be reached.")
    return number
