"""`edgekit.pick`, and its choice as budgets."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edgekit.api.given import StrPath, Threads, several, thread_counts
from edgekit.errors import UsageError

if TYPE_CHECKING:
    from edgekit.budget import Proposal
    from edgekit.choice import Choice
    from edgekit.results import Result
    from edgekit.sweeps import Sweep

Record: TypeAlias = "Result | Sweep | StrPath"


def pick(
    results: Record | Iterable[Record] | None = None,
    *,
    device: str | None = None,
    latency: str | None = None,
    memory: str | None = None,
    size: str | None = None,
    accuracy: str | None = None,
    instructions: str | None = None,
    model: str = "*",
    precision: str | None = None,
    runtimes: str | Iterable[str] = (),
    threads: Threads | Iterable[Threads] = (),
    fps: float | None = None,
) -> Choice:
    """Choose which model to ship, from a sweep, from results, or from published figures.

    A model meets a limit only if even the unfavourable end of its figure's interval does. The most accurate
    of those that meet all limits is chosen; if several cannot be told apart, the fastest of them. With a
    floor of accuracy and no limit on latency it is the other way round: the fastest, and if several cannot
    be told apart, the most accurate. If no model meets the limits, nothing is raised: see `exit_code` and
    `nearest`.

    Args:
        results: A sweep, results, their files or folders, one or several; None: the newest in sweeps/, else
            all in results/, else the published figures.
        device: The device's name; None: the only one that was measured.
        latency: Highest median latency, such as `15 ms`.
        memory: Highest peak memory, such as `60 MB`.
        size: Largest file, such as `1.1 MB`.
        accuracy: Lowest accuracy, such as `70 %`.
        instructions: Most instructions per inference, such as `60 M`.
        model: Only models whose names match this shell pattern.
        precision: Only `int8`, `float32` or `float16`; None: any.
        runtimes: Only these, each NAME or NAME==VERSION; for published figures, how the name begins; none:
            all.
        threads: Only these numbers of threads; `all` is every CPU; none: any number.
        fps: Only what was measured at this many inferences per second; None: back to back.

    Raises:
        UsageError: Nothing matches, or a limit is on a figure that was not measured.
        InvalidError: None of the measurements is valid.
        RecordError: A file is neither a result nor a sweep, damaged, or of a newer edgekit.
    """
    from edgekit.choice import Wanted, choose, find

    stated = {
        "latency_p50": latency,
        "peak_memory": memory,
        "size": size,
        "accuracy": accuracy,
        "instructions": instructions,
    }
    limits = {name: _limit(name, text) for name, text in stated.items() if text is not None}
    wanted = Wanted(
        device=device,
        model=model,
        precision=precision,
        runtimes=several(runtimes),
        threads=thread_counts(threads),
        fps=fps,
    )
    given = () if results is None else several(results)
    if results is not None and not given:
        raise UsageError("No result is given.", "Give some, or None for all in results/.")
    found = find([Path(each) if isinstance(each, str | os.PathLike) else each for each in given], wanted)
    choice = choose(found.candidates, limits, source=found.source, notes=found.notes)
    return replace(choice, origin=found.origin, files=found.files)


def propose_budget(choice: Choice, budgets: StrPath = "budgets.toml") -> Proposal:
    """Propose a choice's limits as an entry of a file of budgets; nothing is written.

    Args:
        choice: With limits, and something that holds them and was measured.
        budgets: The file; an entry about the same is replaced, all else stays as it is.

    Raises:
        UsageError: There is nothing that an entry could be about, or results would not keep it.
        RecordError: The file cannot be read, or is not one of budgets.
    """
    from edgekit.choice.entry import propose

    return propose(choice, Path(budgets))


def _limit(name: str, text: str) -> float:
    """Read a limit.

    Raises:
        UsageError: It is not a quantity with a unit of the metric.
    """
    from edgekit.budget import METRICS

    try:
        return METRICS[name].limit(text)
    except UsageError as error:
        raise UsageError(f"The limit on {METRICS[name].title}: {error.what}", error.hint) from error
