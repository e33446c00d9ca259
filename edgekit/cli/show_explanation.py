"""Instructions by operator, drawn for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE, draw_table, show
from edgekit.units import significant

if TYPE_CHECKING:
    from edgekit.explanation import Breakdown, Operator, Pair

_SHORT = {"depthwise convolution": "depthwise conv."}
_TITLE = "Instructions of one inference"
_LARGE = 10**7  # instructions; from here on a table is in millions
_METHODS = {
    "parts": "Each operator was extracted with its weights and counted separately",
    "profile": "Operators as ONNX Runtime executes them, fused, from its own profile, kernel included",
}


def show_explanation(found: Sequence[Breakdown]) -> None:
    """Show one breakdown, or two side by side, and what they come to."""
    from rich.text import Text

    from edgekit.explanation import causes, differences, line_up

    if len(found) == 1:
        _show_one(found[0])
        show(*(Text(sentence) for sentence in causes(found[0])))
        return
    first, second = found
    pairs = line_up(first.operators, second.operators)
    _show_two(first, second, pairs)
    show(*(Text(sentence) for sentence in differences(first, second, pairs)))


def _show_one(found: Breakdown) -> None:
    from rich.text import Text

    count = _Unit(found)
    headings = (
        "Operator",
        "Output",
        f"M-adds\n{count.name}",
        f"Instr.\n{count.name}",
        "Share\n%",
        "per\nM-add",
    )
    rows = [
        (
            operator.op,
            _shape(operator),
            count(operator.multiply_adds),
            count(operator.instructions) if operator.counted else NONE,
            _percent(operator.instructions, found.whole),
            _each(operator),
        )
        for operator in found.operators
    ]
    rows += [(name, "", "", count(taken), _percent(taken, found.whole), "") for name, taken in _around(found)]
    show(Text(str(found)), draw_table(_TITLE, headings, rows, words=(0, 1)), *_method(found))


def _show_two(first: Breakdown, second: Breakdown, pairs: Sequence[Pair]) -> None:
    from rich.text import Text

    count = _Unit(first, second)
    units = [f"{heading}\n{count.name}" for heading in ("M-adds", "A", "B", "B − A")]
    headings = ("Operator", "Output", *units, "A per\nM-add", "B per\nM-add")
    rows = [_pair_row(pair, count) for pair in pairs]
    for (name, a), (_, b) in zip(_around(first), _around(second), strict=True):
        rows.append((name, "", "", count(a), count(b), count(b - a, signed=True), "", ""))
    show(Text(f"A  {first}"), Text(f"B  {second}"))
    methods = dict.fromkeys([*_method(first), *_method(second)])
    show(draw_table(_TITLE, headings, rows, words=(0, 1)), *methods)


def _pair_row(pair: Pair, count: _Unit) -> tuple[str, ...]:
    sides = [operator for operator in (pair.first, pair.second) if operator]
    kind = sides[0].kind
    return (
        sides[0].op if len({operator.op for operator in sides}) == 1 else _SHORT.get(kind, kind),
        _shape(sides[0]),
        count(sides[0].multiply_adds),
        *(count(side.instructions) if side and side.counted else NONE for side in (pair.first, pair.second)),
        count(pair.more, signed=True),
        _each(pair.first),
        _each(pair.second),
    )


def _around(found: Breakdown) -> list[tuple[str, int]]:
    """What there is besides the operators, and the sum of all."""
    return [
        ("the call itself", found.call),
        ("not accounted for", found.remainder),
        ("one inference", found.whole),
    ]


class _Unit:
    """Formats counts of one table in thousands, or in millions if they are large."""

    def __init__(self, *found: Breakdown) -> None:
        large = max(side.whole for side in found) >= _LARGE
        self.name, self._size, self._decimals = ("M", 1e6, 3) if large else ("k", 1e3, 1)

    def __call__(self, count: int, *, signed: bool = False) -> str:
        value = round(count / self._size, self._decimals)
        return f"{value:{'+' if signed else ''},.{self._decimals}f}".replace("-", "−") if value else NONE


def _method(found: Breakdown) -> list[str]:
    counted = "by the CPU's counter" if found.source == "perf_event_open" else f"by {found.source}"
    how = f"{_METHODS[found.method]}; instructions counted {counted}, one thread"
    return [f"{how}. These are counts, not times."]


def _shape(operator: Operator) -> str:
    return "×".join(map(str, operator.shape[1:] or operator.shape))


def _each(operator: Operator | None) -> str:
    return significant(operator.rate) if operator and operator.rate is not None else NONE


def _percent(count: int, whole: int) -> str:
    return f"{count / whole * 100:.1f}".replace("-", "−") if whole else NONE
