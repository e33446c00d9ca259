"""Which measurement to ship on each device, and the one that is recommended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgekit.choice import Candidate, Choice, choose
from edgekit.choice.measured import candidate
from edgekit.errors import UsageError
from edgekit.overview.lines import Line

# what a budget says, from the best; empty: no budget is about it
_ON_A_DEVICE = ("pass", "inconclusive", "missing", "fail", "")
_AMONG_DEVICES = ("pass", "", "inconclusive", "missing", "fail")


@dataclass(frozen=True)
class Answer:
    """What to ship on one device, for one task."""

    device: str
    choice: Choice
    best: Candidate
    line: Line  # of the best
    pool: tuple[Candidate, ...]  # everything valid that was measured there for the task
    task: str  # its models, in words, where a device has several; else empty
    emulated: bool

    @property
    def holds(self) -> str:
        """The worst verdict on it: pass, inconclusive, missing, fail; empty: no budget is about it."""
        return self.line.holds


def answers(lines: Sequence[Line]) -> tuple[Answer, ...]:
    """Choose for each device, and each of its tasks, as `edgekit pick` does without limits.

    What holds its budgets is preferred to what may not, that to what breaks one, and that to what no budget
    is about: budgets say what a project means to ship.
    """
    found: list[Answer] = []
    for device in dict.fromkeys(line.device for line in lines):
        valid = [line for line in lines if line.device == device and line.row.valid]
        by_task: dict[str, list[tuple[Candidate, Line]]] = {}
        for line in _of_one_pace(valid):
            each = candidate(line.cell)
            by_task.setdefault(each.task, []).append((each, line))
        if len(by_task) > 1:
            by_task.pop("", None)  # nothing says how good these are, or at what
        several = len(by_task) > 1
        for group in by_task.values():
            answer = _answer(device, group, several=several)
            found += [answer] if answer else []
    return tuple(found)


def _of_one_pace(lines: Sequence[Line]) -> list[Line]:
    """Return what was measured back to back; if nothing was, what was spaced as most was."""
    paces = [line.cell.result.fps for line in lines]
    pace = None if None in paces or not paces else max(paces, key=paces.count)
    return [line for line, each in zip(lines, paces, strict=True) if each == pace]


def _answer(device: str, group: Sequence[tuple[Candidate, Line]], *, several: bool) -> Answer | None:
    ranks = [_ON_A_DEVICE.index(line.holds) for _, line in group]
    best_rank = min(ranks)
    kept = [each for (each, _), rank in zip(group, ranks, strict=True) if rank == best_rank]
    try:
        choice = choose(kept, {})
    except UsageError:
        return None  # nothing has a time or a count
    if choice.best is None:
        return None
    lines = {id(each): line for each, line in group}
    models = sorted({each.model for each, _ in group})
    return Answer(
        device=device,
        choice=choice,
        best=choice.best,
        line=lines[id(choice.best)],
        pool=tuple(each for each, _ in group),
        task=f"{models[0]}{' …' if len(models) > 1 else ''}" if several else "",
        emulated=group[0][1].session.device.emulated,
    )


def recommended(found: Sequence[Answer]) -> Answer | None:
    """Return the one to ship of all: by the same rules, among devices of which most was measured alike.

    What is timed goes before what is counted, what holds its budgets before what does not.
    """
    if not found:
        return None
    left = [each for each in found if not each.emulated] or list(found)
    rank = min(_AMONG_DEVICES.index(each.holds) for each in left)
    left = [each for each in left if _AMONG_DEVICES.index(each.holds) == rank]
    tasks = {each.best.task: 0 for each in left}
    for each in left:
        tasks[each.best.task] += len(each.pool)
    task = max(tasks, key=tasks.__getitem__)
    left = [each for each in left if each.best.task == task and each.choice.cost == left[0].choice.cost]
    try:
        best = choose([each.best for each in left], {}).best
    except UsageError:
        best = None
    return next((each for each in left if each.best is best), left[0] if left else None)
