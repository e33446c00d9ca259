"""What gets measured, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from edgekit.errors import UsageError
from edgekit.measurement.request import ALL_CPUS
from edgekit.measurement.subject import Subject
from edgekit.runtime import KINDS, Bundle, RuntimeSpec, parse_runtime
from edgekit.words import plural

T = TypeVar("T")


@dataclass(frozen=True)
class Cell:
    """One artefact × runtime × number of threads."""

    subject: Subject
    bundle: Bundle
    threads: int

    def __str__(self) -> str:
        threads = plural(self.threads, "thread")
        return f"{self.subject.set}/{self.subject.name} with {self.bundle} on {threads}"


def wanted_runtimes(asked: Sequence[str], subjects: Sequence[Subject]) -> tuple[RuntimeSpec, ...]:
    """Return the runtimes asked for, or every one that executes one of the files.

    Raises:
        UsageError: A runtime is unknown, or executes none of the files.
    """
    formats = {subject.format for subject in subjects}
    if not asked:
        return tuple(RuntimeSpec(kind) for kind in KINDS.values() if kind.format in formats)
    chosen = tuple(dict.fromkeys(parse_runtime(text) for text in asked))
    for spec in chosen:
        if spec.kind.format not in formats:
            names = ", ".join(subject.name for subject in subjects)
            raise UsageError(
                f"{spec} executes .{spec.kind.format} files, and there is none among {names}.",
                f"Name one of {', '.join(k.name for k in KINDS.values() if k.format in formats)}.",
            )
    return chosen


def left_out(chosen: Sequence[RuntimeSpec], subjects: Sequence[Subject]) -> str:
    """Say which files none of the chosen runtimes executes; empty: each is executed."""
    executed = {spec.kind.format for spec in chosen}
    names = [subject.name for subject in subjects if subject.format not in executed]
    if not names:
        return ""
    runtimes = " or ".join(str(spec) for spec in chosen)
    return (
        f"Leaving out {', '.join(names)}: {runtimes} does not execute {'it' if len(names) == 1 else 'them'}."
    )


def wanted_threads(asked: Sequence[int], cpus: int) -> tuple[int, ...]:
    """Return the numbers of threads, ascending, each once.

    Args:
        asked: Numbers of threads, or ALL_CPUS.
        cpus: CPUs that may be used: those that are pinned, or all the device has.

    Raises:
        UsageError: More threads than CPUs.
    """
    counts = sorted({cpus if threads == ALL_CPUS else threads for threads in asked})
    if counts[-1] > cpus:
        raise UsageError(
            f"{counts[-1]} threads were asked for; the device has {plural(cpus, 'usable CPU')} (pinned, or "
            "in all).",
            "Give 1." if cpus == 1 else f"Give 1 to {cpus}.",
        )
    return tuple(counts)


def cells(subjects: Sequence[Subject], bundles: Iterable[Bundle], threads: Sequence[int]) -> tuple[Cell, ...]:
    """Combine every file with each runtime that executes it and each number of threads.

    Each runtime counts once: `litert` and `litert==2.3.0` may be the same.
    """
    different = {bundle.record.sha256: bundle for bundle in bundles}.values()
    return tuple(
        Cell(subject, bundle, count)
        for subject in subjects
        for bundle in different
        if KINDS[bundle.record.runtime].format == subject.format
        for count in threads
    )


def interleaved(chosen: Sequence[T], repeats: int) -> Iterator[T]:
    """Yield every cell once per repeat, forwards and backwards in turn: A B B A A B …

    A drift of the device, such as warming up, then affects all cells alike.
    """
    for repeat in range(repeats):
        yield from chosen if repeat % 2 == 0 else reversed(chosen)
