"""Carrying a plan out: latency first, interleaved, then memory, accuracy and instructions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TypeAlias

from edgekit.errors import EdgekitError, ModelError, TransientDeviceError, UnavailableError
from edgekit.measurement import answers
from edgekit.measurement.passes import Passes
from edgekit.measurement.plan import Cell, interleaved
from edgekit.measurement.request import BenchRequest
from edgekit.progress import Progress
from edgekit.results import (
    Accuracy,
    Ended,
    Instructions,
    Memory,
    Output,
    Repeat,
    Runtime,
    Sustained,
    Window,
)
from edgekit.words import plural

Order: TypeAlias = "Callable[[Sequence[Collected], int], Iterator[Collected]]"

# what a result says that is found while, or long after, its session was measuring
_UNFINISHED = KeyboardInterrupt("The session is not finished: it is still running, or was killed.")


@dataclass(eq=False)
class Collected:
    """What one cell has given so far."""

    cell: Cell
    repeats: list[Repeat] = field(default_factory=list)
    unspaced: list[Repeat] = field(default_factory=list)
    runtime: Runtime | None = None
    input_sha256: str | None = None
    memory: Memory | None = None
    accuracy: Accuracy | None = None
    instructions: Instructions | None = None
    outputs: tuple[Output, ...] = ()
    sustained: Sustained | None = None
    error: EdgekitError | None = None


@dataclass(eq=False)
class Outcome:
    """What a session has come to so far."""

    collected: list[Collected]
    unable: dict[str, str] = field(default_factory=dict)  # what the device cannot do: why
    stopped: KeyboardInterrupt | TransientDeviceError | None = None  # what ended it early

    @property
    def errors(self) -> list[EdgekitError]:
        """Why combinations failed."""
        return [item.error for item in self.collected if item.error]

    @property
    def ended(self) -> Ended:
        """How it ended."""
        if self.stopped:
            return "interrupted" if isinstance(self.stopped, KeyboardInterrupt) else "lost"
        return "failed" if self.errors else "whole"

    @property
    def can_wait(self) -> bool:
        """Whether there is a device to look at, and time for it: who sends a signal soon sends SIGKILL."""
        return self.stopped is None or type(self.stopped) is KeyboardInterrupt

    @property
    def partial(self) -> str | None:
        """Why it is not whole; None: it is."""
        reasons = [f"{item.cell}: {_reason(item.error)}" for item in self.collected if item.error]
        if self.stopped:
            reasons.append(str(self.stopped) or "Interrupted.")
        return " ".join(reasons) or None

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the device cannot do, and why: sentences."""
        return tuple(f"{what}: {why}" for what, why in self.unable.items())


def _reason(error: EdgekitError) -> str:
    """Say what failed and, of a model that a runtime does not execute, what does."""
    return f"{error.what} {error.hint}".strip() if isinstance(error, ModelError) else error.what


@dataclass(frozen=True)
class _Task:
    """One process on the device. It is left out once an earlier one failed for the same cell."""

    collected: Collected
    run: Callable[[], None]
    optional: str = ""  # what the result lacks if the device cannot do this


def measure(
    chosen: Sequence[Cell],
    passes: Passes,
    request: BenchRequest,
    progress: Progress,
    keep: Callable[[Outcome], None] = lambda _: None,
    *,
    order: Order = interleaved,
    repeats: int | None = None,
) -> Outcome:
    """Run every process of a session.

    A cell that fails is left alone from then on; the others go on. An interruption, or a device that is
    gone, ends the session with what there is.

    Args:
        chosen: What to measure.
        passes: Asks the device.
        request: What was asked for.
        progress: Receives every process on the device.
        keep: Receives what there is whenever there is more, as it would be if nothing more came.
        order: Yields which cell is timed next, given all and the repeats; it may look at what there is so
            far, and may end early.
        repeats: Of each cell, at most; None: as the request says.

    Raises:
        EdgekitError: Nothing was measured; the first cell's error.
        KeyboardInterrupt: Interrupted before anything was measured.
    """
    outcome = Outcome([Collected(cell) for cell in chosen])
    most = 0 if not passes.timed else repeats or request.schedule.repeats
    timing = order(outcome.collected, most) if passes.timed else iter(())
    others = list(_others(outcome.collected, passes, request))
    early = f", {'up to ' if repeats else ''}{most} times each" if passes.timed else ""
    progress.step(f"Measuring {plural(len(chosen), 'combination')}{early}", len(chosen) * most + len(others))
    unfinished = partial(_keep, outcome, keep)
    latency = (
        _Task(item, partial(_latency, item, passes, place, request.fps)) for place, item in enumerate(timing)
    )
    try:
        for done, task in enumerate(chain(latency, others)):
            progress.advance(done)
            if task.collected.error is None and task.optional not in outcome.unable:
                _try(task, progress, outcome.unable)
                if task.collected.runtime:
                    unfinished()
        progress.advance(len(chosen) * most + len(others))
        for item in outcome.collected if request.sustain and passes.timed else ():
            if item.error is None:
                load = partial(_sustain, item, passes, request.sustain or 0.0, progress, unfinished)
                _try(_Task(item, load), progress, outcome.unable)
    except (KeyboardInterrupt, TransientDeviceError) as error:
        outcome.stopped = error
    if not any(item.runtime for item in outcome.collected):
        raise outcome.stopped or outcome.errors[0]
    return outcome


def _keep(outcome: Outcome, keep: Callable[[Outcome], None]) -> None:
    keep(replace(outcome, stopped=_UNFINISHED))


def _try(task: _Task, progress: Progress, unable: dict[str, str]) -> None:
    try:
        task.run()
    except TransientDeviceError:
        raise
    except EdgekitError as error:
        # exactly this class: the device cannot do it; its subclasses say that something went wrong
        if task.optional and type(error) is UnavailableError:
            progress.note(f"{task.optional}: {error.what}")
            unable[task.optional] = error.what
        else:
            task.collected.error = error


def _others(collected: Sequence[Collected], passes: Passes, request: BenchRequest) -> Iterator[_Task]:
    """Yield what is not timed, in order. An emulated board has no times and its memory is not real."""
    if not passes.timed:
        for item in collected:
            yield _Task(item, partial(_instructions, item, passes))
    if request.memory and passes.timed:
        for item in collected:
            yield _Task(item, partial(_memory, item, passes), "No memory figures")
    for same in _pairs(collected):
        if request.accuracy and same[0].cell.subject.images:
            yield _Task(same[0], partial(_accuracy, same, passes))
        if same[0].cell.subject.compared:
            yield _Task(same[0], partial(_outputs, same, passes))
    if request.instructions and passes.timed:
        for item in collected:
            if item.cell.threads == 1:
                yield _Task(item, partial(_instructions, item, passes), "No instruction counts")


def _pairs(collected: Sequence[Collected]) -> list[list[Collected]]:
    """Group cells that differ only in the number of threads, which ascends."""
    groups: dict[tuple[int, int], list[Collected]] = {}
    for item in collected:
        groups.setdefault((id(item.cell.subject), id(item.cell.bundle)), []).append(item)
    return list(groups.values())


def _latency(item: Collected, passes: Passes, position: int, fps: float | None) -> None:
    answer = passes.latency(item.cell)
    item.repeats.append(answer.repeat(position))
    _describe(item, answer)
    if fps:
        item.unspaced.append(passes.latency(item.cell, spaced=False).repeat(position))


def _describe(item: Collected, answer: answers.Latency | answers.Instructions) -> None:
    item.runtime = answer.runtime.record(item.cell.bundle)
    item.input_sha256 = answer.input_sha256


def _sustain(
    item: Collected, passes: Passes, total: float, progress: Progress, keep: Callable[[], None]
) -> None:
    """Load one cell for minutes; whatever ends it, the windows that were heard stay."""
    progress.step(f"Sustained load: {item.cell}", total)
    windows: list[Window] = []

    def heard(window: Window) -> None:
        windows.append(window)
        item.sustained = Sustained(total, tuple(windows))
        progress.advance(window.end_ns / 1e9)
        keep()

    passes.sustain(item.cell, total, heard)


def _memory(item: Collected, passes: Passes) -> None:
    item.memory = passes.memory(item.cell, item.repeats)


def _accuracy(same: list[Collected], passes: Passes) -> None:
    """Classify once: the answer does not depend on the number of threads."""
    found = passes.accuracy(same[0].cell, same[0].repeats)
    for item in same:
        item.accuracy = found


def _outputs(same: list[Collected], passes: Passes) -> None:
    """Keep what the model makes of the timed input; that hardly depends on the number of threads."""
    found = passes.outputs(same[0].cell, same[0].repeats)
    for item in same:
        item.outputs = found.outputs


def _instructions(item: Collected, passes: Passes) -> None:
    answer = passes.instructions(item.cell, item.repeats)
    item.instructions = Instructions(answer.per_inference, answer.source, answer.loads)
    _describe(item, answer)
