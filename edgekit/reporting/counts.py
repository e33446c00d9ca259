"""What an emulated board's counts mean, in sentences: ratios of instructions, never of times.

Counts repeat to about 0.01 %, so two are called different as soon as their ranges are 0.1 % apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgekit import units
from edgekit.reporting.kinds import NOT_A_TIME, counted_on
from edgekit.reporting.phrases import Headline, by_set, consequences, gains, pairs_of, runtimes_of, words
from edgekit.reporting.rows import Row
from edgekit.results import Result
from edgekit.stats import Spread, ratio_range

_APART = 0.001


def sentences(computed: Sequence[Row]) -> list[str]:
    """Say which measurement needs the fewest instructions, and how files and runtimes compare."""
    said = []
    for valid in _comparable(computed):
        best = min(valid, key=_median)
        among = "" if best.name == best.file else " of its set"
        said.append(f"Fewest instructions{among}: {words(best)}, {_million(best)} million per inference.")
        said += [
            f"{words(int8)} {_against(int8, float32, float32.artefact)} and {consequences(int8, float32)}."
            for int8, float32 in pairs_of(valid, _median)
        ]
        said += [
            f"{words(row)} {_against(row, other, other.runtime)}."
            for row, other in runtimes_of(valid, _median)
        ]
    return said


def headlines(result: Result, computed: Sequence[Row]) -> tuple[Headline, ...]:
    """Return what quantization bought, for the int8 file of fewest instructions and its float32 file."""
    pairs = [pair for valid in _comparable(computed) for pair in pairs_of(valid, _median)]
    if not pairs:
        return ()
    int8, float32 = min(pairs, key=lambda pair: _median(pair[0]))
    about = (
        f"{words(int8)}, against {float32.artefact} ({_million(int8)} and {_million(float32)} million per "
        f"inference), counted on {counted_on(result)}; {NOT_A_TIME}"
    )
    change = _median(int8) / _median(float32) - 1
    what = f"{'fewer' if change < 0 else 'more'} instructions"
    found = [Headline(f"{abs(change) * 100:.0f} %", what, about)] if _differ(int8, float32) else []
    return (*found, *gains(int8, float32))


def _comparable(computed: Sequence[Row]) -> list[list[Row]]:
    return by_set(row for row in computed if row.valid and row.instructions and _median(row) > 0)


def _against(row: Row, other: Row, name: str) -> str:
    figures = f"({_million(row)} against {_million(other)} million)"
    if not _differ(row, other):
        return f"executes as many instructions as {name} {figures}"
    ratio = units.significant(_median(row) / _median(other))
    return f"executes {ratio} times the instructions of {name} {figures}"


def _differ(row: Row, other: Row) -> bool:
    _, low, high = ratio_range(_counts(row), _counts(other))
    return low > 1 + _APART or high < 1 - _APART


def _million(row: Row) -> str:
    return units.significant(_median(row) / 1e6)


def _median(row: Row) -> float:
    return _counts(row).value


def _counts(row: Row) -> Spread:
    if row.instructions is None:
        raise ValueError(f"{row.label} has no instructions")
    return row.instructions.median
