"""What was measured over time: each device's and model's figures, and where they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from edgekit.budget import METRICS, Metric
from edgekit.progress import SILENT, Progress
from edgekit.timeline import Entry, Series, Step, trace

COSTS = ("latency_p50", "instructions")
_LOOKED_AT = (*COSTS, "peak_memory", "size", "accuracy", "agreement")
FEWEST = 2  # values that make a history


@dataclass(frozen=True)
class Panel:
    """One model on one device: its cost over time."""

    device: str
    model: str
    metric: Metric
    series: tuple[Series, ...]
    places: dict[str, int]  # of each value's name, from the oldest
    dates: tuple[str, str]  # of the first and of the last

    @property
    def steps(self) -> int:
        """How often something changed."""
        return sum(len(each.steps) for each in self.series)


@dataclass(frozen=True)
class Past:
    """Everything over time."""

    panels: tuple[Panel, ...]  # those with a step first
    steps: tuple[tuple[Metric, Series, Step], ...]  # of any metric, the newest first
    notes: tuple[str, ...] = ()


def read_past(entries: Sequence[Entry], progress: Progress = SILENT) -> Past:
    """Find what changed over time in a folder's entries."""
    panels: list[Panel] = []
    steps: list[tuple[Metric, Series, Step]] = []
    notes: dict[str, None] = {}
    charted: set[tuple[str, str]] = set()
    for name in _LOOKED_AT:
        metric = METRICS[name]
        found = trace([each for each in entries if name in each.figures], metric, progress)
        steps += [(metric, series, step) for series in found.series for step in series.steps]
        if name not in COSTS:
            continue
        notes = notes or dict.fromkeys(found.notes)
        known = [each for each in found.series if len(each.values) >= FEWEST]
        for (device, model), group in groupby(known, key=lambda each: (each.device, each.model)):
            if (device, model) in charted:
                continue  # its times are
            charted.add((device, model))
            series = tuple(group)
            names = {value.name for each in series for value in each.values}
            places = {each: at for at, each in enumerate(each for each in found.order if each in names)}
            days = {value.name: value.date[:10] for each in series for value in each.values}
            first, *_, last = (days[each] for each in places)
            panels.append(Panel(device, model, metric, series, places, (first, last)))
    return Past(
        tuple(sorted(panels, key=lambda each: (not each.steps, each.device, each.model))),
        tuple(sorted(steps, key=lambda each: each[2].until.date, reverse=True)),
        tuple(notes),
    )
