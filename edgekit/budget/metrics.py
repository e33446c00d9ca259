"""What a budget can limit: one record a metric. To add one, add its record to METRICS.

from edgekit.budget import METRICS, Absent, Metric, exact

METRICS.add(
    Metric(
        name="model_memory",  # the key in budgets.toml
        title="model memory",
        unit="B",
        example="4 MB",
        read=lambda cell: exact(cell.memory.peak - cell.memory.baseline)
        if cell.memory
        else Absent("memory was not measured"),
        parse=parse_bytes,
        show=lambda size: f"{size / 1e6:.2f} MB",
        write=lambda size: f"{size:.0f} B",
        any_pace=True,
    )
)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import ceil, floor, isfinite, log10

from edgekit import units
from edgekit.budget import figures
from edgekit.budget.cells import Cell
from edgekit.budget.figures import Absent, Figure, Images
from edgekit.errors import UsageError
from edgekit.registry import Registry
from edgekit.results import Finding, flaw

_COUNTS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of a budget. Every function takes or gives values in `unit`.

    `write` gives a limit that the value keeps, as budgets.toml has it: it rounds to the side on which the
    value passes.
    """

    name: str  # the key in budgets.toml
    title: str
    unit: str  # of its values: ns, B, instructions, …; `fraction`: margins are then differences
    example: str  # of a limit
    read: Callable[[Cell], Figure | Absent]
    parse: Callable[[str], float]  # a limit; raises UsageError
    show: Callable[[float], str]
    write: Callable[[float], str]
    least: bool = False  # the limit is a minimum
    tolerated: bool = False  # the same on every run, so that the table's tolerance applies to it
    unitless: bool = False  # a limit may be a whole number without quotes
    instead_of: str = ""  # proposed only where this other metric is not there
    head_room: float = 0.0  # share added to what was measured when a limit is proposed
    relative: bool = True  # a limit may be relative to a baseline
    images: Callable[[Cell], Images | None] | None = None  # of a share: which images count for it
    any_pace: bool = False  # the same however fast the device was: throttling and noise leave it valid

    def flaw(self, cell: Cell) -> Finding | None:
        """Return what makes the metric of a cell invalid; None: nothing does."""
        return flaw(cell.findings, any_pace=self.any_pace)

    def limit(self, value: object) -> float:
        """Read a limit as TOML has it.

        Raises:
            UsageError: Not what the metric is written as.
        """
        if self.unitless and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return _quantity(value, self.parse, self.example)

    def change(self, value: object) -> float | None:
        """Read a limit relative to a baseline: `+5 %`, or for a share `-0.5 pp`, which is a difference.

        Returns:
            How much worse than the baseline the value may be, at least 0; None: the limit is not relative.

        Raises:
            UsageError: It has a sign and a share, and is not written like that.
        """
        text = value.strip().replace("\u2212", "-") if isinstance(value, str) else ""
        if not text.startswith(("+", "-")) or not text.endswith(("%", "pp")):
            return None
        if not self.relative:
            raise UsageError(
                f"{value!r} is relative to a baseline, and {self.name} to the float model already.",
                f"Write it like {self.example!r}, or limit accuracy.",
            )
        sign, unit, example = ("-", "pp", "-0.5 pp") if self.least else ("+", "%", "+5 %")
        if self.unit == "fraction":
            unit, example = "pp", f"{sign}0.5 pp"
        if not text.startswith(sign) or not text.endswith(unit):
            raise UsageError(
                f"{value!r} does not say how much worse than the baseline the {self.title} may be.",
                f"Write it like {example!r}.",
            )
        return _quantity(text[1:], units.parse_fraction, example)

    def proposal(self, value: float) -> str:
        """Write a limit that a value keeps, with its head-room."""
        return self.write(value * (1 + self.head_room))


def parse_tolerance(value: object) -> float:
    """Read a tolerance such as `0.1 %`.

    Raises:
        UsageError: Not a share.
    """
    return _quantity(value, _share, "0.1 %")


def _quantity(value: object, parse: Callable[[str], float], example: str) -> float:
    if not isinstance(value, str):
        raise UsageError(f"{value!r} has no unit.", f"Write it like {example!r}.")
    try:
        number = parse(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise UsageError(f"{value!r} is too large.", "Write a number that can be reached.")
    return number


def parse_count(text: str) -> float:
    """Read a count such as `1.14 M` or `1140213`.

    Raises:
        UsageError: The text is not a number, alone or with one of k, M, G.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([kMG]?)\s*", text)
    if match is None:
        raise UsageError(f"{text!r} is not a count.", "Write a number, alone or with k, M or G: '1.14 M'.")
    return float(match[1]) * _COUNTS[match[2]]


def _nanoseconds(text: str) -> float:
    return units.parse_seconds(text) * 1e9


def _share(text: str) -> float:
    fraction = units.parse_fraction(text)
    if fraction > 1:
        raise UsageError(f"{text!r} is more than everything.", "Shares are between 0 % and 100 %.")
    return fraction


def _share_down(share: float) -> str:
    return f"{floor(share * 1e4 + 1e-6) / 100:.2f} %"


def _millions(value: float) -> str:
    return f"{value / 1e6:,.3f} M" if value >= 1e5 else f"{value:,.0f}"


def _three_figures_up(value: float) -> str:
    if value <= 0:
        return "0"
    decimals = min(9, max(0, 2 - floor(log10(value))))
    return f"{ceil(value * 10**decimals - 1e-6) / 10**decimals:.{decimals}f}"


def _latency(percentile: int) -> Metric:
    return Metric(
        name=f"latency_p{percentile}",
        title=f"latency p{percentile}",
        unit="ns",
        example="25 ms",
        read=partial(figures.latency, percentile=float(percentile)),
        parse=_nanoseconds,
        show=lambda time: f"{units.milliseconds(time)} ms",
        write=lambda time: f"{_three_figures_up(time / 1e6)} ms",
        head_room=0.2,
    )


METRICS = Registry(
    "metric",
    (
        _latency(50),
        _latency(90),
        Metric(
            name="peak_memory",
            title="peak memory",
            unit="B",
            example="60 MB",
            read=figures.peak_memory,
            parse=units.parse_bytes,
            show=lambda size: f"{units.megabytes(size)} MB",
            write=lambda size: f"{_three_figures_up(size / 1e6)} MB",
            head_room=0.1,
            any_pace=True,
        ),
        Metric(
            name="size",
            title="size",
            unit="B",
            example="1.1 MB",
            read=figures.size,
            parse=units.parse_bytes,
            show=lambda size: f"{size:,.0f} B",
            write=lambda size: f"{ceil(size)} B",
            tolerated=True,
            any_pace=True,
        ),
        Metric(
            name="accuracy",
            title="accuracy",
            unit="fraction",
            example="99.0 %",
            read=figures.accuracy,
            parse=_share,
            show=lambda share: f"{units.percent(share)} %",
            write=_share_down,
            least=True,
            images=figures.right_images,
            any_pace=True,
        ),
        Metric(
            name="accuracy_drop",
            title="accuracy drop",
            unit="fraction",
            example="1.0 pp",
            read=figures.accuracy_drop,
            parse=_share,
            show=lambda drop: f"{units.points(drop).removeprefix('+')} pp",
            write=lambda drop: f"{max(0, ceil(drop * 1e4 - 1e-6)) / 100:.2f} pp",
            relative=False,
            any_pace=True,
        ),
        Metric(
            name="agreement",
            title="agreement with the float model",
            unit="fraction",
            example="99.0 %",
            read=figures.agreement,
            parse=_share,
            show=lambda share: f"{units.percent(share)} %",
            write=_share_down,
            least=True,
            instead_of="accuracy",
            images=figures.same_images,
            any_pace=True,
        ),
        Metric(
            name="instructions",
            title="instructions",
            unit="instructions",
            example="1.14 M",
            read=figures.instructions,
            parse=parse_count,
            show=_millions,
            write=lambda count: str(ceil(count)),
            tolerated=True,
            unitless=True,
            any_pace=True,
        ),
    ),
)
