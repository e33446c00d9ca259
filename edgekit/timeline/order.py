"""Commits in the order in which they were made: a parent before its children, whatever their dates say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edgekit.repository import ask
from edgekit.results import Repository

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SLACK = timedelta(days=7)  # by how much clocks of committers may differ


@dataclass(frozen=True)
class Order:
    """What the repository here knows of some commits."""

    place: dict[str, int]  # of the commits that led to the one that is checked out, parents first
    elsewhere: frozenset[str] = frozenset()  # commits that the repository has, and that did not lead to it


def order(made_in: Iterable[Repository], folder: Path | None = None) -> Order:
    """Ask the repository that a folder is in for the order of commits.

    Args:
        made_in: What results say of their commits.
        folder: Anywhere in the repository; None: the current folder.

    Returns:
        The order; of commits that the repository does not have, as in a shallow clone or outside of any,
        nothing.
    """
    known = {each.commit: each.committed for each in made_in if _COMMIT.fullmatch(each.commit)}
    if not known:
        return Order({})
    # a large repository need not be walked to its beginning, unless something is missing then
    dates = [date for date in known.values() if date]
    since = _before(min(dates)) if len(dates) == len(known) else ""
    place = _places(known, [f"--since={since}"] if since else [], folder)
    if since and len(place) < len(known):
        place = _places(known, [], folder) or place
    others = [commit for commit in known if commit not in place]
    return Order(place, _has(others, folder) if others else frozenset())


def _places(known: Iterable[str], limits: list[str], folder: Path | None) -> dict[str, int]:
    """Return the place of each commit in the line that led to the one that is checked out."""
    listed = ask("rev-list", "--topo-order", "--reverse", *limits, "HEAD", "--", folder=folder)
    if isinstance(listed, str):
        return {}
    line = {commit: at for at, commit in enumerate(listed.decode().split())}
    return {commit: line[commit] for commit in known if commit in line}


def _before(date: str) -> str:
    try:
        return (datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ") - _SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""


def _has(commits: list[str], folder: Path | None) -> frozenset[str]:
    """Return those that the repository has."""
    answer = ask("cat-file", "--batch-check=%(objectname) %(objecttype)", folder=folder, given=commits)
    if isinstance(answer, str):
        return frozenset()
    return frozenset(line.split()[0] for line in answer.decode().splitlines() if line.endswith(" commit"))
