"""What a sweep means, in plain sentences, and only as far as the data carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from edgekit import units
from edgekit.reporting.columns import latency_unit
from edgekit.reporting.points import Point
from edgekit.sweeps import Sweep
from edgekit.words import plural


def cautions(sweep: Sweep, points: Sequence[Point]) -> tuple[str, ...]:
    """Return what a reader must know before the figures."""
    return (*_weights(sweep, points), *_lacking(sweep), *_invalid(points))


def _weights(sweep: Sweep, points: Sequence[Point]) -> Iterator[str]:
    if sweep.trained:
        return
    said = "The weights are random, but times, memory and sizes are real"
    known = sum(bool(cell.published) for cell in sweep.cells)
    if not any(point.accuracy for point in points):
        yield f"{said}; edgekit knows no published accuracy of these sizes."
    else:
        which = "" if known == len(sweep.cells) else f" of {known} of the {len(sweep.cells)} sizes"
        yield f"{said}. The accuracies{which} are published ImageNet accuracies."


def _lacking(sweep: Sweep) -> Iterator[str]:
    lacking = [cell for cell in sweep.cells if not cell.whole or len(cell.results) < len(sweep.devices)]
    if lacking:
        verb = "lacks" if len(lacking) == 1 else "lack"
        yield f"{len(lacking)} of {plural(len(sweep.cells), 'size')} {verb} something."
    for cell in lacking:
        for failed in cell.failed:
            yield f"Failed: {failed.step}: {failed.reason}"
        for result in cell.results:
            if result.partial:
                yield f"{cell.title} on {result.device.profile} is incomplete: {result.partial}"


def _invalid(points: Sequence[Point]) -> Iterator[str]:
    invalid = sum(not point.row.valid for point in points)
    if invalid:
        verb = "is" if invalid == 1 else "are"
        yield (
            f"{invalid} of {plural(len(points), 'measurement')} {verb} invalid and not on the front; --again "
            "repeats them."
        )


def sentences(points: Sequence[Point]) -> tuple[str, ...]:
    """Say what is on the front, for each device and number of threads."""
    said = []
    for where, group in groupby(points, key=lambda p: (p.device.profile, p.row.threads_text)):
        measured = list(group)
        front = [point for point in measured if point.front]
        if front:
            place = f"On {' with '.join(where)}, {len(front)} of {plural(len(measured), 'measurement')}"
            verb = "is" if len(front) == 1 else "are"
            said.append(f"{place} {verb} on the front: {' to '.join(map(_figures, _ends(front)))}.")
    return tuple(said)


def _ends(front: Sequence[Point]) -> Sequence[Point]:
    return front if len(front) == 1 else (front[0], front[-1])


def _figures(point: Point) -> str:
    """Say what a size costs and gives: `alpha 0.5 at 192 pixels (12.3 ms, 91.2 %)`."""
    unit, length = latency_unit([point.row]) if point.row.latency else ("M instructions", 1e6)
    spent = f"{units.significant(point.cost.value / length)} {unit}" if point.cost else ""
    right = f", {units.percent(point.accuracy.value)} %" if point.accuracy else ""
    return f"{point.cell.title} ({spent}{right})"
