"""What a breakdown comes to, in sentences. Every sentence has its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from edgekit.explanation.record import Breakdown, Kind, Operator
from edgekit.units import significant

WORTH = 0.01  # share of the whole that is worth a sentence
LARGE = 0.10  # share for which a single operator is named
UNUSUAL = 1.5  # how many times dearer an operator's multiply-adds are than those of its kind
# Instructions per multiply-add. Arm's dot product makes 16 per instruction; int8 kernels without it stay
# above this, those with it below (LiteRT and ONNX Runtime on a Cortex-A72 and an A76).
DOT_PRODUCT = 0.2
BUSY = 100_000  # multiply-adds from which a convolution's rate is that of its kernel

PLURALS: dict[Kind, str] = {
    "convolution": "convolutions",
    "depthwise convolution": "depthwise convolutions",
    "dense": "dense layers",
    "pooling": "pooling",
    "activation": "separate activations (not fused into what they follow)",
    "conversion": "conversions between float and integer",
    "layout": "moving values around",
    "other": "other operators",
}


def causes(found: Breakdown) -> tuple[str, ...]:
    """Say where the instructions of one artefact go."""
    return (*_kinds(found), *_dear(found), *_call(found), *int8(found))


def _kinds(found: Breakdown) -> Iterator[str]:
    taken = by_kind(found)
    shares = [
        f"{PLURALS[kind]} {share(count, found.whole)}{_named(found, kind)}"
        for kind, count in sorted(taken.items(), key=lambda item: -item[1])
        if count >= WORTH * found.whole
    ]
    if shares:
        yield f"Of {millions(found.whole)} M instructions: {'; '.join(shares)}."


def _named(found: Breakdown, kind: Kind) -> str:
    """Name the operators of a kind that computes nothing."""
    if kind not in ("activation", "conversion", "layout", "other"):
        return ""
    ops = Counter(operator.op for operator in found.operators if operator.kind == kind)
    return f" ({', '.join(f'{often} {op}' for op, often in ops.most_common())})"


def _dear(found: Breakdown) -> Iterator[str]:
    """Name the operator that takes most, if it stands out."""
    largest = max(found.operators, key=lambda operator: operator.instructions, default=None)
    if largest is None or largest.instructions < LARGE * found.whole:
        return
    rest = [o for o in found.operators if o.kind == largest.kind and o is not largest]
    others, own = rate(rest), largest.rate
    text = f"{label(largest)} alone takes {share(largest.instructions, found.whole)}"
    if own is not None and others is not None and own > UNUSUAL * others:
        text += (
            f": {significant(own)} instructions per multiply-add, the other "
            f"{PLURALS[largest.kind]} {significant(others)}"
        )
    yield text + "."


def _call(found: Breakdown) -> Iterator[str]:
    if found.call >= 2 * WORTH * found.whole:
        yield (
            f"Calling the runtime takes {share(found.call, found.whole)}, whatever the model: "
            "a larger input or model pays it only once."
        )


def int8(found: Breakdown) -> Iterator[str]:
    """Say whether int8 convolutions use Arm's dot product, judging by the fastest ones."""
    busy = [o for o in found.operators if o.kind == "convolution" and o.multiply_adds >= BUSY]
    rates = [o.rate for o in busy if o.rate is not None]
    if not found.quantized or not rates or "asimd" not in found.features:
        return
    cpu, runtime = found.cpu or "This CPU", found.runtime.label
    taken = f"{significant(rate(busy) or 0)} instructions per multiply-add, {significant(min(rates))} at best"
    if "asimddp" not in found.features:
        yield f"{cpu} has no dot-product instructions: {runtime}'s int8 convolutions take {taken}."
    elif min(rates) > DOT_PRODUCT:
        yield (
            f"{cpu} has dot-product instructions, but {runtime}'s int8 convolutions do not seem to use them: "
            f"they take {taken}."
        )
    else:
        yield f"{runtime}'s int8 convolutions use {cpu}'s dot-product instructions: {taken}."


def by_kind(found: Breakdown) -> Counter[Kind]:
    """Return the instructions that each kind of operator takes."""
    taken: Counter[Kind] = Counter()
    for operator in found.operators:
        taken[operator.kind] += operator.instructions
    return taken


def rate(operators: Sequence[Operator]) -> float | None:
    """Return the instructions per multiply-add of some operators together; None: they make none."""
    work = sum(operator.multiply_adds for operator in operators)
    return sum(operator.instructions for operator in operators) / work if work else None


def label(operator: Operator) -> str:
    """Name an operator for people: what it is, and the shape that it makes."""
    return f"{operator.op} {'×'.join(map(str, operator.shape[1:]))}"


def share(count: int, whole: int) -> str:
    """Format a part of a whole."""
    return f"{count / whole:.1%}" if whole else "–"


def millions(count: int) -> str:
    """Format instructions in millions, three significant figures."""
    return significant(count / 1e6)
