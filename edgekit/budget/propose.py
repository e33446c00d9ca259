"""Budgets that the results would keep: a text to review, which leaves the file's own comments in place."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from math import isfinite
from pathlib import Path
from typing import Any

from edgekit.budget.cells import Cell
from edgekit.budget.figures import Figure
from edgekit.budget.measured import Measured
from edgekit.budget.metrics import METRICS, Metric
from edgekit.budget.record import Verdict
from edgekit.errors import InvalidError, RecordError

TOLERANCE = "0.1 %"  # of a new file's instructions: what two machines' counts of one program differ by
_HEADING = """\
# Budgets, judged by `edgekit check`. Proposed from what was measured: latency is the upper 99 % bound
# plus 20 %, peak memory what was measured plus 10 %; size, accuracy and instructions are as measured.

"""


@dataclass(frozen=True)
class Proposal:
    """A file of budgets as it is, and as it might be."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """What would change, as a unified diff that `patch -p1` and `git apply` take; empty: nothing."""
        name = " ".join(self.path.as_posix().lstrip("/").split())
        old, new = (text.splitlines(keepends=True) for text in (self.before, self.after))
        origin = f"a/{name}" if self.before else "/dev/null"
        rows = unified_diff(old, new, origin, f"b/{name}")
        return "".join(
            row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows
        )


def propose(path: Path, verdicts: Sequence[Verdict], measured: Measured) -> Proposal:
    """Propose budgets.

    In an existing file, limits are replaced that failed, were inconclusive, or that every cell is far below;
    the others stay, and no table is added. If there is no file, each cell gets a table, without limits on
    what nothing bounds.

    Raises:
        RecordError: The file cannot be read.
        InvalidError: There is no file, and no valid measurement to start one from.
    """
    if not path.exists():
        if all(cell.flaw for cell in measured.cells):
            raise InvalidError("No measurement is valid, so nothing can be proposed.", "Measure again.")
        return Proposal(path, "", _HEADING + "\n".join(_tables(measured.cells)))
    import tomlkit

    try:
        before = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path} cannot be read: {error}.", "Check the path.") from error
    mark = "\ufeff" * before.startswith("\ufeff")  # an editor's byte order mark is not TOML
    document = tomlkit.parse(before.removeprefix(mark))
    tables = document.get("budget", [])
    for index, key, limit in _updates(verdicts):
        tables[index][key] = limit
    return Proposal(path, before, mark + tomlkit.dumps(document))


def unresolved(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts that no proposal can do something about."""
    return [verdict for verdict in verdicts if not _resolved(verdict)]


def _resolved(verdict: Verdict) -> bool:
    """Whether nothing is left to do: of what is relative to a baseline, the baseline is what changes."""
    return can_update(verdict) or (verdict.allowed is not None and verdict.verdict in ("pass", "first"))


def can_update(verdict: Verdict) -> bool:
    """Whether there is a measured value that a proposal can go by."""
    measured = verdict.measured is not None and verdict.allowed is None
    return measured and verdict.verdict in ("pass", "fail", "inconclusive")


def _updates(verdicts: Sequence[Verdict]) -> Iterable[tuple[int, str, str]]:
    """Yield table, key and text of each limit to replace."""
    groups: dict[tuple[int, str], list[Verdict]] = {}
    for verdict in filter(can_update, verdicts):
        groups.setdefault((verdict.index, verdict.metric), []).append(verdict)
    for (index, key), judged in groups.items():
        if any(each.verdict != "pass" for each in judged) or all(each.stale for each in judged):
            metric = METRICS[key]
            sides = [_side(metric, each.measured or 0.0, each.low, each.high) for each in judged]
            yield index, key, metric.proposal(min(sides) if metric.least else max(sides))


def _side(metric: Metric, value: float, low: float | None, high: float | None) -> float:
    """The bound that a limit must be beyond; the value itself if nothing bounds it."""
    bound = low if metric.least else high
    return value if bound is None or not isfinite(bound) else bound


def _tables(cells: Iterable[Cell]) -> Iterable[str]:
    """Yield a table [[budget]] for each cell; one for cells that differ only in what no budget names."""
    alike: dict[tuple[str | float, ...], list[Cell]] = {}
    for cell in cells:
        runtime = (cell.runtime.name, not cell.runtime.xnnpack)
        subject = (cell.device, cell.model, cell.artefact.file, *runtime, cell.threads)
        alike.setdefault((*subject, cell.result.fps or 0.0), []).append(cell)
    for _, group in sorted(alike.items()):
        # a table without a version is about every version that was measured, or that a session did not reach
        named = len({cell.runtime.version for cell in group}) > 1 or any(c.result.partial for c in group)
        by_name: dict[str, list[Cell]] = {}
        for cell in group:
            by_name.setdefault(cell.runtime_names[named], []).append(cell)
        for name, same in sorted(by_name.items()):
            if not all(cell.flaw for cell in same):
                yield _table(name, same)


def subject_of(cell: Cell, runtime: str) -> dict[str, Any]:
    """Return the keys of a table [[budget]] that name a cell; a star in a name is not a pattern.

    Args:
        cell: What was measured.
        runtime: One of its `runtime_names`.
    """
    subject: dict[str, Any] = {
        "device": _literal(cell.device),
        "model": _literal(cell.model),
        "artefact": _literal(cell.artefact.file),
        "runtime": runtime,
    }
    if not cell.runtime.xnnpack:
        subject["xnnpack"] = False
    subject["threads"] = cell.threads
    if fps := cell.result.fps:
        subject["fps"] = int(fps) if fps.is_integer() else fps
    return subject


def _literal(name: str) -> str:
    return glob.escape(name) if {"*", "?"} & {*name} else name


def _table(runtime: str, cells: Sequence[Cell]) -> str:
    """A table [[budget]] that all of these cells keep, by what is valid of them."""
    import tomlkit

    table = tomlkit.table()
    table.update(subject_of(cells[0], runtime))
    for metric in METRICS.values():
        figures = [metric.read(cell) for cell in cells if not metric.flaw(cell)]
        # what has no bounds would be inconclusive under any limit
        sure = [seen for seen in figures if isinstance(seen, Figure) and not seen.doubt]
        sides = [_side(metric, seen.value, seen.low, seen.high) for seen in sure if seen.value is not None]
        if len(sides) == len(figures) and metric.instead_of not in table:
            table[metric.name] = metric.proposal(min(sides) if metric.least else max(sides))
    if "instructions" in table:
        table["tolerance"] = TOLERANCE
    return f"[[budget]]\n{tomlkit.dumps(table)}"
