"""Limits relative to a baseline: how much worse a cell may be than the same cell was.

Judged as `edgekit compare` judges two results. A time fails only if Mann–Whitney's p on the repeats, adjusted
by Holm for all that are judged, is below 1 %, and the whole 99 % interval of the ratio is above the limit and
above twice what like repeats differ by, here or on this device. It passes if the whole interval is below the
limit. A share of the same images passes as it was measured, and fails only if the paired 99 % interval of the
loss is wholly above the limit. What is the same on every run is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from edgekit import stats
from edgekit.budget.baseline import Baseline
from edgekit.budget.cells import Cell
from edgekit.budget.figures import CONFIDENCE, Absent, Figure, Images
from edgekit.budget.metrics import Metric
from edgekit.budget.record import STALE, Verdict, Word, doubt_of, flaw_of, over
from edgekit.comparison.change import FEWEST_REPEATS, TICKS, time_change
from edgekit.comparison.pairs import checked
from edgekit.units import points
from edgekit.words import plural


@dataclass(frozen=True)
class Asked:
    """A relative limit and what was measured for it. Judged later: times are tested together."""

    limit: Verdict  # about the cell
    metric: Metric
    cell: Cell
    seen: Figure | Absent


@dataclass(frozen=True)
class _Pair:
    """A figure and the baseline's, in the metric's unit, which may be compared."""

    limit: Verdict
    metric: Metric
    cell: Cell
    seen: Figure
    before: Cell
    old: Figure

    @property
    def allowed(self) -> float:
        return self.limit.allowed or 0.0

    @property
    def tested(self) -> bool:
        """Whether there are times, and enough of them for a test."""
        return min(len(self.seen.repeats), len(self.old.repeats)) >= FEWEST_REPEATS


def settled(found: Iterable[Verdict | Asked], baseline: Baseline) -> list[Verdict]:
    """Judge what was asked; what is a verdict already stays, and all stay in order."""
    opened = [_opened(each, baseline) if isinstance(each, Asked) else each for each in found]
    tested = [each for each in opened if isinstance(each, _Pair) and each.tested]
    values = [stats.mann_whitney(pair.old.repeats, pair.seen.repeats) for pair in tested]
    p = dict(zip(map(id, tested), stats.holm(values), strict=True))
    return [
        _judged(each, p.get(id(each)), len(tested)) if isinstance(each, _Pair) else each for each in opened
    ]


def _opened(asked: Asked, baseline: Baseline) -> Verdict | _Pair:
    """Return the figures to compare; a verdict if that cannot be done."""
    limit, metric, cell, seen = asked.limit, asked.metric, asked.cell, asked.seen
    if flaw := flaw_of(metric, cell):
        return replace(limit, verdict="invalid", reason=flaw)
    if isinstance(seen, Absent):
        return replace(limit, verdict="missing", reason=seen.reason)
    limit = replace(limit, measured=seen.value)
    before = baseline.of(cell)
    if not isinstance(before, Cell):
        return replace(limit, verdict=before[0], reason=before[1])
    old = metric.read(before)
    if isinstance(old, Figure) and old.value is not None and not metric.flaw(before):
        most = _limit(metric, old.value, limit.allowed or 0.0)
        limit = replace(limit, baseline=old.value, limit=most)
    obstacle = _obstacle(metric, cell, seen, before, old)
    if obstacle or isinstance(old, Absent):
        word, reason = obstacle or ("first", "")
        return replace(limit, verdict=word, reason=reason)
    return _Pair(limit, metric, cell, seen, before, old)


def _obstacle(
    metric: Metric, cell: Cell, seen: Figure, before: Cell, old: Figure | Absent
) -> tuple[Word, str] | None:
    """Say why a figure cannot be judged by the baseline's; None: it can."""
    if flaw := flaw_of(metric, before):
        return "invalid", f"the baseline: {flaw}"
    if isinstance(old, Absent):
        return "first", f"the baseline: {old.reason}"
    one, other = (checked(each.result, each, "runtime") for each in (before, cell))
    if unlike := [f"{key}: {one[key]!r} and {other[key]!r}" for key in one if one[key] != other[key]]:
        return "missing", f"not comparable ({'; '.join(unlike)})"
    if seen.doubt or old.doubt:
        return "inconclusive", doubt_of(seen) or f"the baseline: {doubt_of(old)}"
    return None


def _limit(metric: Metric, old: float, allowed: float) -> float:
    """Return the limit that a baseline's value makes."""
    if metric.unit == "fraction":
        return old - allowed if metric.least else old + allowed
    return old * (1 - allowed if metric.least else 1 + allowed)


def _judged(pair: _Pair, p: float | None, cells: int) -> Verdict:
    if pair.seen.repeats and pair.old.repeats:
        return _timed(pair, p, cells)
    images = pair.metric.images and (pair.metric.images(pair.before), pair.metric.images(pair.cell))
    if images and images[0] and images[1]:
        return _shared(pair, images[0], images[1])
    return _bounded(pair)


def _timed(pair: _Pair, p: float | None, cells: int) -> Verdict:
    """Judge times, one for each repeat on both sides."""
    old, seen, allowed = pair.old, pair.seen, pair.allowed
    step = max(pair.before.tick, pair.cell.tick)
    noises = [each.noise for each in (old, seen) if each.noise is not None]
    found = time_change(
        old.repeats, seen.repeats, p, cells, tick=step, noise=max(noises, default=None), least=allowed
    )
    if p is None or found.low is None or found.high is None:
        return replace(pair.limit, verdict="inconclusive", reason=found.reason)
    delta = found.delta or allowed
    limit = replace(pair.limit, low=found.low * found.baseline, high=found.high * found.baseline)
    span = f"99 % interval of the change, {_percent(found.low - 1)} to {_percent(found.high - 1)},"
    noise = f"{_percent(delta)}, twice what like repeats differ by"
    if found.word == "slower":
        reason = f"{span} is above {noise if delta > allowed else _percent(allowed)}"
        return replace(limit, verdict="fail", reason=reason)
    if found.high <= 1 + allowed or abs((found.ratio or 1) - 1) * found.baseline <= TICKS * step:
        return _passed(pair, limit)
    longer = "more repeats may decide, such as --repeats 20, or a quieter device"
    if found.low <= 1 + allowed:
        reason = f"{span} straddles the limit; {longer}"
    elif delta > allowed:
        reason = f"{span} is over the limit, but not wholly above {noise}; {longer}"
    else:
        reason = found.reason
    return replace(limit, verdict="inconclusive", reason=reason)


def _shared(pair: _Pair, before: Images, after: Images) -> Verdict:
    """Judge a share of images, which both sides saw."""
    limit, seen = pair.limit, pair.seen
    if before.evaluation != after.evaluation:
        return replace(limit, verdict="missing", reason="the baseline's is of other images")
    if seen.value is None or limit.limit is None or not over(pair.metric, limit.limit, 0.0)(seen.value):
        return _passed(pair, limit)
    _, low, high = stats.paired_drop(before.counted, after.counted, CONFIDENCE)
    span = f"99 % interval of the change, {points(-high)} to {points(-low)} pp,"
    if low > pair.allowed:
        return replace(limit, verdict="fail", reason=f"{span} is below {points(-pair.allowed)} pp")
    many = plural(len(after.counted), "image")
    reason = f"{span} straddles the limit; {many} do not decide, more would"
    return replace(limit, verdict="inconclusive", reason=reason)


def _bounded(pair: _Pair) -> Verdict:
    """Judge what has bounds and no repeats, or is the same on every run."""
    seen, old, limit = pair.seen, pair.old, replace(pair.limit, low=pair.seen.low, high=pair.seen.high)
    # the strictest and the most generous limit that the baseline's bounds allow
    ends = [_limit(pair.metric, end, pair.allowed) for end in (old.low, old.high)]
    broken = {over(pair.metric, end, 0.0)(value) for end in ends for value in (seen.low, seen.high)}
    if broken == {False}:
        return _passed(pair, limit)
    if broken == {True}:
        return replace(limit, verdict="fail", reason=_baseline_of(pair) or seen.note)
    return replace(limit, verdict="inconclusive", reason="the bounds of both straddle the limit; count more")


def _passed(pair: _Pair, limit: Verdict) -> Verdict:
    stale = pair.metric.unit != "fraction" and pair.seen.high * STALE < pair.old.low
    reason = "far below the baseline: commit a new one" if stale else _baseline_of(pair)
    return replace(limit, verdict="pass", reason=reason, stale=stale)


def _baseline_of(pair: _Pair) -> str:
    """Name the baseline's runtime where it is another one."""
    before, now = pair.before.runtime.label, pair.cell.runtime.label
    return f"the baseline is of {before}" if before != now else ""


def _percent(change: float) -> str:
    return f"{change * 100:+.1f} %".replace("-", "\u2212")
