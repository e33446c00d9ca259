"""A folder of results as one page: what to ship, whether it holds its budget, what changed, and why.

    folder      the folder: its sessions, and what of it is left out
    lines       the newest measurement of each cell, with its verdicts
    changes     what changed since the session before
    answers     which of them to ship, on each device, and the one that is recommended
    moves       what changed, in few words
    words       all of it in sentences
    past        a metric over time, and its steps
    charts      trade-offs, history, and operators, as charts
    to_html     all of it, on a page

Each file of results that cannot be read, or is a copy of another, is named, and the rest is shown.
"""

from __future__ import annotations

from edgekit.overview.overview import Overview

__all__ = ["Overview"]
