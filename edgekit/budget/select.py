"""Which cells a budget is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import translate
from functools import cache

from edgekit.budget.cells import Cell
from edgekit.budget.measured import Measured
from edgekit.budget.read import Budget


class Index:
    """Cells by device and model, so that many budgets look at few of them."""

    def __init__(self, measured: Measured) -> None:
        self._by: dict[str, dict[str, list[Cell]]] = {}
        for cell in measured.cells:
            self._by.setdefault(cell.device, {}).setdefault(cell.model, []).append(cell)
        self._partial = measured.partial
        self.subjects = {cell.subject for cell in measured.cells}

    @property
    def devices(self) -> Iterable[str]:
        """The names of the devices that something was measured on."""
        return self._by.keys()

    def find(self, budget: Budget) -> tuple[list[Cell], str]:
        """Return the cells that a budget is about; if there are none, why."""
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
            ("runtime", budget.runtime, lambda cell: cell.runtime_names),
            ("threads", str(budget.threads or "*"), lambda cell: (str(cell.threads),)),
        )
        for what, pattern, names in steps:
            kept = [cell for cell in chosen if any(_matches(pattern, name) for name in names(cell))]
            if not kept:
                return [], _none(what, pattern, (names(cell)[-1] for cell in chosen))
            chosen = kept
            if what == "runtime" and budget.xnnpack is not None:
                chosen = [cell for cell in kept if cell.runtime.xnnpack == budget.xnnpack]
                if not chosen:
                    how = "only with" if budget.xnnpack else "without"
                    return [], f"{' and '.join(_runtimes(kept))} was measured {how} --no-xnnpack"
        paced = [cell for cell in chosen if cell.result.fps == budget.fps]
        if not paced:
            seen = sorted({_pace(cell.result.fps, cell.result.device.emulated) for cell in chosen})
            return [], f"measured {' and '.join(seen)}, not {_pace(budget.fps)}"
        return paced, ""

    def cut_short(self, budget: Budget, cells: Sequence[Cell]) -> str:
        """Say which session may lack a cell that a budget is about; empty: none.

        None has if all that the budget is about on that device, its `cells`, was measured later. What that
        same session measured is enough only for a budget that can be about nothing else.
        """
        for cut in self._partial:
            device = cut.device.profile
            if cut.fps != budget.fps or not _matches(budget.device, device):
                continue
            oldest = min((cell.result.age for cell in cells if cell.device == device), default=None)
            if oldest is None or oldest < cut.age or (oldest == cut.age and not _single(budget)):
                file = f" ({cut.path})" if cut.path else ""
                return f"the session on {device}{file} is not complete: {cut.partial}"
        return ""


def _single(budget: Budget) -> bool:
    """Whether a budget can be about one cell of a session only."""
    exact = not any({"*", "?", "["} & {*name} for name in (budget.model, budget.artefact, budget.runtime))
    return exact and "==" in budget.runtime and budget.threads is not None


def _runtimes(cells: Iterable[Cell]) -> list[str]:
    return sorted({cell.runtime_names[1] for cell in cells})


def _pace(fps: float | None, emulated: bool = False) -> str:
    if emulated:
        return "on an emulated board, which has no pace"
    return f"at {fps:g} inferences per second (--fps {fps:g})" if fps else "back to back"


def _none(what: str, pattern: str, known: Iterable[str]) -> str:
    names = sorted(set(known))[:6]
    return f"no result has the {what} {pattern!r}; there are {', '.join(names) or 'none'}"


def _matches(pattern: str, name: str) -> bool:
    return pattern in ("*", name) or _regex(pattern).match(name) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """Return the shell's pattern as a regular expression; case counts."""
    return re.compile(translate(pattern))
