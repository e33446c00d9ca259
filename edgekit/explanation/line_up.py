"""Two lists of operators side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from edgekit.explanation.record import Operator


@dataclass(frozen=True)
class Pair:
    """The same step on both sides; None: that side has no such operator."""

    first: Operator | None
    second: Operator | None

    @property
    def more(self) -> int:
        """Instructions that the second side takes more."""
        taken = [operator.instructions if operator else 0 for operator in (self.first, self.second)]
        return taken[1] - taken[0]


def line_up(first: Sequence[Operator], second: Sequence[Operator]) -> tuple[Pair, ...]:
    """Pair operators that do the same work, in order.

    Layers of one model make the same number of multiply-adds in every format, fused or not. Where that
    pairs less than half of the first side's work, the models differ, and what operators do decides.
    """
    pairs = _paired(first, second, _work)
    total = sum(operator.multiply_adds for operator in first)
    matched = sum(pair.first.multiply_adds for pair in pairs if pair.first and pair.second)
    return pairs if 2 * matched >= total else _paired(first, second, lambda operator: operator.kind)


def _work(operator: Operator) -> object:
    if operator.multiply_adds:
        return operator.multiply_adds
    return operator.op.upper() if operator.kind in ("layout", "conversion", "other") else operator.kind


def _paired(
    first: Sequence[Operator], second: Sequence[Operator], key: Callable[[Operator], object]
) -> tuple[Pair, ...]:
    matcher = SequenceMatcher(None, [str(key(o)) for o in first], [str(key(o)) for o in second], False)
    pairs: list[Pair] = []
    for same, a, b, c, d in matcher.get_opcodes():
        if same == "equal":
            pairs += [Pair(x, y) for x, y in zip_longest(first[a:b], second[c:d])]
        else:
            pairs += [*(Pair(x, None) for x in first[a:b]), *(Pair(None, y) for y in second[c:d])]
    return tuple(pairs)
