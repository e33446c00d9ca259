"""`edgekit.compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, read_results

if TYPE_CHECKING:
    from edgekit.comparison import Across, Comparison
    from edgekit.results import Result


def compare(
    baseline: Result | StrPath,
    candidate: Result | StrPath | None = None,
    *,
    across: Across | None = None,
    against: str | None = None,
) -> Comparison:
    """Compare two results cell by cell; unlike things are refused unless `across` names them.

    Args:
        baseline: The result to compare with.
        candidate: The result to judge; None: both sides are in the first.
        across: The one thing in which the sides may differ; everything else must be equal.
        against: With one result, the side to compare with; None: the first.

    Raises:
        UsageError: Nothing can be compared, or the sides differ in what must be alike.
        RecordError: A file is not a result.
    """
    from edgekit.comparison import compare as run

    sides = read_results(side for side in (baseline, candidate) if side is not None)
    return run(*sides, across=across, against=against)
