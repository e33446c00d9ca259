"""How a step is worded, wherever it is shown."""

from __future__ import annotations

from itertools import pairwise

from edgekit import units
from edgekit.budget import Metric
from edgekit.timeline.gather import Series, Step
from edgekit.words import visible

_BARS = "▁▂▃▄▅▆▇█"
_WIDE = 24  # characters of a trend


def size(metric: Metric, value: float) -> str:
    """Word the size of a change: `+5.1 %`, `−0.22 pp`."""
    if metric.unit == "fraction":
        return f"{units.points(value)} pp"
    return f"{value * 100:+.{1 if abs(value) < 1 else 0}f} %".replace("-", "−")


def sentence(metric: Metric, step: Step) -> str:
    """Say what changed, by how much, where, and what changed with it."""
    change = step.change
    exact = change.low == change.high
    sure = f" ({size(metric, change.low)} to {size(metric, change.high)})" if not exact else ""
    return visible(
        f"{size(metric, change.size)}{sure}, {metric.show(change.before)} → {metric.show(change.after)}, "
        f"{place(step)}"
    )


def place(step: Step) -> str:
    """Say where a step is: `in 1f2e3d4..5a6b7c8, most likely 5a6b7c8`."""
    if step.commits:
        likeliest = step.likeliest.name
        return f"in {step.commits}" + (f", most likely {likeliest}" if likeliest != step.until.name else "")
    if step.after.commit and step.after.commit == step.until.commit:
        return f"at {step.until.name}: its files were changed"
    return f"between {step.after.name} and {step.until.name}"


def worse(metric: Metric, step: Step) -> bool:
    """Whether a step is one for the worse."""
    return (step.change.size < 0) == metric.least


def trend(series: Series) -> str:
    """Draw a series as a row of bars; several values share one where there are many."""
    values = [each.value for each in series.values]
    groups = min(len(values), _WIDE)
    edges = [round(i * len(values) / groups) for i in range(groups + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    if high == low:
        return _BARS[3] * groups
    return "".join(_BARS[round((mean - low) / (high - low) * (len(_BARS) - 1))] for mean in means)
