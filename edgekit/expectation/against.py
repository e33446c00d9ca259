"""A result against what others published: one sentence, where it is beyond their range."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from edgekit import stats, units
from edgekit.errors import UsageError
from edgekit.expectation.board import BOARDS, Board
from edgekit.expectation.expect import ALPHAS, FAMILY, PRECISIONS, RESOLUTIONS, Expectation, expect
from edgekit.results import Measurement, Result


@dataclass(frozen=True)
class Beyond:
    """One measurement whose latency is significantly beyond the published range. Milliseconds."""

    measurement: Measurement
    published: Expectation
    p50_ms: float
    slower: bool  # False: faster

    @property
    def factor(self) -> float:
        """How many times as long as the slowest published; where it is faster, how many times faster."""
        if self.slower:
            return self.p50_ms / self.published.high_ms
        return self.published.low_ms / self.p50_ms


def against(result: Result) -> str:
    """Say where a result is beyond what others measured on the same board; empty: nowhere, as far as known.

    Only MobileNet v1 of the sizes that were published, or between them, is judged, with all CPUs as threads;
    of each file the fastest runtime. If several are beyond, the one that is slowed most is named.
    """
    found = max(_beyond(result), key=lambda each: (each.slower, each.factor), default=None)
    if found is None:
        return ""
    size = found.published
    words = f"MobileNet v1, alpha {size.alpha:g}, {size.resolution} pixels, {size.precision}"
    runtime, threads = found.measurement.runtime.label, found.measurement.threads
    text = (
        f"{words}, is {found.factor:.1f}× {'slower' if found.slower else 'faster'} than published: "
        f"{units.significant(found.p50_ms)} ms with {runtime} on {threads} threads, others measured "
        f"{units.significant(size.low_ms)} to {units.significant(size.high_ms)} ms"
    )
    return f"{text}. See why: edgekit devices doctor {result.device.profile}" if found.slower else f"{text}."


def _beyond(result: Result) -> Iterator[Beyond]:
    board = _board(result)
    if board is None or result.fps is not None:
        return
    models = {each.sha256: each.model for each in result.references if each.model}
    for file, measurement in _fastest(result).items():
        model = models.get(file)
        if model is None or model.family != FAMILY or model.alpha is None or model.resolution is None:
            continue
        size, precision = (model.alpha, model.resolution), measurement.artefact.precision
        if precision not in PRECISIONS or not _within(*size):
            continue
        try:
            published = expect(board.name, alpha=size[0], resolution=size[1], precision=precision)
        except UsageError:  # nobody published this of the board
            continue
        noise = result.noise.spread(measurement.threads) if result.noise else None
        bounds = stats.repeat_bounds(_medians(measurement), noise=noise)
        if bounds is None:
            continue
        low, high = bounds.low / 1e6, bounds.high / 1e6
        if low > published.high_ms or high < published.low_ms:
            yield Beyond(measurement, published, bounds.value / 1e6, low > published.high_ms)


def _board(result: Result) -> Board | None:
    """Return the board that a result is of, by what it said it is, else by its profile's name."""
    device = result.device
    if device.emulated or not device.timed or not device.machine.startswith(("aarch64", "arm")):
        return None
    if device.board is None:
        return BOARDS.get(device.profile)
    said = device.board
    return next((each for each in BOARDS.values() if re.match(rf"{each.description}\b", said)), None)


def _within(alpha: float, resolution: int) -> bool:
    return ALPHAS[0] <= alpha <= ALPHAS[1] and RESOLUTIONS[0] <= resolution <= RESOLUTIONS[1]


def _fastest(result: Result) -> dict[str, Measurement]:
    """Return the fastest valid measurement of each file with all CPUs, by the file's hash."""
    found: dict[str, Measurement] = {}
    for each in result.measurements:
        if not each.valid or not each.repeats or each.threads != result.device.cpus or each.affinity:
            continue
        best = found.get(each.artefact.sha256)
        if best is None or median(_medians(each)) < median(_medians(best)):
            found[each.artefact.sha256] = each
    return found


def _medians(measurement: Measurement) -> list[float]:
    return [median(repeat.samples_ns) for repeat in measurement.repeats]
