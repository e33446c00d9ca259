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
    """Choose which model to ship, going by a sweep, by results, or by what others published.

    A limit is held only where even the unfavourable end of the figure's interval holds it. Of those that hold
    all limits the most accurate is chosen; where several cannot be told apart, the fastest of them. If there
    is a floor of accuracy and no limit of latency, it is the fastest, and of those that cannot be told apart
    the most accurate. That nothing holds the limits is returned, not raised: see `exit_code` and `nearest`.

    Args:
        results: A sweep, results, their files or folders, one or several; None: the newest in sweeps/, else
            all in results/, else the published figures.
        device: The device's name; None: the only one that was measured.
        latency: Most of the median latency, such as `15 ms`.
        memory: Most of the peak memory, such as `60 MB`.
        size: Most of the file's size, such as `1.1 MB`.
        accuracy: Least accuracy, such as `70 %`.
        instructions: Most instructions per inference, such as `60 M`.
        model: Only models of these names: the shell's pattern.
        precision: Only `int8`, `float32` or `float16`; None: any.
        runtimes: Only these, each NAME or NAME==VERSION; of published figures how one begins; none: all.
        threads: Only these numbers of threads; `all` is every CPU; none: any number.
        fps: What was measured with so many inferences per second; None: back to back.

    Raises:
        UsageError: There is nothing of what is wanted, or a limit is on what nobody measured.
        InvalidError: No measurement of it is valid.
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
