"""The table of devices side by side: one line for each measurement and device, with its ratios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from edgekit import units
from edgekit.reporting.columns import figures, identity, output_columns
from edgekit.reporting.side_by_side.match import Line, Ratio, SideBySide
from edgekit.reporting.table import NONE, ColumnOf, TableOf, lifted
from edgekit.words import listed

_Columns = list[ColumnOf[Line]]
_STACKED = ("set", "artefact", "runtime")
# the figures that differ by device, and how soon each may be left out; the others are in each session's own
# table
_RANKS = {
    "p50": 1,
    "spread": 7,
    "instructions": 6,
    "counts_spread": 7,
    "counted_by": 8,
    "top1": 3,
    "drop": 5,
    "model_ram": 5,
}
_SHORT = 6  # characters of a device's name that a narrow heading has room for
_NEEDED = 3  # columns of this rank and below are what the table is for


def table(found: SideBySide, *, stacked: bool = False) -> TableOf[Line]:
    """Build the table; devices are one below the other, so that any number of them fits any width.

    Args:
        found: What was matched.
        stacked: File and runtime are one below the other as well, to save width.
    """
    shown = [line.row for line in found.lines]
    after = {"p50": _times(found), "instructions": _counts(found), "top1": _answers(found)}
    columns: _Columns = [_stacked(found)] if stacked else []
    for column in identity(shown):
        if not (stacked and column.key in _STACKED):
            columns.append(lifted(column))
        if column.key == "threads":
            columns.append(_device())
    # where some have times and others counts, neither may be left out
    ranks = _RANKS | ({"instructions": 1} if any(row.latency is None for row in shown) else {})
    known = {column.key: column for column in figures(shown)}
    for key in ranks:
        if key in known:
            columns += [lifted(replace(known[key], rank=ranks[key])), *after.get(key, ())]
    columns += output_columns(lambda line: line.outputs, found.name(found.bases.outputs))
    wanted = (c for c in columns if c.rank == 0 or any(c.cell(line) != NONE for line in found.lines))
    return TableOf(title(found), tuple(wanted), found.lines)


def fitted(found: SideBySide, width: int) -> TableOf[Line]:
    """Return the table of so many characters, stacked where that keeps a ratio or an agreement in it."""
    whole = table(found)
    fitting = whole.within(width)
    lost = {column.key for column in whole.columns if column.rank <= _NEEDED} - {
        column.key for column in fitting.columns
    }
    return table(found, stacked=True).within(width) if lost else fitting


def title(found: SideBySide) -> str:
    """Name devices side by side, and the artefact sets that they measured."""
    sets = sorted({line.row.set for line in found.lines})
    return " · ".join((listed(found.devices), *sets))


def threads_of(cell: Sequence[Line]) -> str:
    """Say on how many threads a cell was measured: `4 threads`, or `all CPUs: 16 and 4 threads`."""
    counts = list(dict.fromkeys(str(line.row.threads) for line in cell))
    return cell[0].row.threads_text if len(counts) == 1 else f"all CPUs: {listed(counts)} threads"


def ratio_text(ratio: float) -> str:
    """Format a ratio with three significant figures; 0.9998 is 1.00, as 1.0002 is."""
    return units.significant(float(f"{ratio:.3g}"))


def _stacked(found: SideBySide) -> ColumnOf[Line]:
    places = {id(line): place for cell in found.cells for place, line in enumerate(cell)}
    alone = {cell[0].cell for cell in found.cells if len(cell) == 1}

    def subject(line: Line) -> str:
        if line.cell in alone:
            return f"{line.row.name}\n{line.row.runtime}"
        return (line.row.name, line.row.runtime, "")[min(places[id(line)], 2)]

    about = "file, and below it what executed it"
    return ColumnOf("subject", "artefact, runtime", "", subject, about, 0, words=True, short="artefact")


def _device() -> ColumnOf[Line]:
    return ColumnOf("device", "device", "", _named, "where it was measured", 0, words=True)


def _named(line: Line) -> str:
    return line.device


def _times(found: SideBySide) -> _Columns:
    base = found.name(found.bases.times)
    about = f"p50 over that on {base}; never of an emulated device"
    return _ratios(("time", base, about), 2, "latency", lambda line: line.time)


def _counts(found: SideBySide) -> _Columns:
    base = found.name(found.bases.counts)
    about = f"instructions over those on {base}, of one architecture and counted alike"
    return _ratios(("count", base, about), 3, "count, not a time", lambda line: line.count)


def _ratios(
    about: tuple[str, str, str], rank: int, group: str, read: Callable[[Line], Ratio | None]
) -> _Columns:
    key, base, text = about

    def value(line: Line) -> str:
        ratio = read(line)
        return ratio_text(ratio.value) if ratio else NONE

    def ends(line: Line) -> str:
        ratio = read(line)
        return f"{ratio_text(ratio.low)} … {ratio_text(ratio.high)}" if ratio else NONE

    name = f"{key}_ratio"
    between = "the least and greatest that repeats allow"
    return [
        ColumnOf(name, f"× {base}", "", value, text, rank, group, short="×" if len(base) > _SHORT else ""),
        ColumnOf(f"{name}_range", "× range", "", ends, between, rank + 9, group, below=name),
    ]


def _answers(found: SideBySide) -> _Columns:
    def same(line: Line) -> str:
        return f"{line.answers.same}/{line.answers.images}" if line.answers else NONE

    def share(line: Line) -> str:
        return line.answers.percent if line.answers else NONE

    base, key = found.name(found.bases.answers), "answers"
    about = f"evaluation images with the same most likely class as on {base}"
    return [
        ColumnOf(key, f"same answers as {base}", "", same, about, 2, "accuracy", short="same"),
        ColumnOf(f"{key}_share", "same", "%", share, "their share", 9, "accuracy", below=key),
    ]
