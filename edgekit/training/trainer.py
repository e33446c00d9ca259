"""From a dataset and a specification to a checkpoint with its card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from edgekit.data import Dataset, load_dataset, normalise
from edgekit.data.held import hold_unhashed
from edgekit.errors import ModelError, RecordError, UsageError
from edgekit.files import OUTPUT, sha256_bytes, storage_errors, try_writing, write_atomic
from edgekit.progress import SILENT, Progress
from edgekit.quiet import import_tensorflow
from edgekit.schema import now
from edgekit.training.base import Base, find_base
from edgekit.training.checkpoint import checkpoint_bytes
from edgekit.training.curves import write_curves
from edgekit.training.feed import feed_of
from edgekit.training.fit import fit
from edgekit.training.request import TrainOutcome, TrainRequest
from edgekit.training.run_folder import RUNS, Run, Settings, open_run
from edgekit.training.transfer import Transfer, bare, transfer
from edgekit.zoo import FAMILIES, ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.card import SCHEMA, Card, Splits, card_of, check_checkpoint, read_card, write_card
from edgekit.zoo.cost import cost
from edgekit.zoo.spec import stem
from edgekit.zoo.trained import dataset_name

_TOOLS = ("tensorflow", "keras", "numpy")
_BATCH = 256  # images evaluated at a time


@dataclass(frozen=True)
class _Job:
    """A request with everything it names looked up."""

    request: TrainRequest
    start: ModelSpec | Base  # what to build with random weights, or the trained base
    name: str
    dataset: Dataset
    settings: Settings


def train(request: TrainRequest, progress: Progress = SILENT) -> TrainOutcome:
    """Train a model; write `<output>/<name>.keras` and its card, and learning curves to the run folder.

    Killed in the middle, the same request goes on from the last whole epoch and ends with the same
    weights. Done before with the same settings, it is not done again unless `restart` is set.

    Raises:
        UsageError: A setting is out of range, or an unfinished run has other settings.
        DataError: The dataset cannot be used.
        ModelError: The trained base cannot be used.
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
        done = _train(job, run, progress)
        with storage_errors(run.folder, RUNS):
            curves = write_curves(run.folder, job.name, done.history)
        accuracy = _accuracy(done.model, job.dataset, progress)
        data = _checkpoint(job, done.model)
        card = _card(job, done, accuracy, sha256_bytes(data))
        with storage_errors(checkpoint, OUTPUT):
            write_atomic(checkpoint, data)
            write_card(card_of(checkpoint), card)
    return TrainOutcome(card, checkpoint, card_of(checkpoint), tuple(done.history), curves, trained=True)


def _prepare(request: TrainRequest, progress: Progress) -> _Job:
    start = find_base(request, request.weights, progress) if request.weights else request.spec()
    scaled = start if isinstance(start, Base) else start.record
    # always the dataset's own split: another would train on images that `convert` evaluates with
    dataset = load_dataset(
        request.dataset,
        resolution=start.resolution,
        mean=scaled.mean,
        std=scaled.std,
        channels=scaled.channels,
        progress=progress,
    )
    if dataset.multilabel or not dataset.labelled:
        raise UsageError(
            f"The images of {dataset.name} have {'several labels' if dataset.multilabel else 'no classes'}; "
            "edgekit trains models that tell classes apart.",
            "Name a folder with one sub-folder per class, or a .npz file with one label for each image.",
        )
    dataset = hold_unhashed(dataset, progress)
    name = "_".join([stem(start.family, start.alpha), str(start.resolution), dataset_name(request.dataset)])
    if isinstance(start, Base):
        _check_kept(start.file, request.output / f"{name}.keras")
    else:
        start = replace(start, classes=len(dataset.labels))
    progress.step("Hashing images")
    settings = Settings(
        family=start.family,
        alpha=start.alpha,
        resolution=start.resolution,
        labels=dataset.labels,
        training=request.training(len(dataset.train), start.sha256 if isinstance(start, Base) else None),
        splits=Splits(dataset.train.record(), dataset.calibration.record(), dataset.evaluation.record()),
        preprocessing=dataset.preprocessing,
    )
    return _Job(request, start, name, dataset, settings)


def _train(job: _Job, run: Run, progress: Progress) -> Transfer:
    """Build and fit the model, deterministic by seed."""
    progress.step("Loading TensorFlow")
    tf = import_tensorflow()
    import keras

    settings = job.settings.training
    tf.config.experimental.enable_op_determinism()
    if isinstance(job.start, Base):
        return transfer(job.start, job.dataset, run, job.name, progress)
    keras.utils.set_random_seed(settings.seed)
    model = build(job.start, momentum=settings.momentum)
    return Transfer(model, fit(model, feed_of(job.dataset, settings, progress), run, progress), ())


def _checkpoint(job: _Job, model: Any) -> bytes:
    """Return the bytes of the model's file: the same weights give the same bytes."""
    import keras

    settings = job.settings.training
    keras.utils.set_random_seed(settings.seed)  # the file keeps the dropout layers' seed
    if isinstance(job.start, Base):
        return checkpoint_bytes(bare(model))
    fresh = build(job.start, momentum=settings.momentum)
    fresh.set_weights(model.get_weights())
    return checkpoint_bytes(fresh)


def _check_kept(base: Path, checkpoint: Path) -> None:
    """Raise a UsageError if the result would take the place of what it was made from."""
    if base.resolve() == checkpoint.resolve():
        raise UsageError(f"The result would replace its own base, {base}.", "Name another --output.")


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
        answers = scores[:, 0] > 0.5 if scores.shape[1] == 1 else scores.argmax(axis=1)
        right += int((answers == labels).sum())
        done += len(labels)
        progress.advance(done)
    return right / total


def _card(job: _Job, done: Transfer, accuracy: float, sha256: str) -> Card:
    costs, settings = cost(done.model), job.settings
    known = settings.family if settings.family in FAMILIES else None
    return Card(
        schema=SCHEMA,
        name=job.name,
        family=settings.family,
        alpha=settings.alpha,
        resolution=settings.resolution,
        classes=len(job.dataset.labels),
        dataset=job.request.dataset,
        command=job.request.command(settings.training, known, settings.alpha, settings.resolution),
        accuracy=accuracy,
        evaluated=len(job.dataset.evaluation),
        parameters=costs.parameters,
        multiply_adds=costs.multiply_adds,
        training_seconds=round(sum(epoch.seconds for epoch in done.history), 1),
        date=now(),
        sha256=sha256,
        labels=job.dataset.labels,
        training=settings.training,
        splits=settings.splits,
        preprocessing=job.dataset.preprocessing,
        tools={tool: version(tool) for tool in _TOOLS},
        stages=done.stages,
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
