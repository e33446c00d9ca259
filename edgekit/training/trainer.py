"""From a dataset and a specification to a checkpoint with its card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgekit.data import Dataset, load_dataset, normalise
from edgekit.data.held import hold, hold_unhashed
from edgekit.errors import ModelError, RecordError, UsageError
from edgekit.files import OUTPUT, sha256_bytes, storage_errors, try_writing, write_atomic
from edgekit.progress import SILENT, Progress
from edgekit.quiet import import_tensorflow
from edgekit.schema import now
from edgekit.training.checkpoint import checkpoint_bytes
from edgekit.training.curves import write_curves
from edgekit.training.feed import Feed
from edgekit.training.fit import fit
from edgekit.training.request import TrainOutcome, TrainRequest
from edgekit.training.run_folder import RUNS, Epoch, Run, Settings, open_run
from edgekit.zoo import ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.card import SCHEMA, Card, Splits, card_of, check_checkpoint, read_card, write_card
from edgekit.zoo.cost import cost
from edgekit.zoo.source import sha256_path
from edgekit.zoo.trained import dataset_name
from edgekit.zoo.weights import start_from, starting_file

_TOOLS = ("tensorflow", "keras", "numpy")
_BATCH = 256  # images evaluated at a time


@dataclass(frozen=True)
class _Job:
    """A request with everything it names looked up."""

    request: TrainRequest
    spec: ModelSpec
    name: str
    dataset: Dataset
    start: Path | None  # weights file to start from
    settings: Settings


def train(request: TrainRequest, progress: Progress = SILENT) -> TrainOutcome:
    """Train a model; write `<output>/<name>.keras` and its card, and learning curves to the run folder.

    Killed in the middle, the same request goes on from the last whole epoch and ends with the same
    weights. Done before with the same settings, it is not done again unless `restart` is set.

    Raises:
        UsageError: A setting is out of range, or an unfinished run has other settings.
        DataError: The dataset cannot be used.
        ModelError: The weights to start from cannot be used.
        StorageError: A folder cannot be written, or the disk is full.
    """
    request.training()  # says what is wrong with a setting before anything slow begins
    _check_writable(request.output)
    job = _prepare(request, progress)
    checkpoint = request.output / f"{job.name}.keras"
    if not request.restart and (card := _finished(checkpoint, job.settings)) is not None:
        progress.note(f"{checkpoint} is trained already with these settings; --restart trains it again.")
        return TrainOutcome(card, checkpoint, card_of(checkpoint), (), (), trained=False)
    with open_run(request.runs / job.name, job.settings, restart=request.restart) as run:
        model, history = _train(job, run, progress)
        with storage_errors(run.folder, RUNS):
            curves = write_curves(run.folder, job.name, history)
        accuracy = _accuracy(model, job.dataset, progress)
        data = checkpoint_bytes(model, job.spec, job.settings.training)
        card = _card(job, model, history, accuracy, sha256_bytes(data))
        with storage_errors(checkpoint, OUTPUT):
            write_atomic(checkpoint, data)
            write_card(card_of(checkpoint), card)
    return TrainOutcome(card, checkpoint, card_of(checkpoint), tuple(history), curves, trained=True)


def _prepare(request: TrainRequest, progress: Progress) -> _Job:
    # always the dataset's own split: another would train on images that `convert` evaluates with
    family, resolution = request.spec().record, request.spec().resolution
    dataset = load_dataset(
        request.dataset, resolution=resolution, mean=family.mean, std=family.std, progress=progress
    )
    if dataset.multilabel or not dataset.labelled:
        raise UsageError(
            f"The images of {dataset.name} have {'several labels' if dataset.multilabel else 'no classes'}; "
            "edgekit trains models that tell classes apart.",
            "Name a folder with one sub-folder per class, or a .npz file with one label for each image.",
        )
    dataset = hold_unhashed(dataset, progress)
    spec = request.spec(len(dataset.labels))
    start = starting_file(spec, request.weights, progress) if request.weights else None
    progress.step("Hashing images")
    settings = Settings(
        family=spec.family,
        alpha=spec.alpha,
        resolution=spec.resolution,
        labels=dataset.labels,
        training=request.training(len(dataset.train), sha256_path(start) if start else None),
        splits=Splits(dataset.train.record(), dataset.calibration.record(), dataset.evaluation.record()),
        preprocessing=dataset.preprocessing,
    )
    return _Job(request, spec, spec.name(dataset_name(request.dataset)), dataset, start, settings)


def _train(job: _Job, run: Run, progress: Progress) -> tuple[Any, list[Epoch]]:
    """Build and fit the model, deterministic by seed."""
    progress.step("Loading TensorFlow")
    tf = import_tensorflow()
    import keras

    settings = job.settings.training
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(settings.seed)
    model = build(job.spec, momentum=settings.momentum)
    if job.start is not None:
        start_from(model, job.spec, job.start)
    contract = job.dataset.preprocessing
    feed = Feed(
        dataset=replace(
            job.dataset,
            train=hold(job.dataset.train, "training", contract, progress),
            calibration=hold(job.dataset.calibration, "calibration", contract, progress),
        ),
        batch_size=min(settings.batch_size, len(job.dataset.train)),
        seed=settings.seed,
        augmentation=settings.augmentation,
    )
    return model, fit(model, feed, run, progress)


def _finished(checkpoint: Path, settings: Settings) -> Card | None:
    """Return the card of a whole checkpoint made with these very settings."""
    try:
        card = read_card(card_of(checkpoint))
        check_checkpoint(checkpoint, card)
    except (RecordError, ModelError):
        return None  # absent, older, or damaged: to be made
    made = Settings(
        family=card.family,
        alpha=card.alpha,
        resolution=card.resolution,
        labels=card.labels,
        training=card.training,
        splits=card.splits,
        preprocessing=card.preprocessing,
    )
    return card if made == settings else None


def _accuracy(model: Any, dataset: Dataset, progress: Progress) -> float:
    """The fraction of the evaluation split that the model gets right."""
    right, done, total = 0, 0, len(dataset.evaluation)
    progress.step("Evaluating", total=total)
    for images, labels in dataset.evaluation.batches(_BATCH):
        # called directly: tracing a graph would take longer than the few batches do
        scores = model(normalise(images, dataset.preprocessing), training=False).numpy()
        right += int((scores.argmax(axis=1) == labels).sum())
        done += len(labels)
        progress.advance(done)
    return right / total


def _card(job: _Job, model: Any, history: list[Epoch], accuracy: float, sha256: str) -> Card:
    costs = cost(model)
    return Card(
        schema=SCHEMA,
        name=job.name,
        family=job.spec.family,
        alpha=job.spec.alpha,
        resolution=job.spec.resolution,
        classes=job.spec.classes,
        dataset=job.request.dataset,
        command=job.request.command(job.settings.training),
        accuracy=accuracy,
        evaluated=len(job.dataset.evaluation),
        parameters=costs.parameters,
        multiply_adds=costs.multiply_adds,
        training_seconds=round(sum(epoch.seconds for epoch in history), 1),
        date=now(),
        sha256=sha256,
        labels=job.dataset.labels,
        training=job.settings.training,
        splits=job.settings.splits,
        preprocessing=job.dataset.preprocessing,
        tools={tool: version(tool) for tool in _TOOLS},
    )


def _check_writable(folder: Path) -> None:
    """Find out now, and not after the training, that the checkpoint cannot be written.

    Raises:
        UsageError: `folder` is a file.
        StorageError: It cannot be made or written to.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder.", "Name a folder with --output.")
    with storage_errors(folder, OUTPUT):
        folder.mkdir(parents=True, exist_ok=True)
        try_writing(folder)
