"""What a result means, in plain sentences, and only as far as the data carry.

Two speeds are called different when every repeat of one is beyond every repeat of the other by more
than 5 %, the smallest difference that edgekit would call a regression.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgekit import units
from edgekit.reporting import counts
from edgekit.reporting.agreement import outputs_sentences, versions_sentences
from edgekit.reporting.columns import latency_unit
from edgekit.reporting.kinds import counted_on
from edgekit.reporting.phrases import Headline, by_set, consequences, gains, pairs_of, runtimes_of, words
from edgekit.reporting.rows import Latency, Row
from edgekit.results import Result
from edgekit.stats import ratio_range

_CLEAR = 1.05
_REPEATS = 3  # fewer do not show how far repeats differ


def sentences(result: Result, computed: Sequence[Row]) -> tuple[str, ...]:
    """Return what a session's rows show, one sentence each."""
    said = []
    for valid in _comparable(result, computed):
        said += _fastest(valid) + _quantized(valid) + _runtimes(valid) + _spaced(result, valid)
    if not result.device.timed:
        said += counts.sentences(computed)
    return (*said, *_sustained(computed), *versions_sentences(result), *outputs_sentences(result))


def cautions(result: Result, computed: Sequence[Row]) -> tuple[str, ...]:
    """Return what a reader must know before the figures; empty for a whole, valid session."""
    said = []
    if result.partial:
        said.append(f"The session ended early: {result.partial.rstrip('.')}.")
    invalid = sum(not row.valid for row in computed)
    if not computed:
        said.append("Nothing was measured.")
    elif invalid == len(computed):
        figures = "times" if result.device.timed else "counts"
        said.append(f"No measurement is valid, so no {figures} are compared.")
    elif invalid:
        verb = "is" if invalid == 1 else "are"
        said.append(
            f"{invalid} of {len(computed)} measurements {verb} invalid and left out of the comparisons."
        )
    if any(row.latency and row.latency.p50.low <= 0 for row in computed):
        said.append("Times of 0 ns are below what the device's clock can tell and are not compared.")
    if not result.device.timed:
        said.append(f"Instructions were counted on {counted_on(result)}: each figure is a count, not a time.")
    elif result.device.emulated:
        said.append("The device is emulated: its times are the emulator's, not the board's.")
    return tuple(said)


def headlines(result: Result, computed: Sequence[Row]) -> tuple[Headline, ...]:
    """Return what quantization bought, for the fastest int8 file and its float32 file."""
    if not result.device.timed:
        return counts.headlines(result, computed)
    pairs = [pair for valid in _comparable(result, computed) for pair in pairs_of(valid, _p50)]
    if not pairs:
        return ()
    int8, float32 = min(pairs, key=lambda pair: _p50(pair[0]))
    versus = f"{words(int8)}, against {float32.artefact}"
    found = []
    if _clearly(int8, float32):
        ratio, low, high = ratio_range(_latency(float32).p50, _latency(int8).p50)
        found.append(Headline(f"{ratio:.1f}×", "faster", f"{low:.2f} to {high:.2f} across repeats; {versus}"))
    return (*found, *gains(int8, float32))


def _comparable(result: Result, computed: Sequence[Row]) -> list[list[Row]]:
    """Return the rows whose times mean something, apart by artefact set."""
    if result.device.emulated:
        return []
    return by_set(row for row in computed if row.valid and row.latency and row.latency.p50.low > 0)


def _fastest(valid: Sequence[Row]) -> list[str]:
    ranked = sorted(valid, key=_p50)
    if not ranked:
        return []
    best = ranked[0]
    unit, length = latency_unit(valid)
    among = "" if best.name == best.file else " of its set"
    time = f"{units.significant(_p50(best) / length)} {unit} per inference (p50)"
    text = f"Fastest{among} is {words(best)}: {time}"
    equal = [row for row in ranked[1:] if not _clearly(best, row)]
    if equal:
        more = f" and {len(equal) - 1} more" if len(equal) > 1 else ""
        text += f", with no clear difference to {words(equal[0])}{more}"
    return [text + "."]


def _quantized(valid: Sequence[Row]) -> list[str]:
    return [
        f"{words(int8)} {_speed(int8, float32, float32.artefact)} and {consequences(int8, float32)}."
        for int8, float32 in pairs_of(valid, _p50)
    ]


def _runtimes(valid: Sequence[Row]) -> list[str]:
    """For each int8 file on the fewest threads, compare the fastest runtime with the others."""
    return [
        f"{words(best)} {_speed(best, other, other.runtime)}." for best, other in runtimes_of(valid, _p50)
    ]


def _spaced(result: Result, valid: Sequence[Row]) -> list[str]:
    """Say what spacing does to an inference, where it was measured both ways and makes a difference."""
    said = []
    for row in valid:
        if not row.unspaced or len(_latency(row).medians) < _REPEATS:
            continue
        ratio, low, high = ratio_range(_latency(row).p50, row.unspaced)
        if low > _CLEAR:
            said.append(
                f"At {result.fps:g} per second, an inference of {words(row)} takes {ratio:.1f}× as long as "
                f"back to back ({low:.2f} to {high:.2f} across repeats)."
            )
    return said


def _sustained(computed: Sequence[Row]) -> list[str]:
    """Say of each sustained load how long it kept its pace, and where it settled."""
    unit, length = latency_unit(computed)
    said = []
    for row in computed:
        load = row.sustained
        if load is None:
            continue
        warmest = f"; {load.celsius:.0f} °C at most" if load.celsius is not None else ""
        cold = f"{units.significant(load.cold / length)} {unit}"
        early = f" (of {units.seconds(load.asked)} asked for)" if load.seconds < 0.95 * load.asked else ""
        if load.slowed_after is None:
            said.append(
                f"{row.label} kept its {cold} for {units.seconds(load.seconds)} of load{early}{warmest}."
            )
            continue
        if load.steady:
            to = f"to a steady {units.significant(load.steady / length)} {unit} ({load.slowdown:.2f}×)"
        else:
            low, high = (units.significant(end / length) for end in load.last)
            to = f"and had not settled after {units.seconds(load.seconds)} ({low} to {high} {unit})"
        cause = f": {load.cause}" if load.cause else ", for no reason that the device shows"
        said.append(
            f"{row.label} kept its {cold} for {units.seconds(load.slowed_after)}{early}, then slowed "
            f"{to}{cause}{warmest}."
        )
    return said


def _speed(row: Row, other: Row, name: str) -> str:
    """Say how a row's speed compares with another's, which is called `name`."""
    if min(_latency(row).repeats, _latency(other).repeats) < _REPEATS:
        return f"cannot be compared in speed with {name} (fewer than {_REPEATS} repeats)"
    ratio, low, high = ratio_range(_latency(other).p50, _latency(row).p50)
    if _clearly(row, other):
        return f"is {ratio:.1f}× faster than {name} ({low:.2f} to {high:.2f} across repeats)"
    if _clearly(other, row):
        return f"is {1 / ratio:.1f}× slower than {name} ({1 / high:.2f} to {1 / low:.2f} across repeats)"
    return f"shows no clear difference in speed to {name} (ratio {low:.2f} to {high:.2f} across repeats)"


def _clearly(row: Row, other: Row) -> bool:
    """Whether a row is faster than another beyond what the repeats allow."""
    timed = _latency(row), _latency(other)
    if min(latency.repeats for latency in timed) < _REPEATS:
        return False
    return ratio_range(timed[1].p50, timed[0].p50)[1] > _CLEAR


def _latency(row: Row) -> Latency:
    if row.latency is None:
        raise ValueError(f"{row.label} has no latency")
    return row.latency


def _p50(row: Row) -> float:
    return _latency(row).p50.value
