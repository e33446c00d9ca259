"""Candidates from what others published: the sizes of MobileNet v1 that were measured on a board."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import product
from statistics import median

from edgekit.budget import Figure
from edgekit.choice.candidate import Candidate
from edgekit.choice.telling import ranged, share
from edgekit.choice.wanted import Wanted
from edgekit.errors import UsageError
from edgekit.expectation import BOARDS, Line, expect
from edgekit.expectation.accuracy import IMAGES
from edgekit.expectation.expect import FAMILY, PRECISIONS

SIZES = tuple(product((0.25, 0.5, 0.75, 1.0), (128, 160, 192, 224)))  # alpha and pixels that were measured
_NOT = "it is not among the published figures"


def candidates(wanted: Wanted) -> list[Candidate]:
    """Return the sizes that others measured on a board.

    Raises:
        UsageError: Nothing was published that is wanted.
    """
    if wanted.device is None:
        raise UsageError(
            "No device is named, and nothing was measured here.",
            f"Name a board with published figures: --device {next(iter(BOARDS))}",
        )
    BOARDS.named(wanted.device)
    if set(wanted.threads) - {0}:
        raise UsageError(
            "Published figures are for all CPUs.", "Leave out --threads, or measure: edgekit bench"
        )
    if wanted.fps is not None:
        raise UsageError("Published figures are for back-to-back inferences.", "Leave out --fps.")
    if len(wanted.runtimes) > 1:
        raise UsageError(
            "Published figures can be restricted to one runtime.", f"Write --runtime {wanted.runtimes[0]}."
        )
    precisions = [each for each in PRECISIONS if wanted.precision in (None, each)]
    found = [
        _candidate(wanted, alpha, resolution, precision)
        for precision in precisions
        for alpha, resolution in SIZES
        if fnmatchcase(_name(alpha, resolution), wanted.model)
    ]
    if not found:
        raise UsageError(
            f"No figures are published for {wanted.model} in {wanted.precision or 'any precision'}.",
            f"There are {_name(*SIZES[0])} to {_name(*SIZES[-1])}, in {' and '.join(PRECISIONS)}.",
        )
    return found


def published_accuracy(family: str, alpha: float, resolution: int, precision: str) -> Figure | None:
    """Return what ImageNet's weights of a size reach, a fraction; None: that was not published."""
    if family != FAMILY or (alpha, resolution) not in SIZES or precision not in PRECISIONS:
        return None
    board = next(iter(BOARDS))
    return _accuracy(expect(board, alpha=alpha, resolution=resolution, precision=precision).counted)


def _name(alpha: float, resolution: int) -> str:
    return f"{FAMILY}_{alpha:g}_{resolution}"


def _candidate(wanted: Wanted, alpha: float, resolution: int, precision: str) -> Candidate:
    runtime = wanted.runtimes[0] if wanted.runtimes else ""
    found = expect(
        wanted.device or "", alpha=alpha, resolution=resolution, precision=precision, runtime=runtime
    )
    several = {f"{line.runtime}, {line.repository}": line.p50_ms * 1e6 for line in found.counted}
    accuracy = _accuracy(found.counted)
    names = {line.runtime for line in found.counted}
    return Candidate(
        device=found.board,
        model=_name(alpha, resolution),
        artefact="",
        precision=precision,
        runtime=names.pop() if len(names) == 1 else "",
        threads=None,
        figures={
            "latency_p50": ranged(median(several.values()), min(several.values()), max(several.values()))
        },
        quality={"published": accuracy} if accuracy else {},
        lacks=dict.fromkeys(("peak_memory", "size", "instructions"), _NOT),
        several=several,
    )


def _accuracy(lines: Sequence[Line]) -> Figure | None:
    """Return the accuracy over series, with the range that the images and the series allow."""
    shares = [
        share(round(line.top1_percent / 100 * IMAGES), IMAGES)
        for line in lines
        if line.top1_percent is not None
    ]
    if not shares:
        return None
    middle = median(each.value for each in shares if each.value is not None)
    return ranged(middle, min(each.low for each in shares), max(each.high for each in shares))
