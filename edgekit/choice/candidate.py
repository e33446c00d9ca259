"""What can be shipped: one file with one runtime and number of threads on one device, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgekit.budget import METRICS, Cell, Figure
from edgekit.budget.record import over
from edgekit.words import plural

Standing = Literal["holds", "straddles", "broken", "unknown"]

# what says how good one is, the best first: its own accuracy, that of others' weights of its size, its work
Scale = Literal["accuracy", "published", "multiply_adds"]
SCALES: tuple[Scale, ...] = ("accuracy", "published", "multiply_adds")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One that can be shipped. A figure's bounds are where the truth is: `Figure`."""

    device: str
    model: str
    artefact: str  # name of the file; empty: others measured it
    precision: str
    runtime: str  # name and version; empty: of several
    threads: int | None  # None: all CPUs
    affinity: tuple[int, ...] = ()  # CPUs it was pinned to; empty: not pinned
    figures: Mapping[str, Figure]  # by metric's name in METRICS, in the metric's unit
    quality: Mapping[Scale, Figure]  # accuracies are fractions of one, with their 95 % intervals
    lacks: Mapping[str, str] = field(default_factory=dict)  # by metric's name: why there is no figure
    task: str = ""  # accuracies of one task are comparable; empty: no accuracy
    images: str = ""  # what the answers are to; empty: there are none
    answers: bytes = b""  # by image: 1 where it is right
    several: Mapping[str, float] = field(default_factory=dict)  # by series of measurements: the median in ns
    digest: str = ""  # of the file; tells apart two of one name
    cell: Cell | None = field(default=None, compare=False)  # where it was measured; None: by others

    @property
    def title(self) -> str:
        """What it is, in words: `digits/int8.tflite · litert 2.3.0 · 4 threads`."""
        file = f"{self.model}/{self.artefact}" if self.artefact else f"{self.model} in {self.precision}"
        how = [self.runtime, plural(self.threads, "thread") if self.threads else ""]
        return " · ".join([file, *filter(None, how)]) + self.pinned

    @property
    def pinned(self) -> str:
        """` on CPUs 2, 3`; empty: not pinned."""
        cpus = ", ".join(map(str, self.affinity))
        return f" on CPU{'s' * (len(self.affinity) > 1)} {cpus}" if cpus else ""

    @property
    def key(self) -> tuple[object, ...]:
        """Tells it from all others, and orders them."""
        what = (self.device, self.model, self.artefact, self.precision, self.runtime, self.threads or 0)
        return (*what, self.affinity, self.digest)

    def standing(self, metric: str, limit: float) -> Standing:
        """Return how it stands to a limit: held only where even the bound on the limit's side holds it."""
        seen = self.seen(metric)
        if seen is None or seen.value is None:
            return "unknown"
        if seen.doubt:
            return "straddles"
        broken = over(METRICS[metric], limit, 0.0)
        sides = {broken(seen.low), broken(seen.high)}
        return "straddles" if len(sides) > 1 else "broken" if True in sides else "holds"

    def seen(self, metric: str) -> Figure | None:
        """Return the figure of a metric, accuracy's with its interval."""
        if metric == "accuracy":
            return self.quality.get("accuracy") or self.quality.get("published")
        return self.figures.get(metric)
