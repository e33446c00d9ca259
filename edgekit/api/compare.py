"""`edgekit.compare`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edgekit.api.given import StrPath, Threads, artefact_paths, call, read_results, several, thread_counts
from edgekit.artefact import MANIFEST, ArtefactSet
from edgekit.errors import UsageError
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.comparison import Across, Comparison
    from edgekit.device import Profile
    from edgekit.measurement import Schedule
    from edgekit.results import Mode, Result

Side: TypeAlias = "Result | ArtefactSet | StrPath"


def compare(
    baseline: Side,
    candidate: Side | None = None,
    *,
    device: str | Profile | None = None,
    across: Across | None = None,
    against: str | None = None,
    runtimes: str | Iterable[str] = (),
    threads: Threads | Iterable[Threads] = (),
    artefacts: str | Iterable[str] = (),
    mode: Mode | Schedule = "quick",
    accuracy: bool = True,
    affinity: Iterable[int] = (),
    command: str = "",
    progress: Progress = SILENT,
) -> Comparison:
    """Compare two artefact sets or model files, which are measured for it, or two results cell by cell.

    Sets and files are measured in one session, interleaved A B B A, until each pair has a verdict or the
    mode's cap is reached; both results are kept in results/compared/. Measurements in results that differ in
    more than `across` are not compared: `unlike` lists them with the reason.

    Args:
        baseline: An artefact set, a model file, or a result.
        candidate: What is judged against it, of the same kind; None: both sides are in `baseline`, a result.
        device: For sets and files, where they are measured: a device's name, or a profile; None: the host.
        across: For results, the one thing in which the sides may differ; everything else must be equal.
        against: With one result, the side to compare with; None: the first.
        runtimes: Only these, each NAME or NAME==VERSION; none: all.
        threads: Only these numbers of threads; none: all in results, 1 for sets and files.
        artefacts: Only files of these names; none: all.
        mode: How long sets and files are measured at most: `quick`, 16 repeats of 2 s a side; `standard`, 24
            of 10 s; `rigorous`, 24 of 60 s; or your own schedule.
        accuracy: For sets and files, also compare accuracy on the evaluation images.
        affinity: CPUs to measure on; none: those of the device's profile.
        command: What the results say made them; empty: this call.
        progress: Receives every step.

    Raises:
        UsageError: Nothing can be compared, or one side is a result and the other is not.
        RecordError: A file is not a result.
        RuntimeMissingError: A runtime cannot be provided.
        DeviceError: Nothing could be measured.
    """
    typed = command or call(compare, locals())
    from edgekit.comparison import Only
    from edgekit.comparison import compare as run

    sides = [side for side in (baseline, candidate) if side is not None]
    measurable = [_measurable(side) for side in sides]
    if any(measurable):
        if across is not None or against is not None or not all(measurable) or len(sides) < 2:
            raise UsageError(
                "Sets and model files are compared with each other; --across and --against are for results.",
                "Name two: edgekit compare OLD NEW",
            )
        return _measured(
            (artefact_paths(sides[0]), artefact_paths(sides[1])),  # type: ignore[arg-type]
            device=device or "host",
            runtimes=several(runtimes),
            threads=several(threads) or (1,),
            only=several(artefacts),
            mode=mode,
            accuracy=accuracy,
            affinity=tuple(affinity),
            command=typed,
            progress=progress,
        )
    if device is not None:
        raise UsageError(
            "Results are compared as they are, without a device.",
            "Name two sets or model files to measure, or leave out --device.",
        )
    only = Only(several(runtimes), several(threads), several(artefacts))
    return run(*read_results(sides), across=across, against=against, only=only)  # type: ignore[arg-type]


def _measurable(side: Side) -> bool:
    """Whether it is something to measure rather than a result."""
    if isinstance(side, ArtefactSet):
        return True
    if not isinstance(side, str | os.PathLike):
        return False
    from edgekit.inspection import is_model_file

    path = Path(side)
    return path.is_dir() or path.name == MANIFEST or is_model_file(path)


def _measured(
    sides: tuple[Sequence[Path], Sequence[Path]],
    *,
    device: str | Profile,
    runtimes: Sequence[str],
    threads: Sequence[Threads],
    only: Sequence[str],
    mode: Mode | Schedule,
    accuracy: bool,
    affinity: tuple[int, ...],
    command: str,
    progress: Progress,
) -> Comparison:
    from dataclasses import replace

    from edgekit.comparison import compare as run
    from edgekit.comparison import together
    from edgekit.measurement import COMPARED, BenchRequest, Rules, Store, bench_together

    request = BenchRequest(
        artefacts=(*sides[0], *sides[1]),
        device=device,
        runtimes=tuple(runtimes),
        threads=thread_counts(threads),
        mode=mode,
        accuracy=accuracy,
        memory=False,
        affinity=affinity,
        command=command,
    )
    repeats = together.REPEATS[mode] if isinstance(mode, str) else mode.repeats
    rules = Rules(
        lambda cells: together.planned_looks(repeats, cells),
        lambda before, after, looks, cells, noise: together.settled(
            before, after, looks=looks, cells=cells, noise=noise
        ),
    )
    stores = Store(folder=COMPARED), Store(folder=COMPARED)
    both = bench_together(request, sides, rules, progress, only=only, stores=stores)
    for store, result in zip(stores, (both.baseline, both.candidate), strict=True):
        store.write(result)
    found = run(both.baseline, both.candidate)
    return replace(found, missing=(*found.missing, *both.missing), new=(*found.new, *both.new))
