"""Two sides of measurements, cell by cell: what got slower, what got faster, what is not certain.

pairs     which cells belong together, and whether they may be compared at all
change    one figure of two cells: ratio, interval, word
together  two cells that were measured together, until it is certain
judge     two results -> comparison
advice    what to do next
to_json   a comparison for programs
"""

from __future__ import annotations

from edgekit.comparison.change import Change
from edgekit.comparison.judge import Compared, Comparison, compare
from edgekit.comparison.pairs import ACROSS, Across, Only

__all__ = ["ACROSS", "Across", "Change", "Compared", "Comparison", "Only", "compare"]
