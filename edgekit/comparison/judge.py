"""Two results, or one with two sides in it, into a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edgekit import stats
from edgekit.comparison.change import FEWEST_REPEATS, Change, count_change, medians, tick, time_change
from edgekit.comparison.pairs import (
    Across,
    Only,
    Pair,
    Pairs,
    Side,
    measured_together,
    pair_results,
    pair_together,
    pair_within,
)
from edgekit.comparison.together import blocked_change
from edgekit.errors import GateError, InvalidError, UnavailableError, UsageError
from edgekit.outputs import Difference, difference
from edgekit.results import LOOSE, Result, flaw


@dataclass(frozen=True)
class Agreement:
    """Predictions of two sides on the same images; fractions."""

    n: int
    same: float  # share of images with the same answer
    drop: float | None  # accuracy lost, baseline minus candidate; None: the labels are not in a result
    low: float | None  # its paired 95 % interval
    high: float | None


@dataclass(frozen=True)
class Compared:
    """One pair of cells. Sizes in bytes."""

    model: str  # each `before → after` where the sides differ
    artefact: str
    runtime: str
    threads: str
    device: str
    bytes: tuple[int, int]
    changed: bool  # whether the artefact is another file
    invalid: str  # why one side's times cannot be trusted; empty: both can
    latency: Change | None
    instructions: Change | None
    agreement: Agreement | None
    outputs: Difference | None = None  # where there are no answers

    @property
    def word(self) -> str:
        """The worst of what was found. Instructions that grew are counted, however noisy the times are."""
        if self.invalid and not (self.instructions and self.instructions.word == "more"):
            return "invalid"
        words = [change.word for change in (self.latency, self.instructions) if change]
        return min(words, key=_RANKS.index, default="missing")


_RANKS = ("slower", "more", "inconclusive", "faster", "fewer", "same")


@dataclass(frozen=True)
class Comparison:
    """Everything that belongs together, judged, and what has no counterpart."""

    pairs: tuple[Compared, ...]
    missing: tuple[str, ...]  # only in the baseline
    new: tuple[str, ...]  # only in the candidate
    notes: tuple[str, ...]  # what to know before believing it
    unlike: tuple[str, ...] = ()  # what belongs together and cannot be compared, each with the reason
    results: tuple[Result, ...] = ()  # what was compared

    @property
    def worse(self) -> int:
        """How many pairs got slower or take more instructions."""
        return sum(pair.word in ("slower", "more") for pair in self.pairs)

    @property
    def exit_code(self) -> int:
        """1: something got worse; else 3: something is missing or unlike; else 4: not certain; else 0."""
        words = {pair.word for pair in self.pairs}
        if self.worse:
            return GateError.exit_code
        if "missing" in words or self.missing or self.unlike:
            return UnavailableError.exit_code
        return InvalidError.exit_code if words & {"inconclusive", "invalid"} else 0


def compare(
    baseline: Result,
    candidate: Result | None = None,
    *,
    across: Across | None = None,
    against: str | None = None,
    only: Only = Only(),  # noqa: B008 - frozen
) -> Comparison:
    """Compare two results cell by cell, or the cells of one that differ in one dimension.

    Args:
        baseline: What is compared with.
        candidate: What is judged; None: both sides are in the baseline, told apart by `across`.
        across: The one dimension in which the sides may differ.
        against: With one result: the baseline's name in that dimension; None: the first measured.
        only: Which cells are compared.

    Raises:
        UsageError: Nothing can be compared.
    """
    results = (baseline, candidate) if candidate else (baseline,)
    baseline, candidate = only.of(baseline), candidate and only.of(candidate)
    if candidate is not None and against is not None:
        raise UsageError("--against names a side within one result.", "With two, the first is the baseline.")
    if candidate is None:
        if across is None or across == "device":
            raise UsageError(
                "One result is compared within itself, and a session has one device.",
                "Name two results, or say what differs: --across model, artefact, runtime or threads.",
            )
        found = pair_within(baseline, across, against)
    elif measured_together(baseline, candidate) and across is None:
        found = pair_together(baseline, candidate)
    else:
        found = pair_results(baseline, candidate, across)
    if not found.pairs and found.unlike:
        raise UsageError(str(found.unlike[0]), found.unlike[0].hint)
    if not found.pairs:
        raise UsageError(f"Nothing can be compared: {_leftover(found)}", "Name what differs with --across.")
    return Comparison(
        _compared(found.pairs),
        tuple(side.label for side in found.missing),
        tuple(side.label for side in found.new),
        _notes(baseline, candidate, across),
        tuple(map(str, found.unlike)),
        results,
    )


def _leftover(found: Pairs) -> str:
    names = [", ".join(side.label for side in sides[:3]) or "nothing" for sides in (found.missing, found.new)]
    return f"one side has {names[0]}; the other {names[1]}."


def _compared(pairs: Sequence[Pair]) -> tuple[Compared, ...]:
    timed = [(_medians(pair.baseline), _medians(pair.candidate)) for pair in pairs]
    tested = [
        index
        for index, sides in enumerate(timed)
        if min(map(len, sides)) >= FEWEST_REPEATS and not _flaw(pairs[index]) and not pairs[index].together
    ]
    adjusted = stats.holm([stats.mann_whitney(*timed[index]) for index in tested])
    p = dict(zip(tested, adjusted, strict=True))
    return tuple(_pair(pair, timed[index], p.get(index), len(tested)) for index, pair in enumerate(pairs))


def _pair(pair: Pair, timed: tuple[list[float], list[float]], p: float | None, cells: int) -> Compared:
    before, after = pair.baseline.measurement, pair.candidate.measurement
    invalid = _flaw(pair)
    judged = not invalid and all(timed) and min(map(min, timed)) > 0
    counts = None if _flaw(pair, any_pace=True) else (before.instructions, after.instructions)
    return Compared(
        model=_arrow(before.artefact.set, after.artefact.set),
        artefact=_arrow(before.artefact.file, after.artefact.file),
        runtime=_arrow(pair.baseline.variant("runtime"), pair.candidate.variant("runtime")),
        threads=_arrow(str(before.threads), str(after.threads)),
        device=_arrow(pair.baseline.variant("device"), pair.candidate.variant("device")),
        bytes=(before.artefact.bytes, after.artefact.bytes),
        changed=before.artefact.sha256 != after.artefact.sha256,
        invalid=invalid,
        latency=_latency(pair, timed, p, cells) if judged else None,
        instructions=count_change(counts[0], counts[1]) if counts and counts[0] and counts[1] else None,
        agreement=_agreement(pair),
        outputs=difference(before, after),
    )


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _medians(side: Side) -> list[float]:
    """The repeats' medians; none if the device is emulated, since they say nothing about the board."""
    return [] if side.result.device.emulated else medians(side.measurement.repeats)


def _latency(pair: Pair, timed: tuple[list[float], list[float]], p: float | None, cells: int) -> Change:
    step = tick(pair.baseline.measurement.repeats, pair.candidate.measurement.repeats)
    noises = [
        side.result.noise.spread(side.measurement.threads)
        for side in (pair.baseline, pair.candidate)
        if side.result.noise
    ]
    noise, plan = max(noises, default=None), pair.together
    if plan is None:
        return time_change(*timed, p, cells, tick=step, noise=noise)
    # a session that was interrupted is judged by its last look, since other moments were not planned
    blocks = min(map(len, timed)) // 2
    reached = 2 * max((look for look in plan.looks if look <= blocks), default=0)
    if not reached:
        needed = 2 * plan.looks[0]
        reason = f"{needed} repeats on each side are needed, there are {min(map(len, timed))}"
        return msgspec.structs.replace(
            time_change(*timed, None, cells, tick=step, noise=noise), reason=reason
        )
    before, after = (side.measurement.repeats[:reached] for side in (pair.baseline, pair.candidate))
    return blocked_change(before, after, looks=len(plan.looks), cells=plan.cells, noise=noise)


def _flaw(pair: Pair, *, any_pace: bool = False) -> str:
    """Why a side cannot be trusted; empty: both can.

    That repeats differ among themselves is not a flaw where only repeats of one block are compared: the
    interval has it.

    Args:
        pair: The two sides.
        any_pace: What is compared is the same however fast the device was.
    """
    for name, side in (("baseline", pair.baseline), ("candidate", pair.candidate)):
        findings = (
            found for found in side.measurement.findings if not (pair.together and found.code == "noisy")
        )
        if found := flaw(findings, any_pace=any_pace):
            return f"{name}: {found.code}: {found.message}"
    return ""


def _agreement(pair: Pair) -> Agreement | None:
    """How far predictions on the same images agree, right or wrong."""
    import numpy as np

    before, after = pair.baseline.measurement.accuracy, pair.candidate.measurement.accuracy
    if not before or not after or before.evaluation_sha256 != after.evaluation_sha256:
        return None
    one, other = (np.asarray(side.predictions) for side in (before, after))
    if one.size == 0 or one.size != other.size:
        return None
    same = float(np.mean(one == other))
    for side in (pair.baseline, pair.candidate):
        for truth in side.result.evaluations:
            if truth.sha256 == before.evaluation_sha256 and len(truth.labels) == one.size and truth.labelled:
                labels = np.asarray(truth.labels)
                return Agreement(one.size, same, *stats.paired_drop(one == labels, other == labels))
    return Agreement(one.size, same, None, None, None)


def _notes(baseline: Result, candidate: Result | None, across: Across | None) -> tuple[str, ...]:
    """What the results show that a reader should know."""
    notes = [
        f"The {name} is not complete: {result.partial}"
        for name, result in (("baseline", baseline), ("candidate", candidate))
        if result and result.partial
    ]
    notes += _noise_notes(candidate or baseline)
    if candidate is None or measured_together(baseline, candidate):
        return tuple(notes)
    if not candidate.device.emulated:
        loose = all(measured.artefact.set == LOOSE for measured in candidate.measurements)
        sides, device = "OLD_FILE NEW_FILE" if loose else "OLD_SET NEW_SET", candidate.device.profile
        there = "" if device == "host" else f" --device {device}"
        better = f" One session of both is more certain: edgekit compare {sides}{there}"
        notes.append(
            "Measured in two sessions: the intervals do not show what drifted between them."
            + better * (across in (None, "model", "artefact"))
        )
    seen = {"kernel": "system", "Python": "python", "libc": "libc"}
    for word, key in seen.items():
        before, after = getattr(baseline.device, key), getattr(candidate.device, key)
        if before != after and baseline.device.profile == candidate.device.profile:
            notes.append(f"The device's {word} changed: {before} to {after}.")
    return tuple(notes)


def _noise_notes(result: Result) -> list[str]:
    """What to know of the device's noise, on which δ rests."""
    device = result.device.profile
    if result.device.emulated:
        return []
    if result.noise is None:
        hint = (
            f"The noise of {device} is not known, so δ is based on these repeats only: edgekit devices noise"
        )
        return [f"{hint} {device}"] if result.together else []
    doubt = result.noise.doubt(result.device.system, result.created)
    again = f"edgekit devices noise {result.noise.device}"
    return [f"The noise of {result.noise.device} {doubt}: {again}"] if doubt else []
