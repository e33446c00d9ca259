"""From a calibration to a trained network: what is trained, on which images, and where that is kept."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.conversion.calibration import FEWEST, Calibration
from edgekit.conversion.load import Inputs
from edgekit.conversion.qat.places import Places, places, units_of
from edgekit.conversion.qat.run_folder import Settings, open_run
from edgekit.conversion.qat.simulation import Simulation
from edgekit.conversion.qat.training import BATCH, COARSE_RATE, FINE_DB, FINE_RATE, Images, Training
from edgekit.conversion.ranges import Ranges
from edgekit.conversion.request import ConvertRequest
from edgekit.conversion.steps import Steps, Trained
from edgekit.data import Dataset
from edgekit.data.held import hold
from edgekit.errors import ModelError, UsageError
from edgekit.files import sha256_bytes
from edgekit.progress import Progress
from edgekit.quantization.distance import decibels, noises
from edgekit.quantization.network import Float, Layer, Network
from edgekit.quiet import import_tensorflow
from edgekit.words import plural

_TOOLS = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True, kw_only=True)
class Tuner:
    """A training that was asked for; called with what was done to the float model before, it trains.

    Args:
        calibration: Of the model; receives what was trained.
        dataset: Its training split is trained on, or else its calibration split.
        apart: Hashes of images that files are judged by, which are not trained on.
        contract: How images are read.
        epochs: How often each image is seen.
        folder: Of the run, before its key: `runs/my_model_qat`.
        seed: Decides the order of the images.
        progress: Receives every step.
        rate: The highest learning rate; None: by how much there is to mend.
    """

    calibration: Calibration
    dataset: Dataset
    apart: Set[str]
    contract: Preprocessing
    epochs: int
    folder: Path
    seed: int
    progress: Progress
    rate: float | None = None

    def __call__(self, start: Steps, levels: int) -> Steps:
        """Train once for each number of levels; return the steps that stand for the result.

        Weights that were trained for steps of one size lose more than others if they are rounded to steps of
        another: training makes their errors cancel.

        Args:
            start: What was done before, of the first that asks.
            levels: The largest integer of a weight.
        """
        steps = Steps(trained=self.epochs, levels=levels)
        if steps not in self.calibration.trained:
            network = self.calibration.network(start, levels)
            said = start.words(self.calibration.count)
            trained = self.trained(network, self.calibration.ranges(start), levels, said)
            self.calibration.trained[steps] = trained
        return steps

    def trained(self, network: Network, ranges: Ranges, levels: int, start: str) -> Trained:
        """Train a network; one that was stopped goes on, one that was finished is read.

        Args:
            network: The calibrated one, with other weights.
            ranges: What its tensors are rounded by at the start.
            levels: The largest integer of a weight.
            start: Says in words what these are.

        Raises:
            UsageError: No images are left to train on; or another process trains this.
            StorageError: The run folder cannot be written.
        """
        tf = import_tensorflow()
        tf.config.experimental.enable_op_determinism()  # stopped and continued is the same as not stopped
        images, where = self.images, _places(self.calibration)
        student = _simulation(self.calibration, network, ranges, levels)
        teacher = _simulation(self.calibration, self.calibration.source.network, {}, levels)
        training = Training(
            student,
            lambda batch: teacher(batch, rounded=False),
            images,
            self.epochs,
            where.squash,
            self._rate(student, teacher) if self.rate is None else self.rate,
        )
        settings = self._settings(training, levels, start)
        with open_run(self.folder.with_name(f"{self.folder.name}_{settings.key}"), settings) as run:
            self.progress.note(
                f"Training for {2 * levels + 1} levels: {plural(self.epochs, 'epoch')} of "
                f"{plural(len(images), 'image')}, taught by the float model. If it is stopped, the same "
                f"command resumes it, from {run.folder}."
            )
            training.go(run, self.progress)
        return Trained(student.layers(), student.ranges(), where.sources, self.epochs)

    @cached_property
    def images(self) -> Images:
        """What is trained on, read once.

        Raises:
            UsageError: There are none but those that files are judged by.
        """
        trains = len(self.dataset.train) > 0
        split = self.dataset.train if trains else self.dataset.calibration
        split = hold(split, "training" if trains else "calibration", self.contract, self.progress)
        left = [i for i, digest in enumerate(split.hashes) if digest not in self.apart]
        if not left:
            raise UsageError(
                f"All images of {self.dataset.name} are needed to judge files, so none is left to train on.",
                "Leave out --qat, or name more images with --dataset or --calibrate-on.",
            )
        return Images(split, np.array(left, dtype=np.int64), self.contract, self.seed)

    def _rate(self, student: Simulation, teacher: Simulation) -> float:
        """A learning rate, by the noise that scores of calibration images have at the start."""
        images = np.concatenate(list(self.calibration.images(BATCH)))
        pairs = zip(student(images), teacher(images, rounded=False), strict=True)
        centred = _places(self.calibration).squash == "Softmax"
        (here, real), *_ = ((np.asarray(x), np.asarray(y)) for x, y in pairs)
        return FINE_RATE if decibels(noises(real, here, centred=centred)) >= FINE_DB else COARSE_RATE

    def _settings(self, training: Training, levels: int, start: str) -> Settings:
        images, hashes = training.images, training.images.split.hashes
        return Settings(
            float_file=sha256_bytes(self.calibration.file),
            images=sha256_bytes("\n".join(hashes[i] for i in images.indices.tolist()).encode()),
            preprocessing=images.preprocessing.sha256,
            count=len(images),
            start=start,
            levels=levels,
            epochs=self.epochs,
            batch=BATCH,
            rate=training.rate,
            seed=self.seed,
            versions={name: version(name) for name in _TOOLS},
        )


def tuner_for(
    request: ConvertRequest, inputs: Inputs, calibration: Calibration, progress: Progress
) -> Tuner | None:
    """The training that a conversion asks for; None: it asks for none."""
    if request.qat is None:
        return None
    return Tuner(
        calibration=calibration,
        dataset=inputs.dataset,
        apart=calibration.held | set(inputs.evaluation.hashes),
        contract=inputs.loaded.preprocessing,
        epochs=request.qat,
        folder=request.runs / f"{inputs.source.name}_qat",
        seed=request.seed,
        progress=progress,
    )


def check_trainable(calibration: Calibration | None, images: int) -> None:
    """Find out before any work that a training is not possible.

    Args:
        calibration: Of the model; None: it could not be made.
        images: How many there are to calibrate with.

    Raises:
        UsageError: There are too few images.
        ModelError: A layer cannot be trained, and is named; or the model has no ONNX form.
    """
    if images < FEWEST:
        raise UsageError(
            f"--qat needs at least {FEWEST} calibration images, since some of them judge what it gains; "
            f"received {images}.",
            "Name more images with --dataset or --calibrate-on, or leave out --qat.",
        )
    if calibration is None:
        raise ModelError(
            "The model cannot be trained for 8 bits, because it cannot be converted to ONNX.",
            "Leave out --qat, which quantizes it without training.",
        )
    simulation = _simulation(calibration, calibration.source.network, {}, 127)
    simulation(np.zeros((2, *calibration.source.shape[1:]), np.float32), rounded=False)


def _places(calibration: Calibration) -> Places:
    source = calibration.source
    return places(source.nodes, source.outputs, source.images, calibration.input_range, source.constants)


def _simulation(calibration: Calibration, network: Network, ranges: Ranges, levels: int) -> Simulation:
    """A network to train; without ranges one that is only run."""

    def unit(layer: Layer) -> Float:
        low, high = calibration.channels(layer.output) if ranges else (np.ones(len(layer.weights)),) * 2
        return units_of(low, high)

    units = {layer.name: unit(layer) for layer in network.layers}
    return Simulation(calibration.source, _places(calibration), network.layers, (ranges, units, levels))
