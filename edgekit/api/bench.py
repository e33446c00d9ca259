"""`edgekit.bench`, on one device or, for the command, on several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from edgekit.api.given import Artefacts, StrPath, artefact_paths, call, several
from edgekit.errors import EdgekitError, InvalidError, UnavailableError
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.device import Profile
    from edgekit.measurement import Schedule
    from edgekit.results import Mode, Result

Threads: TypeAlias = int | Literal["all"]
INTERRUPTED = 130  # the exit code that a shell gives a program that SIGINT ended


def bench(
    artefacts: Artefacts | Iterable[Artefacts] | None = None,
    *,
    device: str | Profile = "host",
    runtimes: str | Iterable[str] = (),
    threads: Threads | Iterable[Threads] = (1, "all"),
    mode: Mode | Schedule = "quick",
    accuracy: bool = True,
    memory: bool = True,
    xnnpack: bool = True,
    fps: float | None = None,
    affinity: Iterable[int] = (),
    seed: int = 0,
    output: StrPath | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> Result:
    """Measure latency, memory and accuracy of artefacts on a device; on an emulated board count instructions.

    The result is written to a file, which its `path` names, and from the first repeat on: a killed session
    loses one at most. A combination that fails does not end the session; the result's `partial` then says
    what is missing, as it does when the session is interrupted.

    Args:
        artefacts: Artefact sets or single files of a set, one or several; None: the newest set in artefacts/.
        device: A device's name, or a profile.
        runtimes: NAME or NAME==VERSION, one or several; none: every one that suits.
        threads: Numbers of threads; `all` is every CPU.
        mode: How long to measure: `quick`, 3 repeats of 2 s; `standard`, 5 of 10 s; `rigorous`, 10 of 60 s;
            or a schedule of your own.
        accuracy: Measure accuracy on the set's evaluation images.
        memory: Measure memory.
        xnnpack: TFLite's runtimes may use XNNPACK's kernels, as they do by default.
        fps: Inferences per second, spaced as an application would; None: back to back.
        affinity: CPUs to run on; none: those of the device's profile.
        seed: Seed for the timed input.
        output: File for the result; None: a new one in results/.
        command: What the result says made it; empty: this call.
        progress: Receives every step.

    Raises:
        UsageError: The request does not fit the artefacts or the device.
        RuntimeMissingError: A runtime cannot be provided.
        DeviceError: Nothing could be measured.
        StorageError: The result cannot be written; found out before anything is measured.
    """
    typed = command or call(bench, locals())
    from edgekit.measurement import BenchRequest, Store
    from edgekit.measurement import bench as run

    request = BenchRequest(
        artefacts=artefact_paths(artefacts),
        device=device,
        runtimes=several(runtimes),
        threads=tuple(0 if count == "all" else count for count in several(threads)),
        mode=mode,
        accuracy=accuracy,
        memory=memory,
        xnnpack=xnnpack,
        fps=fps,
        affinity=tuple(affinity),
        seed=seed,
        command=typed,
    )
    store = Store(Path(output) if output else None)
    result = run(request, progress, store=store)
    store.write(result)
    return result


@dataclass(frozen=True)
class Sessions:
    """What several devices gave."""

    results: tuple[Result, ...]
    failures: tuple[EdgekitError, ...]  # of devices without a result
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """What is missing counts more than what is invalid; without any result, the first failure counts."""
        if self.interrupted:
            return INTERRUPTED
        if self.failures and not self.results:
            return self.failures[0].exit_code
        if self.failures or any(result.partial for result in self.results):
            return UnavailableError.exit_code
        valid = all(measured.valid for result in self.results for measured in result.measurements)
        return 0 if valid else InvalidError.exit_code


def bench_each(
    devices: Sequence[Profile], bench_one: Callable[[Profile], Result], progress: Progress
) -> Sessions:
    """Measure on one device after the other; one that fails takes no other's result away.

    Raises:
        EdgekitError: The only device gave no result.
        KeyboardInterrupt: Interrupted before anything was measured.
    """
    results: list[Result] = []
    failures: list[EdgekitError] = []
    for device in devices:
        try:
            results.append(bench_one(device))
        except EdgekitError as error:
            if len(devices) == 1:
                raise
            failures.append(type(error)(f"{device.name}: {error.what}", error.hint))
            progress.note(f"Error: {failures[-1]}")
        except KeyboardInterrupt:
            if not results:
                raise
            return Sessions(tuple(results), tuple(failures), interrupted=True)
        if results and results[-1].ended == "interrupted":
            return Sessions(tuple(results), tuple(failures), interrupted=True)
    return Sessions(tuple(results), tuple(failures), interrupted=False)
