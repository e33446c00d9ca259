"""The table of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from edgekit import units
from edgekit.reporting.columns import figures, identity, moment
from edgekit.reporting.points import Point, Share
from edgekit.reporting.table import NONE, Column, ColumnOf, TableOf, lifted
from edgekit.sweeps import Sweep

FRONT = "*"
# the ordinary columns that tell sizes apart, and how soon each may be left out
_FIGURES = {"p50": 1, "spread": 8, "p90": 12, "drop": 9, "size": 5, "model_ram": 4, "peak_ram": 10}
_COUNTS = {"instructions": 7, "counts_spread": 11}


def table(sweep: Sweep, points: Sequence[Point]) -> TableOf[Point]:
    """Build the table; a column that would say the same of all sizes is left out."""
    columns = [*_size(sweep, points), *_measured(points), *_figures(sweep, points)]
    wanted = (c for c in columns if c.rank <= 0 or any(c.cell(point) != NONE for point in points))
    return TableOf(title(sweep), tuple(wanted), tuple(points))


def title(sweep: Sweep) -> str:
    """Name a sweep by its family, what it was trained on, its devices and its time."""
    trained = f"trained on {sweep.dataset}" if sweep.trained else "random weights"
    return " · ".join((sweep.family, trained, *sweep.devices, moment(sweep.created)))


def _size(sweep: Sweep, points: Sequence[Point]) -> Iterator[ColumnOf[Point]]:
    about = "* where no other is as good in both time and accuracy, and significantly better in one"
    if any(point.front for point in points):
        yield ColumnOf("front", "front", "", lambda p: FRONT if p.front else "", about, 0, words=True)
    if any(cell.alpha is not None for cell in sweep.cells):
        yield ColumnOf("alpha", "alpha", "", _alpha, "width multiplier", 0)
    yield ColumnOf(
        "pixels", "pixels", "", lambda p: str(p.cell.resolution), "height and width", 0, short="px"
    )


def _alpha(point: Point) -> str:
    return NONE if point.cell.alpha is None else f"{point.cell.alpha:g}"


def _measured(points: Sequence[Point]) -> Iterator[ColumnOf[Point]]:
    if len({point.device.profile for point in points}) > 1:
        yield ColumnOf(
            "device", "device", "", lambda p: p.device.profile, "where it was measured", 0, words=True
        )
    for column in identity([point.row for point in points]):
        if column.key != "set" and (column.key == "valid" or len(_said(column, points)) > 1):
            yield lifted(column)


def _said(column: Column, points: Sequence[Point]) -> set[str]:
    return {column.cell(point.row) for point in points}


def _figures(sweep: Sweep, points: Sequence[Point]) -> Iterator[ColumnOf[Point]]:
    rows = [point.row for point in points]
    known = {column.key: column for column in figures(rows)}
    timed = any(row.latency for row in rows)
    untimed = any(row.latency is None for row in rows)
    for key, rank in _FIGURES.items():
        if key in known:
            yield lifted(replace(known[key], rank=rank))
        if key == "p90":
            yield from _accuracy(sweep)
    for key, rank in _COUNTS.items():
        if key in known:
            yield lifted(replace(known[key], rank=1 if untimed and key == "instructions" else rank))
    cost = "multiply-adds of convolutions and classifier, one image"
    yield ColumnOf("multiply_adds", "mult-adds", "M", _millions, cost, 6 if timed else 3, "model")


def _millions(point: Point) -> str:
    count = point.cell.multiply_adds
    return NONE if count is None else units.significant(count / 1e6)


def _accuracy(sweep: Sweep) -> Iterator[ColumnOf[Point]]:
    about = "images classified correctly"
    if not sweep.trained:
        about += ", published for ImageNet weights of this size; the weights measured here are random"
    name = "top-1" if sweep.trained else "published top-1"

    def cell(text: Callable[[Share], str]) -> Callable[[Point], str]:
        return lambda point: text(point.accuracy) if point.accuracy else NONE

    value = cell(lambda share: units.percent(share.value))
    ends = cell(lambda share: " … ".join(f"{end * 100:.1f}" for end in share.interval))
    short = "" if sweep.trained else "publ."
    yield ColumnOf("top1", name, "%", value, about, 2, "accuracy", short=short)
    yield ColumnOf("top1_ci", "95 % CI", "%", ends, "Wilson", 3, "accuracy", below="top1")
