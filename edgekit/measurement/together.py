"""Two sides in one session, interleaved A B B A, for as long as the answer needs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from edgekit.device import Transport, read_noise
from edgekit.errors import UsageError
from edgekit.measurement.artefacts import payloads, subjects
from edgekit.measurement.loose import Asked
from edgekit.measurement.measure import Collected, Outcome, measure
from edgekit.measurement.passes import Passes
from edgekit.measurement.plan import Cell, cells, wanted_runtimes, wanted_threads
from edgekit.measurement.request import BenchRequest
from edgekit.measurement.session import Session, environment, evaluations_of, made_in
from edgekit.measurement.store import Store
from edgekit.measurement.subject import Subject
from edgekit.progress import SILENT, Progress
from edgekit.results import Environment, Noise, Repeat, Result, Together
from edgekit.schema import now
from edgekit.visit import profile_of, visiting

# whether two cells need no more repeats, given how many looks there are, how many cells, and the noise
Settled = Callable[[Sequence[Repeat], Sequence[Repeat], int, int, "float | None"], bool]


@dataclass(frozen=True)
class Rules:
    """When a comparison ends."""

    looks: Callable[[int], tuple[int, ...]]  # after how many blocks a verdict is looked for, by cells
    settled: Settled


@dataclass(frozen=True)
class Both:
    """What one session gave of two sides."""

    baseline: Result
    candidate: Result
    missing: tuple[str, ...]  # cells that only the baseline has; they were not measured
    new: tuple[str, ...]  # or only the candidate


def bench_together(
    request: BenchRequest,
    sides: tuple[Sequence[Path], Sequence[Path]],
    rules: Rules,
    progress: Progress = SILENT,
    *,
    only: Sequence[str] = (),
    transport: Transport | None = None,
    stores: tuple[Store, Store] | None = None,
) -> Both:
    """Measure two sides, pair by pair, until a rule has settled each pair or its cap is reached.

    Args:
        request: How to measure; its artefacts are those of both sides.
        sides: The baseline's artefacts, then the candidate's.
        rules: When to stop.
        progress: Receives every process on the device.
        only: Names of files; none: all.
        transport: Instead of the one in the device's profile.
        stores: Where the results are kept while they grow. The whole of them is left to be written.

    Raises:
        UsageError: The request does not fit, or nothing of the one side belongs to anything of the other.
        RuntimeMissingError: A runtime that was asked for by name cannot be provided, or none can.
        DeviceError: Nothing could be measured.
        KeyboardInterrupt: Interrupted before anything was measured.
    """
    with TemporaryDirectory(prefix="edgekit-") as work:
        asked = Asked(request.shapes, request.inputs, request.reading, Path(work))
        files = tuple(_named(subjects(side, asked), only) for side in sides)
        return _bench(request, (files[0], files[1]), rules, progress, transport=transport, stores=stores)


def _named(files: Sequence[Subject], only: Sequence[str]) -> tuple[Subject, ...]:
    there = [file.name for file in files]
    if absent := [name for name in only if name not in there]:
        raise UsageError(f"There is no artefact {absent[0]}.", f"There is {', '.join(there)}.")
    return tuple(file for file in files if not only or file.name in only)


def _bench(
    request: BenchRequest,
    files: tuple[Sequence[Subject], Sequence[Subject]],
    rules: Rules,
    progress: Progress,
    *,
    transport: Transport | None,
    stores: tuple[Store, Store] | None,
) -> Both:
    every = (*files[0], *files[1])
    runtimes = wanted_runtimes(request.runtimes, every)
    profile, created = profile_of(request.device), now()
    noise, repository = read_noise(profile.name) if profile.timed else None, made_in(progress)
    needed, named = payloads(every, evaluation=request.accuracy), bool(request.runtimes)
    with visiting(profile, needed, runtimes, progress, by_name=named, transport=transport) as visit:
        sessions = [
            Session(request, tuple(side), evaluations_of(side, request), created, visit, noise, repository)
            for side in files
        ]
        threads = wanted_threads(request.threads, sessions[0].cpus)
        before, after = (cells(side, visit.bundles.values(), threads) for side in files)
        pairs, missing, new = _paired(before, after)
        if not pairs:
            raise UsageError(
                f"Nothing can be compared: one side has {_some(before)}; the other {_some(after)}.",
                "Name two files, or two sets whose files have the same names.",
            )
        looks = rules.looks(len(pairs)) if profile.timed else (1,)
        sessions = [replace(session, repeats=2 * looks[0]) for session in sessions]
        token = secrets.token_hex(8)

        def split(outcome: Outcome, after: Environment) -> tuple[Result, Result]:
            """Return the record of each side."""
            baseline, candidate = (
                msgspec.structs.replace(
                    session.result(replace(outcome, collected=outcome.collected[place::2]), after),
                    together=Together(token, "candidate" if place else "baseline", looks, len(pairs)),
                )
                for place, session in enumerate(sessions)
            )
            return baseline, candidate

        def keep(outcome: Outcome, *, at_once: bool = False) -> None:
            """Write what there is so far."""
            if stores and (at_once or stores[0].due):
                for store, result, side in zip(
                    stores, split(outcome, Environment(now())), files, strict=True
                ):
                    if result.measurements:
                        store.keep(result, [file.record().title for file in side])

        chosen = [cell for pair in pairs for cell in pair]
        outcome = measure(
            chosen,
            Passes(visit, request),
            request,
            progress,
            keep,
            order=lambda collected, _: _rounds(collected, looks, rules.settled, noise),
            repeats=2 * looks[-1],
        )
        if outcome.stopped:
            keep(outcome, at_once=True)
        last = environment(visit) if outcome.can_wait else Environment(now())
    return Both(*split(outcome, last), missing, new)


def _some(chosen: Sequence[Cell]) -> str:
    return ", ".join(map(str, chosen[:2])) or "nothing that the runtimes execute"


def _paired(
    before: Sequence[Cell], after: Sequence[Cell]
) -> tuple[list[tuple[Cell, Cell]], tuple[str, ...], tuple[str, ...]]:
    """Pair cells by file name, or the only files there are; return those that are left over as well."""
    single = all(len({cell.subject.path for cell in side}) == 1 for side in (before, after))

    def key(cell: Cell) -> tuple[str, str, int]:
        return "" if single else cell.subject.name, cell.bundle.record.sha256, cell.threads

    others = {key(cell): cell for cell in after}
    mine = {key(cell) for cell in before}
    return (
        [(cell, others[key(cell)]) for cell in before if key(cell) in others],
        tuple(str(cell) for cell in before if key(cell) not in others),
        tuple(str(cell) for cell in after if key(cell) not in mine),
    )


def _rounds(
    collected: Sequence[Collected], looks: Sequence[int], settled: Settled, noise: Noise | None
) -> Iterator[Collected]:
    """Yield what is measured next, pair by pair A B B A, for as long as some pair is not settled.

    Args:
        collected: Baseline and candidate in turn; what they hold grows while this goes on.
        looks: After how many blocks to ask.
        settled: What to ask.
        noise: Of the device.
    """
    pairs = list(zip(collected[::2], collected[1::2], strict=True))
    unsettled = pairs
    for block in range(1, looks[-1] + 1):
        for before, after in unsettled:
            yield from (before, after, after, before)
        unsettled = [pair for pair in unsettled if not any(side.error for side in pair)]
        if block in looks:
            unsettled = [
                (before, after)
                for before, after in unsettled
                if not settled(
                    before.repeats,
                    after.repeats,
                    len(looks),
                    len(pairs),
                    noise.spread(before.cell.threads) if noise else None,
                )
            ]
