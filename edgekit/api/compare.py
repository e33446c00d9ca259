"""`edgekit.compare`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, Threads, read_results, several

if TYPE_CHECKING:
    from edgekit.comparison import Across, Comparison
    from edgekit.results import Result


def compare(
    baseline: Result | StrPath,
    candidate: Result | StrPath | None = None,
    *,
    across: Across | None = None,
    against: str | None = None,
    runtimes: str | Iterable[str] = (),
    threads: Threads | Iterable[Threads] = (),
    artefacts: str | Iterable[str] = (),
) -> Comparison:
    """Compare two results cell by cell. What differs in more than `across` is not: `unlike` names it and why.

    Args:
        baseline: The result to compare with.
        candidate: The result to judge; None: both sides are in the first.
        across: The one thing in which the sides may differ; everything else must be equal.
        against: With one result, the side to compare with; None: the first.
        runtimes: Only these, each NAME or NAME==VERSION; none: all.
        threads: Only these numbers of threads; none: all.
        artefacts: Only files of these names; none: all.

    Raises:
        UsageError: Nothing can be compared.
        RecordError: A file is not a result.
    """
    from edgekit.comparison import Only
    from edgekit.comparison import compare as run

    sides = read_results(side for side in (baseline, candidate) if side is not None)
    only = Only(several(runtimes), several(threads), several(artefacts))
    return run(*sides, across=across, against=against, only=only)
