"""A sustained load read: how long it kept its pace, what slowed it, and where it settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from statistics import median
from typing import TYPE_CHECKING, Any

from edgekit import stats
from edgekit.results import Sustained, Window

if TYPE_CHECKING:
    import numpy.typing as npt

SLOWED = 1.05  # times its fastest level: the smallest change that counts, as everywhere in edgekit
SHORTEST = 5  # windows that a level lasts at least; fewer are a hiccup
_SETTLED = 0.8  # share of the last third that has its median's level
_CLOCK_FELL = 0.97  # share of its clock that the CPU still had
_BUSY = 0.25  # CPUs kept busy by other processes
_THROTTLED = 0xF  # the firmware's bits about now
_ALIKE = 10  # neighbouring windows that say no more than one
_LEAST_NOISE = 0.002  # of a window's median, relative, where a clock ticks too coarsely to show any


@dataclass(frozen=True)
class Load:
    """A sustained load. Times in ns, moments in seconds from its start."""

    seconds: float  # it lasted
    asked: float  # seconds that were asked for
    cold: float  # p50 before anything slowed it
    steady: float | None  # p50 of its last third; None: still changing, or too short to tell
    last: tuple[float, float]  # the lowest and highest level of that third
    slowed_after: float | None  # seconds; None: it did not slow
    cause: str  # of that, as far as it was seen: `the clock fell from 1,500 to 1,000 MHz`
    celsius: float | None  # the highest
    inferences: int

    @property
    def slowdown(self) -> float | None:
        """How many times as long an inference takes in the end; None: unknown."""
        return self.steady / self.cold if self.steady else None


def load_of(sustained: Sustained | None) -> Load | None:
    """Read a sustained load; None: there was none."""
    if sustained is None:
        return None
    windows = sustained.windows
    medians = [median(window.samples_ns) for window in windows]
    starts = level_starts(medians)
    ends = [*starts[1:], len(windows)]
    levels = [median(medians[a:b]) for a, b in zip(starts, ends, strict=True)]
    slowed = next((i for i in range(1, len(levels)) if _slows(i, starts, levels, medians)), None)
    third = len(windows) - max(1, len(windows) // 3)
    late = [level for level, a, b in zip(levels, starts, ends, strict=True) for _ in range(max(a, third), b)]
    last = median(medians[third:])
    near = sum(last / SLOWED < level < last * SLOWED for level in late)
    settled = len(windows) >= 3 * SHORTEST and near >= _SETTLED * len(late)
    warm = [window.celsius for window in windows if window.celsius is not None]
    return Load(
        seconds=windows[-1].end_ns / 1e9,
        asked=sustained.seconds,
        cold=min(levels[:slowed]),
        steady=last if settled else None,
        last=(min(late), max(late)),
        slowed_after=windows[starts[slowed]].start_ns / 1e9 if slowed else None,
        cause=_cause(windows[: starts[slowed]], windows[starts[slowed] :]) if slowed else "",
        celsius=max(warm, default=None),
        inferences=sum(window.runs for window in windows),
    )


def _slows(i: int, starts: Sequence[int], levels: Sequence[float], medians: Sequence[float]) -> bool:
    """Whether a level is slower than the fastest before it, and so is most of what follows: no hiccup."""
    limit, rest = SLOWED * min(levels[:i]), medians[starts[i] :]
    return len(rest) >= 2 * SHORTEST and levels[i] > limit and median(rest) > limit


def level_starts(medians: Sequence[float]) -> list[int]:
    """Return where a series changes its level, the first place always among them.

    Hiccups are taken out first: a running median keeps a step where it is. Then levels are looked for in the
    logarithms, with a penalty that is as large as for a tenth as many values, since neighbouring windows
    resemble each other.
    """
    import numpy as np

    if len(medians) < 2 * SHORTEST:
        return [0]
    from scipy.ndimage import median_filter

    logs: npt.NDArray[Any] = np.log(np.maximum(np.asarray(medians, float), 1.0))
    series = median_filter(logs, SHORTEST, mode="nearest")
    apart = series[SHORTEST:] - series[:-SHORTEST]  # by so many windows that they share none
    noise = max(_LEAST_NOISE, float(np.median(np.abs(apart))) / (0.6745 * 2**0.5))
    penalty = 2 * _ALIKE * log(len(medians))
    return [0, *stats.level_changes(series / noise, shortest=SHORTEST, penalty=penalty)]


def _cause(before: Sequence[Window], after: Sequence[Window]) -> str:
    """Say what changed when it slowed, as far as it was seen."""
    near, soon = before[-SHORTEST:], after[: 2 * SHORTEST]
    if any((window.throttled or 0) & _THROTTLED for window in soon):
        said = "the firmware throttled it"
    elif _mean(near, "other_cpus") + _BUSY < _mean(soon, "other_cpus"):
        return "other programs took the CPU"
    else:
        said = ""
    old, new = _mean(near, "khz"), _mean(soon, "khz")
    if 0 < new < _CLOCK_FELL * old:
        clock = f"the clock fell from {old / 1000:,.0f} to {new / 1000:,.0f} MHz"
        said = f"{said}: {clock}" if said else clock
    hot = [window.celsius for window in near if window.celsius is not None]
    return f"{said}, at {max(hot):.0f} °C" if said and hot else said


def _mean(windows: Sequence[Window], name: str) -> float:
    values = [value for window in windows if (value := getattr(window, name)) is not None]
    return sum(values) / len(values) if values else 0.0
