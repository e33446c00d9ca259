"""The table of verdicts that every format shows: cells as text."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit import units
from edgekit.budget.metrics import METRICS, Metric
from edgekit.budget.record import Verdict
from edgekit.words import plural, visible

HEADINGS = (
    "Budget",
    "Device",
    "Artefact",
    "Runtime",
    "Threads",
    "Metric",
    "Measured",
    "Limit",
    "Margin",
    "Verdict",
)
WORDS = frozenset({0, 1, 2, 3, 5, 9})  # columns of text; the others are numbers
NONE = "–"
_ORDER = ("fail", "missing", "invalid", "inconclusive", "first", "pass")


def ordered(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The worst first; of the same word, in the order of the file."""
    return sorted(verdicts, key=lambda verdict: _ORDER.index(verdict.verdict))


def cells(verdict: Verdict) -> tuple[str, ...]:
    """A verdict's row under HEADINGS."""
    metric = METRICS[verdict.metric]
    row = (
        verdict.budget,
        verdict.device,
        f"{verdict.model}/{verdict.artefact}",
        verdict.runtime,
        f"{verdict.threads or '*'}{_conditions(verdict)}",
        metric.title,
        NONE if verdict.measured is None else metric.show(verdict.measured),
        limit(verdict),
        margin(verdict),
        f"{verdict.verdict}, stale" if verdict.stale else verdict.verdict,
    )
    return tuple(map(visible, row))


def limit(verdict: Verdict) -> str:
    """`≤ 25.0 ms`, `1.140 M + 0.1 %`, `≤ 26.3 ms (+5 %)`, `+5 %`."""
    metric = METRICS[verdict.metric]
    change = "" if verdict.allowed is None else _change(metric, verdict.allowed)
    if verdict.limit is None:
        return change
    text = metric.show(verdict.limit)
    if verdict.tolerance is not None:
        return f"{text} + {verdict.tolerance * 100:g} %"
    return f"{'≥' if metric.least else '≤'} {text}" + (change and f" ({change})")


def _change(metric: Metric, allowed: float) -> str:
    sign, unit = "−" if metric.least else "+", "pp" if metric.unit == "fraction" else "%"
    return f"{sign}{allowed * 100:g} {unit}"


def margin(verdict: Verdict) -> str:
    """By how much the value is over the limit; negative: under."""
    over = verdict.margin
    if over is None:
        return NONE
    if verdict.unit == "fraction":
        return f"{units.points(over)} pp"
    return f"{over * 100:+.{2 if abs(over) < 0.1 else 0}f} %".replace("-", "−")


def tally(verdicts: Sequence[Verdict]) -> str:
    """`2 fail, 1 missing, 40 pass`."""
    counts = {word: sum(each.verdict == word for each in verdicts) for word in _ORDER}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def subject(verdict: Verdict) -> str:
    """What was judged, in words."""
    threads = plural(verdict.threads, "thread") if verdict.threads else "any threads"
    return visible(
        f"{verdict.model}/{verdict.artefact} · {verdict.runtime} · {threads}{_conditions(verdict)}"
    )


def _conditions(verdict: Verdict) -> str:
    """` on CPUs 2, 3 at 30 per second`; empty: not pinned, back to back."""
    cpus = ", ".join(map(str, verdict.affinity))
    pinned = f" on CPU{'s' * (len(verdict.affinity) > 1)} {cpus}" if cpus else ""
    return pinned + (f" at {verdict.fps:g} per second" if verdict.fps else "")


def sentence(verdict: Verdict) -> str:
    """What was measured, against which limit, and why that is the verdict."""
    *_, title, measured, bound, over, word = cells(verdict)
    seen = f" {measured}" if verdict.measured is not None else ""
    by = f", over by {over}" if verdict.verdict == "fail" and verdict.margin is not None else ""
    why = f" ({visible(verdict.reason)})" if verdict.reason else ""
    return f"{word}: {title}{seen}, limit {bound}{by}{why}"
