"""Devices side by side: for each file and runtime a bar per device. Times and counts have charts apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from edgekit import units
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.instructions import AXIS, counted
from edgekit.reporting.charts.marks import STEP, Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.reporting.columns import latency_unit
from edgekit.reporting.kinds import cpu_words
from edgekit.reporting.side_by_side import Line, Ratio, SideBySide
from edgekit.reporting.side_by_side.columns import threads_of

_HEADING, _BAR, _GAP = (
    0.5,
    0.68,
    0.12,
)  # of a step: what was measured, each device below it, and the space after them
_LABEL, _MIDDLE = 0.16, 0.46  # where in a device's part, from its top
_LOGARITHMIC = 30  # the axis is, when the greatest is so many times the least
_LEFT_OUT = " What is invalid or cannot be compared is left out."
_LOG = " The axis is logarithmic: equal distances are equal ratios, and the line only leads to the mark."


_Cell: TypeAlias = "Sequence[Line]"


@dataclass(frozen=True)
class _Kind:
    key: str
    title: str
    axis: str
    caption: str
    value: Callable[[Line], float]
    label: Callable[[Line], str]


def by_device(found: SideBySide, theme: Theme) -> list[Figure]:
    """Draw latency on real devices and instructions by CPU, each where at least two can be compared."""
    times = _cells(found, found.bases.times, lambda line: line.time)
    counts = _cells(found, found.bases.counts, lambda line: line.count)
    drawn = [_drawn(times, _latency(times), theme)] if times else []
    return [*drawn, *([_drawn(counts, _INSTRUCTIONS, theme)] if counts else [])]


def _cells(found: SideBySide, base: int | None, ratio: Callable[[Line], Ratio | None]) -> list[_Cell]:
    """Return what has a ratio, with what it is the ratio to."""
    cells = [[line for line in cell if line.session == base or ratio(line)] for cell in found.cells]
    return [cell for cell in cells if len(cell) > 1]


def _latency(cells: Sequence[_Cell]) -> _Kind:
    unit, length = latency_unit([line.row for cell in cells for line in cell])

    def value(line: Line) -> float:
        return line.row.latency.p50.value / length if line.row.latency else 0.0

    return _Kind(
        key="latency-by-device",
        title="Latency by device",
        axis=f"p50 latency of one inference ({unit})",
        caption="Bar: p50, the median of the repeats' medians.",
        value=value,
        label=lambda line: f"{line.device} · {units.significant(value(line))} {unit}",
    )


def _counted_label(line: Line) -> str:
    seen = line.row.instructions
    emulated = [cpu_words(seen.source)] if seen and seen.source.startswith("qemu") else []
    return " · ".join((line.device, f"{units.significant(counted(line.row) / 1e6)} M", *emulated))


_INSTRUCTIONS = _Kind(
    key="instructions-by-device",
    title="Instructions by CPU",
    axis=AXIS,
    caption="Bar: median of the inferences that were counted, on CPUs of one architecture. A count is not "
    "a time.",
    value=lambda line: counted(line.row) / 1e6,
    label=_counted_label,
)


def _drawn(cells: Sequence[_Cell], kind: _Kind, theme: Theme) -> Figure:
    import altair as alt

    values = [kind.value(line) for cell in cells for line in cell]
    low, high = min(values), max(values)
    wide = high > _LOGARITHMIC * low
    first = low * 0.8 if wide else 0.0
    headings, bars, height = _placed(kind, cells, first)
    held, rows = marks.data(bars), [line.row for cell in cells for line in cell]
    scaled: Literal["log", "linear"] = "log" if wide else "linear"
    scale = alt.Scale(type=scaled, domain=[first, high], nice=False)
    title = kind.axis.replace(" (", ", logarithmic (") if wide else kind.axis
    axis = alt.X("zero:Q", title=title, scale=scale, axis=alt.Axis(labelSeparation=8))
    colour = marks.colour(theme, rows)
    layers = [
        marks.bars(held, height, "zero", "value", axis, thickness=2 if wide else 12).encode(
            color=colour, opacity=alt.value(0.75), tooltip=["subject:N", "label:N"]
        ),
        marks.labels(held, theme, height),
        marks.labels(marks.data(headings), theme, height, bold=True),
    ]
    if wide:
        ends = alt.Chart(held).mark_point(size=45, filled=True, opacity=1)
        layers.insert(1, ends.encode(x="value:Q", y=marks.height("middle", height), color=colour))
    words = f"{kind.title} of {len(bars)} measurements; the table has the figures."
    chart = framed(alt.LayerChart(layer=layers), theme, round(STEP * height), words)
    return Figure(kind.key, kind.title, kind.caption + _LEFT_OUT + (_LOG if wide else ""), chart)


def _placed(kind: _Kind, cells: Sequence[_Cell], first: float) -> tuple[list[Datum], list[Datum], float]:
    """Return headings, bars, and how many steps high they are together."""
    headings: list[Datum] = []
    bars: list[Datum] = []
    top = 0.0
    for cell in cells:
        row = cell[0].row
        subject = f"{row.name} · {row.runtime} · {threads_of(cell)}"
        headings.append({"label": subject, "top": top + _HEADING / 2})
        top += _HEADING
        for line in cell:
            bars.append(_bar(kind, line, subject, top) | {"zero": first})
            top += _BAR
        top += _GAP
    return headings, bars, top


def _bar(kind: _Kind, line: Line, subject: str, top: float) -> Datum:
    return {
        "subject": subject,
        "label": kind.label(line),
        "precision": line.row.precision,
        "value": kind.value(line),
        "top": top + _LABEL,
        "middle": top + _MIDDLE,
    }
