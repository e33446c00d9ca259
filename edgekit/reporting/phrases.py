"""What summaries of times and of counts share: which rows are compared, and what a smaller file costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from edgekit import units
from edgekit.reporting.columns import points
from edgekit.reporting.rows import Row
from edgekit.results import LOOSE


@dataclass(frozen=True)
class Headline:
    """One figure that is worth large type."""

    value: str
    what: str
    about: str


def words(row: Row) -> str:
    """Say what was measured, within a sentence."""
    return f"{row.name} with {row.runtime} on {row.threads_text}"


def by_set(computed: Iterable[Row]) -> list[list[Row]]:
    """Return rows apart by artefact set."""
    return [list(group) for _, group in groupby(computed, key=lambda row: row.set)]


def pairs_of(valid: Sequence[Row], cost: Callable[[Row], float]) -> list[tuple[Row, Row]]:
    """Return each format's int8 and float32 rows that ran alike: on the fewest threads, at the least cost.

    Where sets share a name, and among files of no set, nothing tells which float32 file an int8 file came
    from: there is no pair.
    """
    pairs = []
    for kind in ("tflite", "onnx"):
        files = [row for row in valid if row.format == kind and row.set != LOOSE]
        if len({row.artefact for row in files}) < len({row.sha256 for row in files}):
            continue
        large = {(row.runtime, row.threads): row for row in files if row.precision == "float32"}
        small = [row for row in files if row.precision == "int8" and (row.runtime, row.threads) in large]
        if small:
            int8 = min(small, key=lambda row: (row.threads, cost(row)))
            pairs.append((int8, large[int8.runtime, int8.threads]))
    return pairs


def runtimes_of(valid: Sequence[Row], cost: Callable[[Row], float]) -> list[tuple[Row, Row]]:
    """Pair, for each int8 file on the fewest threads, the runtime of the least cost with each other one."""
    pairs = []
    for name in sorted({row.name for row in valid if row.precision == "int8"}):
        mine = [row for row in valid if row.name == name]
        fewest = min(row.threads for row in mine)
        best, *others = sorted((row for row in mine if row.threads == fewest), key=cost)
        pairs += [(best, other) for other in others if other.runtime != best.runtime]
    return pairs


def gains(int8: Row, float32: Row) -> tuple[Headline, ...]:
    """Return what quantization did to the file's size and to its accuracy."""
    smaller = f"{(1 - int8.bytes / float32.bytes) * 100:.0f} %"
    versus = f"{words(int8)}, against {float32.artefact}"
    found = [Headline(smaller, "smaller file", versus)] if int8.bytes < float32.bytes else []
    return (*found, *_drop(int8))


def _drop(row: Row) -> tuple[Headline, ...]:
    accuracy = row.accuracy
    if accuracy is not None and accuracy.value is None and accuracy.agreement is not None:
        about = f"{row.name} and the float model, of {accuracy.n} images"
        return (Headline(f"{units.percent(accuracy.agreement)} %", "same answers", about),)
    if accuracy is None or accuracy.drop is None or accuracy.drop_interval is None:
        return ()
    low, high = accuracy.drop_interval
    about = f"{row.name} against the float model; 95 % CI of the drop {points(low)} to {points(high)}"
    if low <= 0 <= high:
        about += f", not significant on {accuracy.n} images"
    change = "drop" if accuracy.drop >= 0 else "gain"
    return (Headline(f"{points(abs(accuracy.drop))} pp", f"{change} in accuracy", about),)


def consequences(row: Row, other: Row) -> str:
    """Say how an int8 file differs in size from its float32 file, and what accuracy it lost."""
    change = row.bytes / other.bytes - 1
    return f"is {abs(change) * 100:.0f} % {'smaller' if change <= 0 else 'larger'}{_loss(row)}"


def _loss(row: Row) -> str:
    accuracy = row.accuracy
    if accuracy is None:
        return ""
    if accuracy.value is None:
        share = "" if accuracy.agreement is None else units.percent(accuracy.agreement)
        return share and f"; it agrees with the float model on {share} % of {accuracy.n} images"
    if accuracy.drop is None or accuracy.drop_interval is None:
        return f"; it has {units.percent(accuracy.value)} % top-1 accuracy"
    low, high = accuracy.drop_interval
    drop, interval = points(abs(accuracy.drop)), f"95 % CI of the drop {points(low)} to {points(high)}"
    if accuracy.drop == 0:
        return f"; {accuracy.n} images show no drop in accuracy ({interval})"
    if low <= 0 <= high:
        change = "drop" if accuracy.drop > 0 else "gain"
        return f"; a {change} in accuracy of {drop} pp is not significant on {accuracy.n} images ({interval})"
    return f"; it {'loses' if low > 0 else 'gains'} {drop} pp of accuracy ({interval})"
