"""From the entries of a folder to series in order, each with its steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from statistics import median

from edgekit.budget import METRICS, Metric
from edgekit.errors import UnavailableError, UsageError
from edgekit.progress import SILENT, Progress
from edgekit.results import Repository, without
from edgekit.timeline.entries import Entry
from edgekit.timeline.index import Found, Unreadable, look
from edgekit.timeline.known import KnownChanges, known_changes
from edgekit.timeline.order import Order, order
from edgekit.timeline.steps import Change
from edgekit.words import listed, nearest, plural

SHORT = {
    "p50": "latency_p50",
    "p90": "latency_p90",
    "memory": "peak_memory",
}  # names that are quicker to type
_NOISY = frozenset({"peak_memory"})  # without bounds, and yet not the same on every run


@dataclass(frozen=True)
class Value:
    """What was measured at one commit; or in one session, where the commit is not known."""

    commit: str  # empty: not known
    committed: str | None  # ISO 8601, UTC
    branch: str | None
    dirty: bool
    created: str  # of its first session
    results: tuple[str, ...]  # files
    value: float  # median of the sessions', in the metric's unit
    low: float  # range of the sessions'
    high: float
    context: dict[str, str]  # of its last session

    @property
    def name(self) -> str:
        """How people call it: the commit, with a + where files were changed; else the moment."""
        return f"{self.commit[:10]}{'+' * self.dirty}" if self.commit else self.created

    @property
    def date(self) -> str:
        """Of the commit; else of its first session."""
        return self.committed or self.created


@dataclass(frozen=True)
class Step:
    """A change of level in a series."""

    change: Change
    after: Value  # the last that certainly is before it, at 99 %
    until: Value  # the first that certainly is after it
    likeliest: Value
    also: tuple[str, ...]  # what else changed there: `runtime: litert 2.2.0 → litert 2.3.0`

    @property
    def commits(self) -> str:
        """The commits that may have done it, as `git log` takes them; empty: they are not known."""
        known = self.after.commit and self.until.commit and self.after.commit != self.until.commit
        return f"{self.after.commit[:10]}..{self.until.commit[:10]}" if known else ""


@dataclass(frozen=True)
class Series:
    """One file on one device with one runtime, over time."""

    device: str
    model: str
    artefact: str
    runtime: str  # without the version
    threads: int
    affinity: tuple[int, ...]
    fps: float | None
    values: tuple[Value, ...]  # in the order of the commits
    steps: tuple[Step, ...]

    @property
    def label(self) -> str:
        """What is measured, in words."""
        cpus = f" on CPUs {', '.join(map(str, self.affinity))}" if self.affinity else ""
        pace = f" at {self.fps:g} per second" if self.fps else ""
        return (
            f"{self.device} · {self.model}/{self.artefact} · {self.runtime} · "
            f"{plural(self.threads, 'thread')}{cpus}{pace}"
        )


@dataclass(frozen=True)
class History:
    """A metric over time."""

    metric: str
    series: tuple[Series, ...]
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = ()  # what to know before believing it
    order: tuple[str, ...] = ()  # names of the values of all series, as one line


def metric_of(name: str) -> Metric:
    """Return a metric by its name in budgets, or a shorter one.

    Raises:
        UsageError: There is none.
    """
    full = SHORT.get(name, name)
    if full not in METRICS:
        known = [*SHORT, *(each for each in METRICS if each not in SHORT.values())]
        raise UsageError(
            f"There is no metric {name!r}.{nearest(name, known)}", f"Choose from: {', '.join(known)}."
        )
    return METRICS[full]


def gather(
    folder: Path,
    metric: Metric,
    *,
    model: str | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> History:
    """Read a folder of results and find where a metric changed.

    Args:
        folder: Of results.
        metric: What to look at.
        model: Name of a model, or a pattern; None: all.
        device: Name of a device, or a pattern; None: all.
        progress: Receives what is read, and then the series.

    Raises:
        UsageError: There is no such folder, model or device.
        UnavailableError: No result has the metric.
    """
    found = look(folder, progress)
    wanted = _wanted(found, folder, model=model, device=device)
    measured = [each for each in wanted if metric.name in each.figures]
    if all(each.figures[metric.name].flaw for each in measured):
        raise UnavailableError(*_nothing(metric, wanted, measured))
    traced = trace(measured, metric, progress)
    return replace(
        traced, unreadable=found.unreadable, notes=tuple(filter(None, (found.note, *traced.notes)))
    )


def trace(entries: Sequence[Entry], metric: Metric, progress: Progress = SILENT) -> History:
    """Find where a metric changed; what is invalid, or has no figure of it, is left out."""
    measured = [each for each in entries if metric.name in each.figures]
    valid = [each for each in measured if not each.figures[metric.name].flaw]
    line = order(each.repository for each in valid if each.repository)
    here = [each for each in valid if not (each.repository and each.repository.commit in line.elsewhere)]
    grouped = [list(group) for _, group in groupby(sorted(here, key=_key), key=lambda each: each.series)]
    progress.step("Looking for changes", len(grouped))
    series = []
    with known_changes() as known:
        for done, group in enumerate(grouped):
            progress.advance(done)
            series.append(_series(group, metric, line, known))
    once = {value.name: value for each in series for value in each.values}
    return History(
        metric.name,
        tuple(series),
        notes=tuple(_notes(measured, valid, here, line)),
        order=tuple(value.name for value in _in_order(once.values(), line)),
    )


def _key(entry: Entry) -> tuple[object, ...]:
    return (*entry.series, entry.created, entry.file)


def _wanted(found: Found, folder: Path, *, model: str | None, device: str | None) -> list[Entry]:
    """Return the entries of the models and devices that were asked for."""
    if not found.entries:
        unread = f" {plural(len(found.unreadable), 'file')} cannot be read." if found.unreadable else ""
        raise UsageError(f"{folder} holds no result.{unread}", "Make one: edgekit bench")
    entries = list(found.entries)
    for what, pattern, name_of in (("device", device, _device), ("model", model, _model)):
        if pattern is None:
            continue
        names = sorted({name_of(each) for each in entries})
        entries = [each for each in entries if fnmatchcase(name_of(each), pattern)]
        if not entries:
            raise UsageError(
                f"No result in {folder} is of the {what} {pattern!r}.{nearest(pattern, names)}",
                f"There {'are' if len(names) > 1 else 'is'} {listed(names)}.",
            )
    return entries


def _device(entry: Entry) -> str:
    return entry.device


def _model(entry: Entry) -> str:
    return entry.model


def _nothing(metric: Metric, wanted: Sequence[Entry], measured: Sequence[Entry]) -> tuple[str, str]:
    """Say why there is nothing to show."""
    if measured:
        flaws = sorted({each.figures[metric.name].flaw for each in measured})
        return f"Every measurement of {metric.title} is invalid: {listed(flaws)}.", "See edgekit report."
    there = [name for name in METRICS if any(name in each.figures for each in wanted)]
    return f"No result has {metric.title}.", f"There is {listed(there) or 'nothing'}: name it with --metric."


def _notes(
    measured: Sequence[Entry], valid: Sequence[Entry], here: Sequence[Entry], line: Order
) -> Iterator[str]:
    """Yield what was left out, and what is not certain about the order."""
    if left := len(measured) - len(valid):
        yield f"{plural(left, 'invalid measurement')} left out."
    if left := len(valid) - len(here):
        yield f"{plural(left, 'measurement')} left out: of commits outside the checked-out history."
    unknown = {
        each.repository.commit
        for each in here
        if each.repository and each.repository.commit not in line.place
    }
    if unknown and line.place:
        yield (
            f"{plural(len(unknown), 'commit')} not in this clone, placed by date. A shallow clone is "
            "completed by: git fetch --unshallow"
        )
    elif unknown:
        yield "Ordered by date: these commits are not in a repository here."
    if bare := sum(each.repository is None for each in here):
        yield f"{plural(bare, 'measurement')} of no known commit, placed by date."


def _series(entries: Sequence[Entry], metric: Metric, line: Order, known: KnownChanges) -> Series:
    values = tuple(_in_order((_value(group, metric) for group in _by_commit(entries)), line))
    share = metric.unit == "fraction"
    exact = metric.name not in _NOISY and (share or metric.tolerated) and _exact(entries, metric)
    found = known.of([each.value for each in values], exact=exact, share=share)
    first = entries[0]
    return Series(
        device=first.device,
        model=first.model,
        artefact=first.artefact,
        runtime=first.runtime + without(first.xnnpack),
        threads=first.threads,
        affinity=first.affinity,
        fps=first.fps,
        values=values,
        steps=tuple(_step(values, change) for change in found),
    )


def _exact(entries: Sequence[Entry], metric: Metric) -> bool:
    figures = (each.figures[metric.name] for each in entries)
    return all(seen.low == seen.high is not None for seen in figures)


def _by_commit(entries: Sequence[Entry]) -> Iterable[list[Entry]]:
    """Group the sessions of one commit; one of an unknown commit is alone."""
    groups: dict[object, list[Entry]] = {}
    for entry in entries:
        made_in = entry.repository
        key = (made_in.commit, bool(made_in.dirty)) if made_in else entry.file
        groups.setdefault(key, []).append(entry)
    return groups.values()


def _value(entries: Sequence[Entry], metric: Metric) -> Value:
    figures = [each.figures[metric.name].value for each in entries]
    made_in = entries[0].repository or Repository("")
    return Value(
        commit=made_in.commit,
        committed=made_in.committed,
        branch=made_in.branch,
        dirty=bool(made_in.dirty),
        created=entries[0].created,
        results=tuple(each.file for each in entries),
        value=median(figures),
        low=min(figures),
        high=max(figures),
        context=entries[-1].context,
    )


def _in_order(values: Iterable[Value], line: Order) -> list[Value]:
    """Sort by ancestry where that is known; the others are placed by date among those."""
    known: list[Value] = []
    others: list[Value] = []
    for value in values:
        (known if value.commit in line.place else others).append(value)
    known.sort(key=lambda value: (line.place[value.commit], value.dirty, value.created))
    others.sort(key=lambda value: (value.date, value.created))
    merged: list[Value] = []
    for value in known:
        # a commit that was dated before its parent does not pull what is between to the front
        while others and others[0].date < value.date:
            merged.append(others.pop(0))
        merged.append(value)
    return merged + others


def _step(values: Sequence[Value], change: Change) -> Step:
    after, until = values[change.first - 1], values[change.last]
    return Step(
        change, after, until, values[change.at], tuple(_also(values[change.at - 1], values[change.at]))
    )


def _also(before: Value, after: Value) -> Iterator[str]:
    """Yield what changed with it, and is not the code."""
    for name in dict.fromkeys((*before.context, *after.context)):
        old, new = (each.context.get(name, "unknown") for each in (before, after))
        if old != new:
            yield f"{name}: {old} → {new}"
