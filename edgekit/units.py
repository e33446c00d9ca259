"""Quantities as people write them, in and out. SI inside: seconds, bytes, fractions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from edgekit.errors import UsageError

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_FRACTIONS = {"%": 1e-2, "pp": 1e-2}


def parse_seconds(text: str) -> float:
    """Read a duration such as `25 ms` or `10 s`; return seconds.

    Raises:
        UsageError: The text is not a number with one of the units ns, us, ms, s, min, h.
    """
    return _parse(text, _SECONDS, "a duration", "25 ms")


def parse_bytes(text: str) -> int:
    """Read a size such as `40 MB` or `1.5 MiB`; return bytes."""
    return round(_parse(text, _BYTES, "a size", "40 MB"))


def parse_fraction(text: str) -> float:
    """Read a share such as `1.0 pp` or `0.5 %`; return a fraction of one."""
    return _parse(text, _FRACTIONS, "a share", "0.5 pp")


def _parse(text: str, units: Mapping[str, float], kind: str, example: str) -> float:
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*([A-Za-zµ%]+)\s*", text)
    if match is None or match[2] not in units:
        raise UsageError(
            f"{text!r} is not {kind}.",
            f"Write a number and one of the units {', '.join(units)}, such as {example!r}.",
        )
    return float(match[1]) * units[match[2]]


def milliseconds(nanoseconds: float) -> str:
    """Format a latency in ms with three significant figures: `0.123`, `4.56`, `78.9`, `123`."""
    return significant(nanoseconds / 1e6)


def megabytes(size: float) -> str:
    """Format bytes in MB (10⁶) with three significant figures."""
    return significant(size / 1e6)


def millions(count: float) -> str:
    """Format a count in millions with one decimal: `149.5`."""
    return f"{count / 1e6:,.1f}"


def percent(fraction: float) -> str:
    """Format a fraction as a percentage with two decimals: `99.56`."""
    return f"{fraction * 100:.2f}"


def points(fraction: float) -> str:
    """Format a difference of fractions in signed percentage points: `+0.22`, `−0.10`, `0.00`."""
    text = f"{fraction * 100:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text.replace("-", "−")


def seconds(duration: float) -> str:
    """Format seconds for reading: `0.8 s`, `12 s`, `3 min 20 s`."""
    if duration < 10:
        return f"{duration:.1f} s"
    if duration < 60:
        return f"{duration:.0f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s"


def significant(value: float) -> str:
    """Format a number with three significant figures, all digits from 100 on: `0.123`, `18,167`."""
    magnitude = abs(value)
    decimals = 3 if magnitude < 1 else 2 if magnitude < 10 else 1 if magnitude < 100 else 0
    return f"{value:,.{decimals}f}"
