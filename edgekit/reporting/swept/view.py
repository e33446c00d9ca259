"""A sweep as every format shows it: each part is computed once."""

from __future__ import annotations

from functools import cached_property

from edgekit.reporting.points import Point, points
from edgekit.reporting.swept.columns import table
from edgekit.reporting.swept.summary import cautions, sentences
from edgekit.reporting.table import TableOf
from edgekit.sweeps import Sweep


class View:
    """One sweep, read once."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The measurements: by device and threads, what costs least first."""
        devices = {name: place for place, name in enumerate(self.sweep.devices)}

        def place(point: Point) -> tuple[int, int, float]:
            spent = point.spent.value if point.spent else float("inf")
            return devices[point.device.profile], point.row.threads, spent

        return tuple(sorted(points(self.sweep), key=place))

    @cached_property
    def table(self) -> TableOf[Point]:
        """The points as a table of texts."""
        return table(self.sweep, self.points)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know before the figures."""
        return cautions(self.sweep, self.points)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """What the figures mean."""
        return sentences(self.points)
