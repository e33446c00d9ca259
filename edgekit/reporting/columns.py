"""Which columns there are, and how each turns a row into text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from edgekit import units
from edgekit.outputs import Difference, cosine_text
from edgekit.reporting.accuracy import Accuracy
from edgekit.reporting.method import conditions
from edgekit.reporting.rows import Latency, Memory, Row
from edgekit.reporting.table import INSUFFICIENT, NONE, Column, ColumnOf, Table
from edgekit.results import Result

Cell = Callable[[Row], str]

# Below it three decimals of a millisecond no longer tell two latencies apart.
_MICROSECONDS_BELOW = 100_000  # ns


def table(result: Result, computed: tuple[Row, ...]) -> Table:
    """Build a session's table from its rows. Columns for which nothing was measured are left out."""
    return Table(title(result), (*identity(computed), *figures(computed)), computed)


def figures(computed: Sequence[Row]) -> tuple[Column, ...]:
    """Return the columns after those that say what was measured, without those that would be empty."""
    timed = any(row.latency for row in computed)
    counts = _counts(6 if timed else 1)
    first = _latency(computed) if timed else counts
    sustained = _sustained(computed)
    every = (
        *first,
        *sustained,
        *_accuracy(computed),
        *_outputs(),
        *_footprint(),
        *_start(),
        *(counts if timed else ()),
    )
    return tuple(column for column in every if any(column.cell(row) != NONE for row in computed))


def title(result: Result) -> str:
    """Name a session by device, artefact sets, time and conditions, so that two are never taken for one."""
    sets = sorted({measurement.artefact.title for measurement in result.measurements})
    return " · ".join((result.device.profile, *sets, moment(result.created), *conditions(result)))


def moment(iso: str) -> str:
    """Return an ISO 8601 time in UTC as people write it, to the second; anything else as it is."""
    from datetime import datetime, timezone

    try:
        return (
            datetime.fromisoformat(iso.replace("Z", "+00:00"))
            .astimezone(timezone.utc)
            .strftime("%Y-%m-%d %H:%M:%S UTC")
        )
    except ValueError:
        return iso


def latency_unit(computed: Sequence[Row]) -> tuple[str, float]:
    """The one unit a session's latencies are shown in, and its length in ns."""
    fastest = min((row.latency.p50.value for row in computed if row.latency), default=0)
    return ("µs", 1e3) if 0 < fastest < _MICROSECONDS_BELOW else ("ms", 1e6)


def identity(computed: Sequence[Row]) -> list[Column]:
    """Return the columns that say what was measured, and whether it can be trusted."""
    several_sets = len({row.set for row in computed}) > 1
    flagged = any(row.state != "ok" for row in computed)
    about = (
        "no: its times, or its counts where nothing was timed, cannot be trusted and are in parentheses; "
        "yes !: with a warning"
    )
    words = {"ok": "yes", "warning": "yes !", "invalid": "NO"}
    return [
        *([Column("set", "set", "", lambda r: r.set, "artefact set", 0, words=True)] if several_sets else []),
        Column("artefact", "artefact", "", lambda r: r.file, "file", 0, words=True),
        Column("runtime", "runtime", "", lambda r: r.runtime, "what executed it", 0, words=True),
        Column("threads", "threads", "", lambda r: str(r.threads), "threads it was given", 0, short="thr"),
        Column("valid", "valid", "", lambda r: words[r.state], about, 0 if flagged else 12, words=True),
    ]


def _latency(computed: Sequence[Row]) -> list[Column]:
    unit, length = latency_unit(computed)

    def time(read: Callable[[Latency], float | None]) -> Cell:
        def cell(row: Row) -> str:
            if row.latency is None:
                return NONE
            value = read(row.latency)
            return INSUFFICIENT if value is None else _trusted(row, units.significant(value / length))

        return cell

    def spread(row: Row) -> str:
        return f"{row.latency.p50.relative * 100:.1f}" if row.latency else NONE

    def unspaced(row: Row) -> str:
        return _trusted(row, units.significant(row.unspaced.value / length)) if row.unspaced else NONE

    back = "p50 of back-to-back inferences, next to the spaced ones"

    return [
        Column(
            "p50", "p50", unit, time(lambda t: t.p50.value), "median of the repeats' medians", 1, "latency"
        ),
        Column("spread", "spread", "%", spread, "range of those medians over p50", 7, "latency", below="p50"),
        Column("unspaced", "back to back", unit, unspaced, back, 2, "latency", short="b. to b."),
        Column("p90", "p90", unit, time(lambda t: t.p90), "9 of 10 inferences are faster", 6, "latency"),
        Column("p99", "p99", unit, time(lambda t: t.p99), "99 of 100 inferences are faster", 10, "latency"),
    ]


def _sustained(computed: Sequence[Row]) -> list[Column]:
    unit, length = latency_unit(computed)

    def steady(row: Row) -> str:
        if row.sustained is None:
            return NONE
        if row.sustained.steady is None:
            return "unsteady"
        return _trusted(row, units.significant(row.sustained.steady / length))

    def held(row: Row) -> str:
        if row.sustained is None:
            return NONE
        after = row.sustained.slowed_after
        return f"all {units.seconds(row.sustained.seconds)}" if after is None else units.seconds(after)

    group = "sustained"
    about = "median of the last third of the sustained load; unsteady: it still changed"
    kept = "how long the load kept its pace before it slowed by 5 % or more"
    return [
        Column("steady", "steady", unit, steady, about, 2, group),
        Column("held", "pace held", "", held, kept, 3, group, short="held"),
    ]


def _counts(rank: int) -> list[Column]:
    def median(row: Row) -> str:
        if row.instructions is None:
            return NONE
        text = units.significant(row.instructions.median.value / 1e6)
        return text if row.latency else _trusted(row, text)  # a clock that moved changes no count

    def spread(row: Row) -> str:
        return units.significant(row.instructions.median.relative * 100) if row.instructions else NONE

    def source(row: Row) -> str:
        return row.instructions.source if row.instructions else NONE

    group, below = "count, not a time", "instructions"
    about = "million instructions per inference, a count and not a time"
    return [
        Column("instructions", "instr.", "M", median, about, rank, group),
        Column("counts_spread", "range", "%", spread, "range of the counts over it", 7, group, below=below),
        Column("counted_by", "counted by", "", source, "what counted them", 8, group, words=True),
    ]


def _start() -> list[Column]:
    def load(row: Row) -> str:
        return _trusted(row, units.milliseconds(row.load.value)) if row.load else NONE

    def first(row: Row) -> str:
        return _trusted(row, units.milliseconds(row.first.value)) if row.first else NONE

    return [
        Column("load", "load", "ms", load, "from model file to ready interpreter", 9, "start"),
        Column("first", "first", "ms", first, "first inference in a fresh process", 11, "start"),
    ]


def _footprint() -> list[Column]:
    def memory(read: Callable[[Memory], int]) -> Cell:
        return lambda row: units.megabytes(read(row.memory)) if row.memory else NONE

    def column(name: str, rank: int, about: str, read: Callable[[Memory], int], below: str = "") -> Column:
        return Column(f"{name}_ram", f"{name} RAM", "MB", memory(read), about, rank, "memory", below=below)

    model = column("model", 5, "the model's own cost: peak − base", lambda m: m.model)
    return [
        Column("size", "size", "MB", lambda r: units.megabytes(r.bytes), "of the file", 4, "file"),
        replace(model, short="RAM"),
        column("base", 14, "resident with the runtime imported", lambda m: m.baseline, "model_ram"),
        column("peak", 13, "highest resident", lambda m: m.peak),
        column("loaded", 15, "resident with the model loaded", lambda m: m.loaded, "peak_ram"),
    ]


def _accuracy(computed: Sequence[Row]) -> list[Column]:
    def share(read: Callable[[Accuracy], float | None], text: Callable[[float], str]) -> Cell:
        def cell(row: Row) -> str:
            value = read(row.accuracy) if row.accuracy else None
            return NONE if value is None else text(value)

        return cell

    def ends(read: Callable[[Accuracy], tuple[float, float] | None], text: Callable[[float], str]) -> Cell:
        def cell(row: Row) -> str:
            interval = read(row.accuracy) if row.accuracy else None
            return " … ".join(map(text, interval)) if interval else NONE

        return cell

    percent, group = units.percent, "accuracy"
    labelled = any(row.accuracy and row.accuracy.value is not None for row in computed)
    value = "images classified correctly: the most likely class, or every label"
    labels = "labels that are right, over all images"
    drop = "accuracy lost from the float model on the same images"
    agree = "images with the same answer as the float model"
    return [
        Column("top1", "top-1", "%", share(lambda a: a.value, percent), value, 2, group),
        Column(
            "top1_ci", "95 % CI", "%", ends(lambda a: a.interval, _tenths), "Wilson", 16, group, below="top1"
        ),
        Column("drop", "drop", "pp", share(lambda a: a.drop, points), drop, 3, group),
        Column(
            "drop_ci",
            "95 % CI",
            "pp",
            ends(lambda a: a.drop_interval, points),
            "paired",
            8,
            group,
            below="drop",
        ),
        Column("labels", "labels", "%", share(lambda a: a.by_label, percent), labels, 3, group),
        Column(
            "agreement",
            "agree",
            "%",
            share(lambda a: a.agreement, percent),
            agree,
            17 if labelled else 2,  # it takes the place of accuracy
            group,
        ),
    ]


def _outputs() -> list[Column]:
    return output_columns(lambda row: row.outputs, "the runtime that ran the file first")


def output_columns(read: Callable[[Any], Difference | None], base: str) -> list[ColumnOf[Any]]:
    """Return the columns that compare outputs.

    Args:
        read: Returns what a row or a line has of it.
        base: What is compared with, in words.
    """

    def cell(text: Callable[[Difference], str]) -> Callable[[Any], str]:
        def of(row: Any) -> str:
            found = read(row)
            return text(found) if found else NONE

        return of

    group = "outputs"
    largest = f"largest difference of any output value to {base}, of the output that differs most"
    top = f"whether the highest score is in the same place as on {base}"
    words: dict[bool | None, str] = {True: "same", False: "other", None: NONE}
    return [
        ColumnOf("difference", "difference", "", cell(lambda d: d.least), largest, 3, group, short="diff"),
        ColumnOf("cosine", "cosine", "", cell(lambda d: cosine_text(d.cosine)), "of those outputs", 8, group),
        ColumnOf("top", "top-1", "", cell(lambda d: words[d.same_top]), top, 7, group, words=True),
    ]


def points(fraction: float) -> str:
    """Format a drop in percentage points; only a gain has a sign."""
    return units.points(fraction).removeprefix("+")


def _tenths(fraction: float) -> str:
    return f"{fraction * 100:.1f}"


def _trusted(row: Row, text: str) -> str:
    """Put a time that cannot be trusted in parentheses."""
    return text if row.valid else f"({text})"
