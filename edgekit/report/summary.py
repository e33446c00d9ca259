"""What a result means, in plain sentences, and only as far as the data carry.

Two speeds are called different when every repeat of one lies beyond every repeat of the other by more
than 5 %, the smallest difference that edgekit would call a regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from edgekit import units
from edgekit.report.columns import latency_unit, points
from edgekit.report.rows import Latency, Row, rows
from edgekit.results import Result
from edgekit.stats import ratio_range


@dataclass(frozen=True)
class Headline:
    """One figure that is worth large type."""

    value: str
    what: str
    about: str


_CLEAR = 1.05
_REPEATS = 3  # fewer do not show how far repeats differ


def summarise(result: Result, computed: Sequence[Row] | None = None) -> tuple[str, ...]:
    """Return a session's summary, one sentence an item: what limits it first, then what it shows.

    Args:
        result: The session.
        computed: Its rows, where they are at hand already.
    """
    computed = rows(result) if computed is None else computed
    said = []
    for sound in _comparable(result, computed):
        said += _fastest(sound) + _quantized(sound) + _runtimes(sound)
    return (*cautions(result, computed), *said)


def cautions(result: Result, computed: Sequence[Row]) -> tuple[str, ...]:
    """Return what a reader must know before the figures; empty for a whole, valid session."""
    said = []
    if result.partial:
        said.append(f"The session ended early: {result.partial.rstrip('.')}.")
    invalid = sum(not row.valid for row in computed)
    if not computed:
        said.append("Nothing was measured.")
    elif invalid == len(computed):
        said.append("No measurement is valid, so no times are compared.")
    elif invalid:
        verb = "is" if invalid == 1 else "are"
        said.append(
            f"{invalid} of {len(computed)} measurements {verb} invalid and left out of the comparisons."
        )
    if any(row.latency and row.latency.p50.low <= 0 for row in computed):
        said.append("Times of 0 ns are below what the device's clock can tell and are not compared.")
    if result.device.emulated:
        said.append("The device is emulated: its times are the emulator's, not the board's.")
    return tuple(said)


def headlines(result: Result, computed: Sequence[Row]) -> tuple[Headline, ...]:
    """Return what quantization bought, for the fastest int8 file that ran beside its float32 file."""
    pairs = [pair for sound in _comparable(result, computed) for pair in _pairs(sound)]
    if not pairs:
        return ()
    int8, float32 = min(pairs, key=lambda pair: _p50(pair[0]))
    versus = f"{_words(int8)}, against {float32.artefact}"
    found = []
    if _clearly(int8, float32):
        ratio, low, high = ratio_range(_latency(float32).p50, _latency(int8).p50)
        found.append(Headline(f"{ratio:.1f}×", "faster", f"{low:.2f} to {high:.2f} across repeats; {versus}"))
    if int8.bytes < float32.bytes:
        found.append(Headline(f"{(1 - int8.bytes / float32.bytes) * 100:.0f} %", "smaller file", versus))
    return (*found, *_drop(int8))


def _drop(row: Row) -> tuple[Headline, ...]:
    accuracy = row.accuracy
    if accuracy is None or accuracy.drop is None or accuracy.drop_interval is None:
        return ()
    low, high = accuracy.drop_interval
    about = f"{row.name} against the float Keras model; 95 % CI of the drop {points(low)} to {points(high)}"
    if low <= 0 <= high:
        about += f", so {accuracy.n} images cannot tell it from none"
    change = "drop" if accuracy.drop >= 0 else "gain"
    return (Headline(f"{points(abs(accuracy.drop))} pp", f"{change} in accuracy", about),)


def _comparable(result: Result, computed: Sequence[Row]) -> list[list[Row]]:
    """Return the rows whose times mean something, apart by artefact set."""
    if result.device.emulated:
        return []
    sets = [list(group) for _, group in groupby(computed, key=lambda row: row.set)]
    return [[row for row in group if row.valid and row.latency and row.latency.p50.low > 0] for group in sets]


def _fastest(sound: Sequence[Row]) -> list[str]:
    ranked = sorted(sound, key=_p50)
    if not ranked:
        return []
    best = ranked[0]
    unit, length = latency_unit(sound)
    among = "" if best.name == best.file else " of its set"
    time = f"{units.significant(_p50(best) / length)} {unit} an inference (p50)"
    text = f"Fastest{among} is {_words(best)}: {time}"
    equal = [row for row in ranked[1:] if not _clearly(best, row)]
    if equal:
        more = f" and {len(equal) - 1} more" if len(equal) > 1 else ""
        text += f", with no clear difference to {_words(equal[0])}{more}"
    return [text + "."]


def _quantized(sound: Sequence[Row]) -> list[str]:
    return [
        f"{_words(int8)} {_speed(int8, float32, float32.artefact)} and {_size(int8, float32)}{_loss(int8)}."
        for int8, float32 in _pairs(sound)
    ]


def _pairs(sound: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Return each format's int8 and float32 rows that ran alike: on the fewest threads, the fastest.

    Where sets share a name, nothing tells which float32 file an int8 file came from: there is no pair.
    """
    pairs = []
    for kind in ("tflite", "onnx"):
        files = [row for row in sound if row.format == kind]
        if len({row.artefact for row in files}) < len({row.sha256 for row in files}):
            continue
        large = {(row.runtime, row.threads): row for row in files if row.precision == "float32"}
        small = [row for row in files if row.precision == "int8" and (row.runtime, row.threads) in large]
        if small:
            int8 = min(small, key=lambda row: (row.threads, _p50(row)))
            pairs.append((int8, large[int8.runtime, int8.threads]))
    return pairs


def _runtimes(sound: Sequence[Row]) -> list[str]:
    """For each int8 file on the fewest threads, compare the fastest runtime with the others."""
    said = []
    for name in sorted({row.name for row in sound if row.precision == "int8"}):
        mine = [row for row in sound if row.name == name]
        fewest = min(row.threads for row in mine)
        best, *others = sorted((row for row in mine if row.threads == fewest), key=_p50)
        said += [
            f"{_words(best)} {_speed(best, other, other.runtime)}."
            for other in others
            if other.runtime != best.runtime
        ]
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


def _size(row: Row, other: Row) -> str:
    change = row.bytes / other.bytes - 1
    return f"is {abs(change) * 100:.0f} % {'smaller' if change <= 0 else 'larger'}"


def _loss(row: Row) -> str:
    accuracy = row.accuracy
    if accuracy is None:
        return ""
    if accuracy.drop is None or accuracy.drop_interval is None:
        return f"; it has {units.percent(accuracy.value)} % top-1 accuracy"
    low, high = accuracy.drop_interval
    drop, interval = points(abs(accuracy.drop)), f"95 % CI of the drop {points(low)} to {points(high)}"
    if accuracy.drop == 0:
        return f"; {accuracy.n} images show no drop in accuracy ({interval})"
    if low <= 0 <= high:
        change = "drop" if accuracy.drop > 0 else "gain"
        return (
            f"; a {change} in accuracy of {drop} pp is too small for {accuracy.n} images "
            f"to tell from none ({interval})"
        )
    return f"; it {'loses' if low > 0 else 'gains'} {drop} pp of accuracy ({interval})"


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


def _words(row: Row) -> str:
    return f"{row.name} with {row.runtime} on {row.threads_text}"
