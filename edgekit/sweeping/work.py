"""What the steps of a sweep do: each runs in a process of its own, here or on a worker."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from edgekit.errors import InvalidError, TransientDeviceError
from edgekit.progress import Progress
from edgekit.sweeping.steps import STEPS, Step, StepKind
from edgekit.sweeping.store import Store
from edgekit.words import listed

if TYPE_CHECKING:
    from edgekit.artefact import ArtefactSet

TRAIN, CONVERT, MEASURE = "train", "convert", "measure"  # kinds of steps
RESULT, MODEL = "result.json", "model.json"  # of a measurement
_MODELS, _SET = "models", "set"  # folders of a training and of a conversion
_NOISE_IMAGES = 16  # that random weights are calibrated with: their ranges mean nothing


def train(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Train a size; interrupted, it goes on from its last whole epoch."""
    from edgekit.training import TrainRequest
    from edgekit.training import train as run

    said = {name: value for name, value in step.arguments.items() if name != "sha256"}
    runs = folder / "runs"
    run(TrainRequest(**said, output=folder / _MODELS, runs=runs), progress)
    for state in runs.rglob("state.*"):  # as large as the model, and needed only to go on
        state.unlink()


def convert(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Make the files of a size: from its trained model, else from random weights."""
    from edgekit.conversion import ConvertRequest
    from edgekit.conversion import convert as run

    said, output = step.arguments, folder / _SET
    shutil.rmtree(output, ignore_errors=True)  # of an interrupted try
    chosen = {name: said[name] for name in ("int8", "float16", "formats")}
    with tempfile.TemporaryDirectory(prefix="edgekit-") as place:
        if step.needs:
            model = next((store.path(step.needs[0]) / _MODELS).glob("*.keras"))
            request = ConvertRequest(model=model, output=output, **chosen)
        else:
            progress.step("Building the model")
            progress = _WithoutNotes(progress)  # what images say of random weights means nothing
            model, images = _random(said, Path(place))
            request = ConvertRequest(model=model, calibrate_on=str(images), output=output, **chosen)
        try:
            run(request, progress)
        except InvalidError as error:  # how much int8 loses is what the measurement shows
            if error.written is None:
                raise
            progress.note(error.what)


class _WithoutNotes:
    """A Progress that keeps notes to itself."""

    def __init__(self, progress: Progress) -> None:
        self.step, self.advance = progress.step, progress.advance

    def note(self, text: str) -> None:
        """Pass nothing on."""


def _random(said: dict[str, Any], place: Path) -> tuple[Path, Path]:
    """Write a model with random weights, and images of noise."""
    import numpy as np

    from edgekit.quiet import import_tensorflow
    from edgekit.training.checkpoint import checkpoint_bytes
    from edgekit.zoo.build import build
    from edgekit.zoo.spec import model_spec

    import_tensorflow()
    import keras

    # Keras numbers layers over a process: the files of a size must not tell which sizes came before it
    keras.utils.clear_session()
    keras.utils.set_random_seed(said["seed"])
    spec = model_spec(said["family"], said["alpha"], said["resolution"])
    model, images = place / f"{spec.name('random')}.keras", place / "noise.npz"
    model.write_bytes(checkpoint_bytes(build(spec)))  # files name its hash
    shape = (_NOISE_IMAGES, spec.resolution, spec.resolution, 3)
    np.savez(images, images=np.random.default_rng(said["seed"]).integers(0, 256, shape, dtype=np.uint8))
    return model, images


def measure(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Measure a size's files on a device."""
    from edgekit.artefact import read_set
    from edgekit.device import Profile
    from edgekit.measurement import BenchRequest, Schedule, bench
    from edgekit.results import Mode, write_result
    from edgekit.schema import write_record

    said = step.arguments
    device = said["device"]
    artefacts = read_set(store.path(step.needs[0]) / _SET)
    request = BenchRequest(
        artefacts=_wanted(artefacts, said["precisions"]),
        device=device if isinstance(device, str) else msgspec.convert(device, Profile),
        runtimes=tuple(said["runtimes"]),
        threads=tuple(said["threads"]),
        mode=msgspec.convert(said["mode"], Mode | Schedule),
        accuracy=said["accuracy"],
        seed=said["seed"],
        command=f"edgekit sweep: {step.name}",
    )
    result = bench(request, progress)
    if result.ended == "interrupted":
        raise KeyboardInterrupt
    if result.ended == "lost":
        raise TransientDeviceError(result.partial or "The device was lost.", "Run the same command again.")
    write_result(folder / RESULT, result)
    write_record(folder / MODEL, artefacts.manifest.model)


def _wanted(artefacts: ArtefactSet, precisions: list[str]) -> tuple[Path, ...]:
    """Return the files to measure.

    Raises:
        InvalidError: None of them could be made.
    """
    manifest = artefacts.manifest
    files = tuple(artefacts.path(file) for file in manifest.files if file.precision in precisions)
    if not files:
        reasons = " ".join(dict.fromkeys(missing.reason for missing in manifest.missing))
        raise InvalidError(f"No {listed(precisions)} file could be made. {reasons}".rstrip())
    return files


for _kind in (
    StepKind(TRAIN, "edgekit.card/1", train),
    StepKind(CONVERT, "edgekit.manifest/2", convert),
    StepKind(MEASURE, "edgekit.result/2", measure),
):
    STEPS.add(_kind)
