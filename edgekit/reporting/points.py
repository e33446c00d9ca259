"""The figures of a sweep: one point per size, file, runtime, number of threads and device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgekit import stats
from edgekit.reporting.rows import Row, rows
from edgekit.results import Device
from edgekit.stats import Spread
from edgekit.sweeps import Cell, Sweep


@dataclass(frozen=True)
class Share:
    """An accuracy, a fraction of one."""

    value: float
    interval: tuple[float, float]  # at 95 %
    images: int
    published: bool = False  # of others' weights of the same size: those measured here are random


@dataclass(frozen=True)
class Point:
    """One measurement of a sweep."""

    family: str
    cell: Cell  # alpha, resolution, multiply_adds
    device: Device
    row: Row  # the ordinary statistics: precision, format, runtime, threads, latency, memory, bytes
    accuracy: Share | None
    front: bool = False  # no other of the same device and threads is significantly better

    @property
    def cost(self) -> Spread | None:
        """What was spent; None where it cannot be trusted, either."""
        return self.spent if self.row.valid else None

    @property
    def spent(self) -> Spread | None:
        """The median latency in ns, with the range of the repeats' medians; where nothing is timed the count.

        None where neither was measured.
        """
        row = self.row
        return row.latency.p50 if row.latency else row.instructions.median if row.instructions else None


def points(sweep: Sweep) -> tuple[Point, ...]:
    """Compute a sweep's points, with those on the front marked.

    Returns:
        By device as named, then by size in the sweep's order, then as a result's rows are.
    """
    found = [point for device in sweep.devices for point in _of_device(sweep, device)]
    return tuple(replace(point, front=_on_front(point, found)) for point in found)


def _of_device(sweep: Sweep, device: str) -> Iterator[Point]:
    for cell in sweep.cells:
        for result in cell.results:
            if result.device.profile == device:
                for row in rows(result):
                    yield Point(sweep.family, cell, result.device, row, _accuracy(cell, row))


def _accuracy(cell: Cell, row: Row) -> Share | None:
    seen = row.accuracy
    if seen and seen.value is not None and seen.interval is not None:
        return Share(seen.value, seen.interval, seen.n)
    for each in cell.published:
        if each.precision == row.precision:
            ends = stats.wilson(round(each.top1 * each.images), each.images)
            return Share(each.top1, ends, each.images, published=True)
    return None


def _on_front(point: Point, among: Sequence[Point]) -> bool:
    """Whether a point is on the Pareto front of cost and accuracy of its device and number of threads.

    One is off it if another is at least as good in both and significantly better in one: beyond the repeats'
    ranges, or beyond the intervals. So two that cannot be told apart are both on it.
    """
    if point.cost is None or point.accuracy is None:
        return False
    return not any(
        _better(other, point)
        for other in among
        if (other.device.profile, other.row.threads) == (point.device.profile, point.row.threads)
    )


def _better(one: Point, other: Point) -> bool:
    if one.cost is None or other.cost is None or one.accuracy is None or other.accuracy is None:
        return False
    if one.cost.value > other.cost.value or one.accuracy.value < other.accuracy.value:
        return False
    return one.cost.high < other.cost.low or one.accuracy.interval[0] > other.accuracy.interval[1]
