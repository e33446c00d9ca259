"""`edgekit.check`, and the budgets that results would keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, all_results, several
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.budget import Baseline, Budget, Measured, Proposal, Verdict
    from edgekit.results import Result


@dataclass(frozen=True)
class Check:
    """Every limit of every budget, judged on every measurement that it is about."""

    verdicts: tuple[Verdict, ...]
    superseded: int = 0  # measurements left out because a newer session made them again
    notes: tuple[str, ...] = ()  # reasons to doubt it

    @property
    def passed(self) -> bool:
        """Whether every limit holds, or has no baseline yet.

        A limit whose figure is missing, invalid or inconclusive has not passed.
        """
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """0: all pass; 1: a limit is broken; else 3: a figure is missing; else 4: one is not certain."""
        from edgekit.budget import exit_code

        return exit_code(self.verdicts)


def check(
    results: Result | StrPath | Iterable[Result | StrPath] | None = None,
    *,
    budgets: StrPath = "budgets.toml",
    baseline: Result | StrPath | Iterable[Result | StrPath] | None = None,
) -> Check:
    """Judge results by budgets. Verdicts are returned, not raised: see `passed`.

    Args:
        results: Results, sweeps or their files, one or several; None: all in results/. If a cell was
            measured more than once, the newest counts.
        budgets: The limits, a TOML file.
        baseline: What limits such as `+5 %` are relative to, one result or several; None: what the file of
            limits names. A missing file is named in `notes`: a first run has none.

    Raises:
        UsageError: There is no result, or a limit is relative and no baseline is named.
        RecordError: A file cannot be read, or is not what it should be.
    """
    from edgekit.budget import judge, read_budgets

    stated = read_budgets(Path(budgets))
    before = _baseline(stated, Path(budgets), baseline)
    measured = _measured(results)
    verdicts = judge(stated, measured, before)
    first = next((each.result for each in verdicts if each.verdict == "first" and each.result), "RESULT")
    notes = (
        f"There is no baseline {name} yet, so this is a first run. To have one: "
        f"cp {quote(first)} {quote(str(name))}"
        for name in before.absent
    )
    return Check(verdicts, measured.superseded, (*measured.doubts, *notes))


def propose_budgets(
    results: Result | StrPath | Iterable[Result | StrPath] | None = None,
    *,
    budgets: StrPath = "budgets.toml",
    baseline: Result | StrPath | Iterable[Result | StrPath] | None = None,
) -> tuple[Proposal, Check]:
    """Propose budgets that the results meet; nothing is written.

    Args:
        results: As in `check`.
        budgets: The limits, a TOML file; if there is none, one is proposed.
        baseline: As in `check`. Limits that are relative to it stay: a new baseline moves them.

    Returns:
        The proposal, and the verdicts that it does not resolve: either nothing was measured, or the limit is
        relative to the baseline.

    Raises:
        UsageError: There is no result.
        RecordError: A file cannot be read, or is not what it should be.
        InvalidError: There are no budgets yet, and no valid measurement to base them on.
    """
    from edgekit.budget import judge, propose, read_budgets, unresolved

    path = Path(budgets)
    stated: tuple[Budget, ...] = read_budgets(path) if path.exists() else ()
    measured = _measured(results)
    verdicts = judge(stated, measured, _baseline(stated, path, baseline))
    left = Check(tuple(unresolved(verdicts)), measured.superseded)
    return propose(path, verdicts, measured), left


def _baseline(
    stated: Sequence[Budget], path: Path, given: Result | StrPath | Iterable[Result | StrPath] | None
) -> Baseline:
    """Find what relative limits are relative to; nothing is read where none is.

    Raises:
        UsageError: None is named.
        RecordError: A file is not a result.
    """
    from edgekit.budget import find_baseline, read_baseline
    from edgekit.budget.baseline import NO_BASELINE
    from edgekit.results import Result

    if not any(budget.relative for budget in stated):
        return NO_BASELINE
    named = read_baseline(path) if given is None else several(given)
    if not named:
        raise UsageError(
            f"{path} has limits relative to a baseline, but names no baseline.",
            'Write baseline = "RESULT" before its first table, or give --baseline RESULT.',
        )
    return find_baseline([each if isinstance(each, Result) else Path(each) for each in named])


def _measured(results: Result | StrPath | Iterable[Result | StrPath] | None) -> Measured:
    from edgekit.budget import read_cells
    from edgekit.results import Result

    given = all_results() if results is None else several(results)
    return read_cells(
        [part for each in given for part in ([each] if isinstance(each, Result) else _in(each))]
    )


def _in(path: StrPath) -> Sequence[Result | Path]:
    """Return the results of a sweep, its file or its folder; else the path, as that of a result."""
    from edgekit.sweeps import FILE, read_sweep

    given = Path(path)
    if given.name != FILE and not given.is_dir():
        return [given]
    return [result for cell in read_sweep(given).cells for result in cell.results]
