"""The devices of several sessions side by side: what was measured alike on each, and ratios between them.

match      sessions -> SideBySide: lines by what was measured
columns    its table
summary    what it means, in plain sentences
"""

from __future__ import annotations

from edgekit.reporting.side_by_side.match import Bases, Line, Ratio, SideBySide, match

__all__ = ["Bases", "Line", "Ratio", "SideBySide", "match"]
