"""A choice in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edgekit import units
from edgekit.cli.tables import NONE

if TYPE_CHECKING:
    from edgekit.budget import Figure
    from edgekit.choice import Candidate, Choice
    from edgekit.reporting.table import TableOf

_MOST = 3  # tied ones that have a row

Row = tuple[str, "Candidate"]  # what it is here, and which one


def show_choice(choice: Choice) -> None:
    """Print the one to ship with those next to it, and what that means in sentences."""
    from rich.text import Text

    from edgekit.choice.sentences import limits, sentences
    from edgekit.cli.console import wide_console
    from edgekit.cli.tables import draw_table, show_items
    from edgekit.words import visible

    console = wide_console()
    stated = limits(choice)
    title = f"Pick for {choice.device}{f': {stated}' if stated else ''}"
    shown = _table(choice, title).within(console.width)
    headings = [f"{column.title}\n{column.unit}" for column in shown.columns]
    words = [index for index, column in enumerate(shown.columns) if column.words]
    rows = [[visible(cell) for cell in row] for row in shown.cells]
    console.print(draw_table(shown.title, headings, rows, words=words))
    show_items(sentences(choice))
    show_items(choice.notes, "dim")
    console.print(Text(f"From {visible(choice.origin)}."), soft_wrap=True)


def _table(choice: Choice, title: str) -> TableOf[Row]:
    """Return the one to ship and those next to it as a table."""
    from edgekit.choice.sentences import SHORT
    from edgekit.reporting.table import ColumnOf, TableOf

    def column(
        key: str,
        title: str,
        unit: str,
        rank: int,
        cell: Callable[[Candidate], str],
        words: bool = False,
    ) -> ColumnOf[Row]:
        return ColumnOf(key, title, unit, lambda row: cell(row[1]), "", rank, words=words)

    cost = choice.cost
    timed = cost == "latency_p50"
    cheapest = min(choice.telling.cost_of(each) for _, each in _rows(choice))
    scale, unit = (1e3, "µs") if timed and cheapest < SHORT else (1e6, "ms" if timed else "M")
    columns = [
        ColumnOf("role", "", "", lambda row: row[0], "", 0, words=True),
        column("model", "Model", "", 0, lambda each: each.model, True),
        column("file", "File", "", 1, lambda each: each.artefact or each.precision, True),
        column("runtime", "Runtime", "", 4, lambda each: each.runtime or NONE, True),
        column("threads", "Threads", "", 5, lambda each: f"{each.threads or 'all'}{each.pinned}"),
        column(
            "cost", "p50" if timed else "Instructions", unit, 1, lambda e: _value(e.figures.get(cost), scale)
        ),
        column("bounds", "Bounds", unit, 2, lambda e: _range(e.figures.get(cost), scale)),
        column("quality", *_HEADINGS[choice.scale or ""], 1, lambda e: _quality(choice, e)),
        column("interval", "95 %", "%", 3, lambda e: _share_range(choice, e)),
        column("memory", "Peak", "MB", 6, lambda e: _value(e.figures.get("peak_memory"), 1e6)),
        column("size", "Size", "MB", 7, lambda e: _value(e.figures.get("size"), 1e6)),
    ]
    rows = tuple(_rows(choice))
    said = [each for each in columns if any(each.cell(row) not in ("", NONE) for row in rows)]
    return TableOf(title, tuple(said), rows)


_HEADINGS = {
    "accuracy": ("Accuracy", "%"),
    "published": ("ImageNet", "top-1 %"),
    "multiply_adds": ("Multiply-", "adds, M"),
    "": ("", ""),
}


def _rows(choice: Choice) -> Iterator[Row]:
    """Yield each candidate once, with all that it is."""
    roles: dict[int, tuple[list[str], Candidate]] = {}

    def note(role: str, *candidates: Candidate | None) -> None:
        for each in candidates:
            if each is not None:
                roles.setdefault(id(each), ([], each))[0].append(role)

    note("ship", choice.best)
    note("nearest", choice.nearest.candidate if choice.nearest else None)
    note("tie", *choice.tied[:_MOST])
    note("next", *choice.runners_up)
    note("faster", choice.faster.to if choice.faster else None)
    note("better", choice.better.to if choice.better else None)
    note("perhaps", *choice.perhaps[:_MOST])
    for role, candidate in roles.values():
        yield ", ".join(role), candidate


def _value(seen: Figure | None, unit: float) -> str:
    return NONE if seen is None or seen.value is None else units.significant(seen.value / unit)


def _range(seen: Figure | None, unit: float) -> str:
    if seen is None or seen.doubt or seen.low == seen.high:
        return NONE
    return f"{units.significant(seen.low / unit)} … {units.significant(seen.high / unit)}"


def _quality(choice: Choice, candidate: Candidate) -> str:
    seen = candidate.quality.get(choice.scale) if choice.scale else None
    if seen is None or seen.value is None:
        return NONE
    return units.millions(seen.value) if choice.scale == "multiply_adds" else units.percent(seen.value)


def _share_range(choice: Choice, candidate: Candidate) -> str:
    if choice.scale not in ("accuracy", "published"):
        return NONE
    seen = candidate.quality[choice.scale]
    return f"{units.percent(seen.low)} … {units.percent(seen.high)}"
