"""A choice's limits as a table [[budget]], which `edgekit check` then judges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgekit.budget import METRICS, Budget, Cell, Measured, Proposal, exit_code, judge, read_budgets
from edgekit.budget.propose import subject_of
from edgekit.choice.choose import Choice
from edgekit.errors import UsageError

_SUBJECT = ("device", "model", "artefact", "runtime", "xnnpack", "threads", "fps")


def propose(choice: Choice, path: Path) -> Proposal:
    """Return a file of budgets with the choice's limits in it: in the entry about the same, or a new one.

    Raises:
        UsageError: There is nothing that an entry could be about, or the results would not keep it.
        RecordError: The file cannot be read, or is not one of budgets.
    """
    cell = _cell(choice)
    read = read_budgets(path) if path.exists() else ()
    # its runtime without the version, then with it
    subjects = [subject_of(cell, runtime) for runtime in cell.runtime_names]
    subject = next((each for each in subjects if _kept(each, choice.limits, cell)), None)
    if subject is None:
        raise UsageError(
            f"A budget for {choice.best.title if choice.best else ''} would also apply to other measurements "
            "of its session, which exceed it.",
            "Measure it alone, or leave out --budget.",
        )
    before = path.read_bytes().decode() if read else ""
    limits = {name: METRICS[name].write(limit) for name, limit in choice.limits.items()}
    index = next((each.index for each in read if _same(each, subject)), None)
    return Proposal(path, before, _with(before, index, subject, limits))


def _cell(choice: Choice) -> Cell:
    """Return what an entry is about.

    Raises:
        UsageError: There is nothing.
    """
    if choice.best is None:
        raise UsageError("No candidate meets the limits, so no budget can be written.", "Move a limit.")
    if choice.best.cell is None:
        raise UsageError(
            "A budget needs measurements, and these are published figures.",
            f"Measure first: edgekit bench --device {choice.device}",
        )
    if not choice.limits:
        raise UsageError("A budget needs a limit, and none is given.", 'Give one, such as --latency "15 ms".')
    if "accuracy" in choice.limits and choice.scale != "accuracy":
        raise UsageError(
            "A budget cannot include the accuracy limit: the accuracy is that of other weights.",
            "Leave out --accuracy or --budget, or measure trained models.",
        )
    return choice.best.cell


def _kept(subject: Mapping[str, Any], limits: Mapping[str, float], cell: Cell) -> bool:
    """Whether the session that the cell is of passes."""
    session = cell.result
    measured = Measured(tuple(session.cells()), partial=(session,) if session.partial else ())
    budget = Budget(index=0, name="", limits=limits, **{"xnnpack": True, **subject})
    return exit_code(judge([budget], measured)) == 0


def _same(budget: Budget, subject: Mapping[str, Any]) -> bool:
    """Whether a budget is about this; as it was read, one that names a runtime says whether XNNPACK is on."""
    meant = {"xnnpack": True, **subject}
    return all(getattr(budget, key) == meant.get(key) for key in _SUBJECT)


def _with(before: str, index: int | None, subject: Mapping[str, Any], limits: Mapping[str, str]) -> str:
    """Return a text of budgets with limits in one of its entries, or in one more."""
    import tomlkit

    if index is not None:
        mark = "\ufeff" * before.startswith("\ufeff")
        document = tomlkit.parse(before.removeprefix(mark))
        entry = document["budget"][index]
        for name, limit in limits.items():
            entry[name] = limit
        return mark + tomlkit.dumps(document)
    table = tomlkit.table()
    for key, value in {**subject, **limits}.items():
        table[key] = value
    gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
    return f"{before}{gap}[[budget]]\n{tomlkit.dumps(table)}"
