"""A folder of results over time: what was measured, at which commit, and where it changed.

    entries    a result file -> what it measured, one entry per cell, without its samples
    index      the entries of a folder, kept in a database that can be made again at any time
    order      commits in the order in which they were made
    steps      values in that order -> where they changed, by how much
    known      those changes, kept by the values they were found in
    gather     all of it -> a History
    plot       a History as an image
    to_json    a History for programs

The results stay plain files; nothing here writes to their folder.
"""

from __future__ import annotations

from edgekit.timeline.entries import Entry
from edgekit.timeline.gather import SHORT, History, Series, Step, Value, gather, metric_of, trace
from edgekit.timeline.index import Unreadable, look

__all__ = [
    "SHORT",
    "Entry",
    "History",
    "Series",
    "Step",
    "Unreadable",
    "Value",
    "gather",
    "look",
    "metric_of",
    "trace",
]
