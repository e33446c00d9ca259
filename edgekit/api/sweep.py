"""`edgekit.sweep`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, Threads, call, several, thread_counts
from edgekit.progress import SILENT, Progress
from edgekit.zoo.families import DEFAULT_FAMILY

if TYPE_CHECKING:
    from edgekit.artefact import Precision
    from edgekit.device import Profile
    from edgekit.measurement import Schedule
    from edgekit.results import Mode
    from edgekit.sweeps import Sweep


def sweep(
    family: str = DEFAULT_FAMILY,
    *,
    alphas: float | Iterable[float] = (),
    resolutions: int | Iterable[int] = (),
    devices: str | Profile | Iterable[str | Profile] = "host",
    dataset: StrPath | None = None,
    epochs: int | None = None,
    int8: bool = True,
    float32: bool = False,
    formats: str | Iterable[str] = (),
    runtimes: str | Iterable[str] = (),
    threads: Threads | Iterable[Threads] = (1, "all"),
    mode: Mode | Schedule = "quick",
    seed: int = 0,
    again: bool = False,
    scheduler: str | None = None,
    output: StrPath | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> Sweep:
    """Measure a family's models at every width and resolution, each once.

    With a dataset every size is trained, converted and measured. Without one weights are random: latency,
    memory, size and instructions are real all the same, and accuracy is the published one, or none.

    Every step's result is kept in the folder under the hash of its inputs. So the same call, interrupted or
    with more sizes, does only what is not done yet. A size that fails is named in the record, and the others
    go on.

    Args:
        family: Model family.
        alphas: Width multipliers, one or several; none: the family's usual ones.
        resolutions: Heights and widths of the input in pixels, one or several; none: the usual ones.
        devices: Names or profiles of devices, one or several.
        dataset: What to train on: `digits`, `shapes`, `cifar10`, a folder with one sub-folder per class, or
            a .npz file; None: random weights.
        epochs: Passes over the training images; None: as the dataset's recipe says.
        int8: Measure int8 files.
        float32: Measure float32 files.
        formats: Names of file formats, `tflite` or `onnx`, one or several; none: those of the runtimes named,
            or TFLite.
        runtimes: NAME or NAME==VERSION, one or several; none: litert for TFLite, onnxruntime for ONNX.
        threads: Numbers of threads; `all` is every CPU.
        mode: How long to measure, as for `bench`.
        seed: Seed for weights, training and the timed input.
        again: Measure again what is invalid or incomplete.
        scheduler: Address of a Dask scheduler whose workers do the steps, such as tls://HOST:8786; None: they
            are done on this computer.
        output: Folder for the record, the reports and the results of the steps; None: sweeps/FAMILY, or
            sweeps/FAMILY_DATASET.
        command: What the record says made it; empty: this call.
        progress: Receives every step.

    Raises:
        UsageError: There is no such size, device or dataset.
        UnavailableError: Another sweep is using the folder, or no scheduler answers.
        StorageError: The folder cannot be written.
        KeyboardInterrupt: What was done is kept, and is in the record.
    """
    typed = command or call(sweep, locals())
    from edgekit.reporting.swept.files import write_files
    from edgekit.sweeping.local import run_steps
    from edgekit.sweeping.request import SweepRequest
    from edgekit.sweeping.sweep import sweep as run

    precisions: dict[Precision, bool] = {"int8": int8, "float32": float32}
    request = SweepRequest(
        family=family,
        alphas=several(alphas),
        resolutions=several(resolutions),
        devices=several(devices),
        dataset=None if dataset is None else str(dataset),
        epochs=epochs,
        precisions=tuple(name for name, wanted in precisions.items() if wanted),
        formats=several(formats),
        runtimes=several(runtimes),
        threads=thread_counts(threads),
        mode=mode,
        seed=seed,
        output=None if output is None else Path(output),
        command=typed,
    )
    if scheduler is None:
        found = run(request, progress, run=run_steps, again=again)
    else:
        from edgekit.farm import run_steps as run_on_workers

        there = partial(run_on_workers, scheduler=scheduler)
        found = run(request, progress, run=there, elsewhere=True, again=again)
    write_files(found, request.folder, progress)
    return found
