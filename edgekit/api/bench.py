"""`edgekit.bench`, on one device or, for the command, on several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from edgekit.api.given import Artefacts, StrPath, Threads, artefact_paths, call, several, thread_counts
from edgekit.errors import EdgekitError, InvalidError, UnavailableError, UsageError
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    import numpy as np

    from edgekit.artefact import Channels, Layout
    from edgekit.device import Profile
    from edgekit.measurement import Schedule
    from edgekit.measurement.classifier import Reading
    from edgekit.results import Mode, Result

    Array: TypeAlias = np.ndarray[Any, Any]

INTERRUPTED = 130  # the exit code that a shell gives a program that SIGINT ended


def bench(
    artefacts: Artefacts | Iterable[Artefacts] | None = None,
    *,
    device: str | Profile = "host",
    runtimes: str | Iterable[str] = (),
    threads: Threads | Iterable[Threads] = (1, "all"),
    mode: Mode | Schedule = "quick",
    repeats: int | None = None,
    accuracy: bool = True,
    memory: bool = True,
    xnnpack: bool = True,
    fps: float | None = None,
    sustain: float | None = None,
    affinity: Iterable[int] = (),
    seed: int = 0,
    shapes: Mapping[str, Sequence[int]] | None = None,
    inputs: Mapping[str, StrPath | Array] | None = None,
    dataset: StrPath | None = None,
    labels: StrPath | None = None,
    mean: float | Iterable[float] | None = None,
    std: float | Iterable[float] | None = None,
    channels: Channels | None = None,
    layout: Layout | None = None,
    output: StrPath | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> Result:
    """Measure latency, memory and accuracy of artefacts on a device; on an emulated board count instructions.

    The result is written to a file, which its `path` names. It is written from the first repeat on, so a
    killed session loses at most one. A combination that fails does not end the session; the result's
    `partial` then says what is missing, as it does when the session is interrupted.

    Args:
        artefacts: Artefact sets, files of a set, or any other .tflite and .onnx files, one or several; None:
            the newest set in artefacts/.
        device: A device's name, or a profile.
        runtimes: NAME or NAME==VERSION, one or several; none: every one that can run the files.
        threads: Numbers of threads; `all` is every CPU.
        mode: How long to measure: `quick`, 3 repeats of 2 s; `standard`, 5 of 10 s; `rigorous`, 10 of 60 s;
            or your own schedule.
        repeats: Number of fresh processes per measurement; None: as many as the mode has.
        accuracy: Measure accuracy on the evaluation images.
        memory: Measure memory.
        xnnpack: Let TFLite's runtimes use XNNPACK's kernels, as they do by default.
        fps: Inferences per second, evenly spaced as in an application; None: back to back.
        sustain: Seconds of sustained load for each measurement, after its repeats; None: none.
        affinity: CPUs to run on; none: those of the device's profile.
        seed: Seed for the timed input.
        shapes: Shapes of inputs by name, for files that are not in a set. Sizes that the file leaves open
            are otherwise 1.
        inputs: Values of inputs by name, arrays or .npy files, for files that are not in a set; None: random
            values from the seed.
        dataset: Labelled images for the accuracy of classifiers that are not in a set: digits, shapes,
            cifar10, a folder with one sub-folder per class, or a .npz file.
        labels: File with the names of the classes in the order of the scores, one per line; None:
            labels.txt or class_names.txt next to the model, else as the dataset has them.
        mean: Subtracted from the dataset's pixels, which are 0 to 255: one number, or one per channel.
        std: Divides them after that: one number, or one per channel.
        channels: Channels of the dataset's images; None: those that fit the depth of the file's input.
        layout: Layout of the file's input; None: the one that its shape shows.
        output: File for the result; None: a new one in results/.
        command: What the result says made it; empty: this call.
        progress: Receives every step.

    Raises:
        UsageError: The request does not fit the artefacts or the device.
        RuntimeMissingError: A runtime cannot be provided.
        DeviceError: Nothing could be measured.
        StorageError: The result cannot be written. This is checked before anything is measured.
    """
    typed = command or call(bench, locals())
    from edgekit.measurement import BenchRequest, Store
    from edgekit.measurement import bench as run

    request = BenchRequest(
        artefacts=artefact_paths(artefacts),
        device=device,
        runtimes=several(runtimes),
        threads=thread_counts(threads),
        mode=mode,
        repeats=repeats,
        accuracy=accuracy,
        memory=memory,
        xnnpack=xnnpack,
        fps=fps,
        sustain=sustain,
        affinity=tuple(affinity),
        seed=seed,
        shapes={name: tuple(shape) for name, shape in (shapes or {}).items()},
        inputs=dict(inputs or {}),
        reading=_reading(dataset, labels=labels, mean=mean, std=std, channels=channels, layout=layout),
        command=typed,
    )
    store = Store(Path(output) if output else None)
    result = run(request, progress, store=store)
    store.write(result)
    return result


def _reading(dataset: StrPath | None, **settings: Any) -> Reading | None:
    """Return how images are read: the settings are `Reading`'s other fields, None where not given."""
    from edgekit.measurement.classifier import Reading

    given = {name: value for name, value in settings.items() if value is not None}
    if dataset is None:
        if given:
            raise UsageError(
                f"--{next(iter(given))} says how images are read, and there are none.",
                "Name them with --dataset.",
            )
        return None
    for name in given.keys() & {"mean", "std"}:
        given[name] = tuple(map(float, several(given[name])))
    return Reading(str(dataset), **given)


@dataclass(frozen=True)
class Sessions:
    """The results of several devices."""

    results: tuple[Result, ...]
    failures: tuple[EdgekitError, ...]  # of devices without a result
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """A missing result counts more than an invalid one; without any result, the first failure counts."""
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
    """Measure on one device after the other; if one fails, the others' results are kept.

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
