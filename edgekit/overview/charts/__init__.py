"""Trade-offs on each device, each model's past, and where instructions go: as charts of the page.

Data are held once in a chart, in few letters, since there may be hundreds of lines.
"""

from __future__ import annotations

from edgekit.overview.charts.history import history
from edgekit.overview.charts.operators import operators
from edgekit.overview.charts.tradeoff import tradeoff

__all__ = ["history", "operators", "tradeoff"]
