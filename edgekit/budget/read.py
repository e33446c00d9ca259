"""Budgets, as budgets.toml states them.

    [[budget]]
    name = "digits on a Pi 4"       # optional; verdicts use it
    device = "rpi4*"                # patterns: * and ? stand for anything; not given: any
    model = "mobilenet_v1_0.5_32_digits"
    artefact = "int8.tflite"
    runtime = "litert"              # or "litert==2.3.*"
    xnnpack = false                 # what --no-xnnpack measured; not given: true, and without a runtime any
    threads = 1                     # not given: any number
    fps = 30                        # of inferences spaced by --fps; not given: back to back
    latency_p50 = "25 ms"           # at most
    latency_p90 = "30 ms"           # at most
    peak_memory = "60 MB"           # at most: resident set of a process that only infers
    size = "1.1 MB"                 # at most
    accuracy = "99.0 %"             # at least
    accuracy_drop = "1.0 pp"        # at most, from the float model
    agreement = "99.0 %"            # at least, with the float model's answers
    instructions = "1.14 M"         # at most, per inference
    tolerance = "0.1 %"             # of size and instructions, which are then references

A limit with a sign is relative to a baseline, a result that the file names before its tables:

    baseline = "edgekit-baseline.json"  # from the file's folder; several: an array

    [[budget]]
    latency_p50 = "+5 %"
    accuracy = "-0.5 pp"

*Every* table that matches a measurement applies, each limit on its own: a budget is a promise that no other
table takes back. To make an exception, write a narrower pattern; do not add a table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from edgekit.budget.lines import line_of, unreadable
from edgekit.budget.metrics import METRICS, Metric, parse_tolerance
from edgekit.errors import RecordError, UsageError
from edgekit.results import without
from edgekit.schema import upgrade
from edgekit.words import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_T = TypeVar("_T")

_BASELINE = "baseline"
PATTERNS = ("device", "model", "artefact", "runtime")


@dataclass(frozen=True)
class Budget:
    """One table [[budget]]: what it is about, and the limits."""

    index: int  # of the table in its file, from 0
    name: str
    limits: Mapping[str, float]  # by metric's key, in the metric's unit
    relative: Mapping[str, float] = field(default_factory=dict)  # how much worse than the baseline
    device: str = "*"
    model: str = "*"
    artefact: str = "*"
    runtime: str = "*"
    xnnpack: bool | None = None  # False: XNNPACK is switched off; None: either
    threads: int | None = None  # None: any
    fps: float | None = None  # spaced inferences per second; None: back to back
    tolerance: float | None = None  # fraction of the limits of metrics that are the same on every run

    def tolerance_of(self, metric: Metric) -> float | None:
        """The tolerance of a metric's limit; None: the limit is a ceiling, not a reference."""
        return self.tolerance if metric.tolerated else None


def _fields(content: dict[str, Any]) -> None:
    """Upgrade from edgekit 0.1, in which the runtime's pattern said that XNNPACK is switched off."""
    tables, off = content.get("budget"), without(xnnpack=False)
    for table in tables if isinstance(tables, list) else ():
        runtime = table.get("runtime") if isinstance(table, dict) else None
        if isinstance(runtime, str) and runtime.endswith(off):
            table |= {"runtime": runtime.removesuffix(off), "xnnpack": False}


UPGRADES = (_fields,)


def _keys() -> tuple[str, ...]:
    """Return what a table [[budget]] may say."""
    return ("name", *PATTERNS, "xnnpack", "threads", "fps", *METRICS, "tolerance")


def read_budgets(path: Path) -> tuple[Budget, ...]:
    """Read a file of budgets.

    Raises:
        RecordError: It cannot be read, or says something that no budget says. Line and key are named.
    """
    return _file(path).budgets()


def read_baseline(path: Path) -> tuple[Path, ...]:
    """Read which results a file of budgets names as the baseline; they need not exist.

    Raises:
        RecordError: As `read_budgets`.
    """
    return _file(path).baseline()


def _file(path: Path) -> _File:
    try:
        # not read_text: it would turn a lone carriage return, which is not TOML, into a line's end
        text = path.read_bytes().decode()
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read: {error.strerror}.",
            "Name the file with --budgets, or write one: edgekit check --update --write.",
        ) from error
    except UnicodeDecodeError as error:
        raise RecordError(f"{path} is not a text file: {error}.", "Save it as UTF-8.") from error
    return _File(path, text.removeprefix("\ufeff"))


class _File:
    """A file's text, and how to report what is wrong with it."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text

    def budgets(self) -> tuple[Budget, ...]:
        content = self._parse()
        upgrade(content, UPGRADES)
        for key in content:
            if key not in ("budget", _BASELINE):
                self._fail(
                    (key,), f"unknown key {key!r}.{nearest(key, ['budget', _BASELINE, *_keys()])}", _TABLE
                )
        self.baseline()
        tables = content.get("budget", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._fail(("budget",), "'budget' is not an array of tables.", _TABLE)
        if not tables:
            raise RecordError(f"{self._path} has no budget.", _TABLE)
        return tuple(self._budget(index, table) for index, table in enumerate(tables))

    def baseline(self) -> tuple[Path, ...]:
        named = self._parse().get(_BASELINE, [])
        names = [named] if isinstance(named, str) else named
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            hint = 'Write one, or several: baseline = ["rpi4.json", "rpi5.json"].'
            self._fail((_BASELINE,), f"{_BASELINE}: {named!r} is not the name of a file.", hint)
        return tuple(self._path.parent / name for name in names)

    def _parse(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:
            line = unreadable(self._text)
            seen = f", line {line}: {self._text.splitlines()[line - 1].strip()[:80]!r}" if line else ""
            raise RecordError(
                f"{self._path} is not a TOML file{seen}: {error}.", 'Texts and units need quotes: "25 ms".'
            ) from error

    def _budget(self, index: int, table: dict[str, object]) -> Budget:
        keys = _keys()
        for key in table:
            if key == _BASELINE:
                hint = "Put it at the top, before the first [[budget]]."
                self._fail(("budget", index, key), "the baseline is that of the whole file.", hint)
            if key not in keys:
                self._fail(
                    ("budget", index, key),
                    f"unknown key {key!r}.{nearest(key, keys)}",
                    f"Keys: {', '.join(keys)}.",
                )
        changes = {key: self._value(index, table, key, metric.change) for key, metric in METRICS.items()}
        relative = {key: change for key, change in changes.items() if change is not None}
        stated = {
            key: self._value(index, table, key, metric.limit)
            for key, metric in METRICS.items()
            if key not in relative
        }
        limits = {key: limit for key, limit in stated.items() if limit is not None}
        if not limits and not relative:
            self._fail(("budget", index), "this budget limits nothing.", f"Limits: {', '.join(METRICS)}.")
        exact = [metric.name for metric in METRICS.values() if metric.tolerated]
        if "tolerance" in table and not {*exact} & {*limits}:
            self._fail(
                ("budget", index, "tolerance"),
                f"tolerance applies to {' and '.join(exact)}, and this budget limits none of them.",
                "Remove it: limits on time are judged by the spread that was measured."
                if not {*exact} & {*relative}
                else "Remove it: a limit that is relative to a baseline says itself how much is tolerated.",
            )
        # a budget that names a runtime means it as it comes
        table = {"xnnpack": True, **table} if table.get("runtime", "*") != "*" else table
        return Budget(
            index=index,
            limits=limits,
            relative=relative,
            name=self._value(index, table, "name", _text) or f"budget {index + 1}",
            xnnpack=self._value(index, table, "xnnpack", _switch),
            threads=self._value(index, table, "threads", _threads),
            fps=self._value(index, table, "fps", _pace),
            tolerance=self._value(index, table, "tolerance", parse_tolerance),
            **{key: self._value(index, table, key, _text) or "*" for key in PATTERNS},
        )

    def _value(
        self, index: int, table: dict[str, object], key: str, read: Callable[[object], _T]
    ) -> _T | None:
        """Return what a key of a table says; None: it is not there."""
        try:
            return read(table[key]) if key in table else None
        except UsageError as error:
            self._fail(("budget", index, key), f"{key}: {error.what}", error.hint)

    def _fail(self, path: tuple[str | int, ...], what: str, hint: str) -> NoReturn:
        raise RecordError(f"{self._path}, line {line_of(self._text, path)}: {what}", hint)


_TABLE = "Each budget is a table that begins with [[budget]]."


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{value!r} is not a text.", 'Write it like "*".')
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(
            f"{value!r} is neither true nor false.", "Write false for what was measured with --no-xnnpack."
        )
    return value


def _threads(value: object) -> int | None:
    if value == "*":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"{value!r} is not a number of threads.", 'Write a number of at least 1, or "*".')
    return value


def _pace(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise UsageError(
            f"{value!r} is not a number of inferences per second.",
            "Write the number that was given to --fps, or leave the key out for inferences back to back.",
        )
    return value
