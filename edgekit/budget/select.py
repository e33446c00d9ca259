"""Which cells a budget is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from functools import cache

from edgekit.budget.cells import Cell
from edgekit.budget.read import Budget


class Index:
    """Cells by device and model, so that many budgets look at few of them."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._by: dict[str, dict[str, list[Cell]]] = {}
        for cell in cells:
            self._by.setdefault(cell.device, {}).setdefault(cell.model, []).append(cell)
        self._partial = {cell.session.path: cell.session for cell in cells if cell.session.partial}.values()

    def find(self, budget: Budget) -> tuple[list[Cell], str]:
        """Return the cells that a budget is about; where there are none, why."""
        devices = [name for name in self._by if _matches(budget.device, name)]
        if not devices:
            hint = "" if "*" in budget.device else f": edgekit bench --device {budget.device}"
            return [], _none("device", budget.device, self._by) + hint
        models = [(name, cells) for device in devices for name, cells in self._by[device].items()]
        chosen = [cell for name, cells in models if _matches(budget.model, name) for cell in cells]
        if not chosen:
            return [], _none("model", budget.model, (name for name, _ in models))
        steps: tuple[tuple[str, str, Callable[[Cell], tuple[str, ...]]], ...] = (
            ("artefact", budget.artefact, lambda cell: (cell.artefact.file,)),
            ("runtime", budget.runtime, _runtime_names),
            ("threads", str(budget.threads or "*"), lambda cell: (str(cell.threads),)),
        )
        for what, pattern, names in steps:
            kept = [cell for cell in chosen if any(_matches(pattern, name) for name in names(cell))]
            if not kept:
                return [], _none(what, pattern, (names(cell)[-1] for cell in chosen))
            chosen = kept
        return chosen, ""

    def cut_short(self, budget: Budget) -> str:
        """Say that a session on a device of this budget did not reach everything; empty: all did.

        A budget without patterns needs no more than its one cell.
        """
        single = budget.threads is not None and not any(
            {"*", "?", "["} & {*pattern} for pattern in (budget.model, budget.artefact, budget.runtime)
        )
        for session in () if single else self._partial:
            if _matches(budget.device, session.device.profile):
                where = f"{session.device.profile} ({session.path})"
                return f"the session on {where} is not whole: {session.partial}"
        return ""


def _runtime_names(cell: Cell) -> tuple[str, ...]:
    return cell.runtime.name, f"{cell.runtime.name}=={cell.runtime.version}"


def _none(what: str, pattern: str, known: Iterable[str]) -> str:
    names = sorted(set(known))[:6]
    return f"no result has the {what} {pattern!r}; there are {', '.join(names) or 'none'}"


def _matches(pattern: str, name: str) -> bool:
    return pattern in ("*", name) or _regex(pattern).match(name) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """The shell's pattern, as a regular expression; case counts."""
    return re.compile(translate(pattern))
