"""Why one artefact takes more instructions than another, in sentences. Every sentence has its figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from edgekit.explanation.causes import PLURALS, WORTH, by_kind, int8, label, millions, rate, share
from edgekit.explanation.line_up import Pair
from edgekit.explanation.record import Breakdown, Kind
from edgekit.units import significant


def differences(first: Breakdown, second: Breakdown, pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Say why the second takes more, or fewer, instructions than the first."""
    sentences = (
        _headline(first, second),
        *_work(first, second),
        *_kinds_apart(first, second),
        *_largest(first, second, pairs),
        *_only(first, second, pairs),
        *_precision(first, second),
        *int8(first),
        *int8(second),
    )
    return tuple(dict.fromkeys(sentences))


def _headline(first: Breakdown, second: Breakdown) -> str:
    change = second.whole / first.whole - 1
    figures = f"{millions(second.whole)} M instructions instead of {millions(first.whole)} M"
    if abs(change) < WORTH / 10:
        return f"Both take the same: {figures}."
    return f"B takes {abs(change):.1%} {'more' if change > 0 else 'fewer'} than A: {figures}."


def _work(first: Breakdown, second: Breakdown) -> Iterator[str]:
    works = [sum(o.multiply_adds for o in found.operators) for found in (first, second)]
    if works[0] and works[1] and not 1 - WORTH < works[1] / works[0] < 1 + WORTH:
        yield (
            f"The models differ: B makes {significant(works[1] / works[0])} times the multiply-adds "
            f"({millions(works[1])} M, A {millions(works[0])} M)."
        )


def _kinds_apart(first: Breakdown, second: Breakdown) -> Iterator[str]:
    before, after = by_kind(first), by_kind(second)
    apart = {kind: after[kind] - before[kind] for kind in dict.fromkeys([*before, *after])}
    parts = [
        f"{PLURALS[kind]} {millions(abs(more))} M {'more' if more > 0 else 'fewer'} "
        f"({millions(before[kind])} → {millions(after[kind])})"
        for kind, more in sorted(apart.items(), key=lambda item: -abs(item[1]))
        if abs(more) >= WORTH * max(first.whole, second.whole)
    ]
    if parts:
        yield f"By kind of operator, B takes: {'; '.join(parts)}."


def _largest(first: Breakdown, second: Breakdown, pairs: Sequence[Pair]) -> Iterator[str]:
    """Name the operators that differ most."""
    both = [pair for pair in pairs if pair.first and pair.second]
    parts = [
        f"{label(pair.first)} {millions(pair.first.instructions)} → {millions(pair.second.instructions)} M"
        for pair in sorted(both, key=lambda pair: -abs(pair.more))[:3]
        if pair.first and pair.second and abs(pair.more) >= WORTH * max(first.whole, second.whole)
    ]
    if parts:
        yield f"The operators that differ most: {'; '.join(parts)}."


def _only(first: Breakdown, second: Breakdown, pairs: Sequence[Pair]) -> Iterator[str]:
    """Name what only one side executes."""
    for name, whole, extra in (
        ("A", first.whole, [pair.first for pair in pairs if pair.first and not pair.second]),
        ("B", second.whole, [pair.second for pair in pairs if pair.second and not pair.first]),
    ):
        by_op: dict[str, list[int]] = defaultdict(list)
        for operator in extra:
            by_op[operator.op].append(operator.instructions)
        parts = [
            f"{len(counts)} {op} ({share(sum(counts), whole)})"
            for op, counts in sorted(by_op.items(), key=lambda item: -sum(item[1]))
            if sum(counts) >= WORTH / 2 * whole
        ]
        if parts:
            yield f"Only {name} executes {', '.join(parts)}."


def _precision(first: Breakdown, second: Breakdown) -> Iterator[str]:
    """Compare what a multiply-add takes in int8 and in float."""
    if first.quantized == second.quantized:
        return
    int8, real = (first, second) if first.quantized else (second, first)
    kinds: tuple[Kind, ...] = ("convolution", "depthwise convolution")
    parts = []
    for kind in kinds:
        rates = [rate([o for o in found.operators if o.kind == kind]) for found in (int8, real)]
        if rates[0] is not None and rates[1] is not None:
            parts.append(f"{PLURALS[kind]} {significant(rates[0])} and {significant(rates[1])}")
    if parts:
        yield f"Instructions per multiply-add, in int8 and in float: {'; '.join(parts)}."
