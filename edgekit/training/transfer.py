"""Training from a trained base: its features once, a new head on them, then everything at a small rate."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import msgspec

from edgekit.data import Dataset
from edgekit.files import write_atomic
from edgekit.progress import Progress
from edgekit.schema import encode_record
from edgekit.training.base import Base
from edgekit.training.features import Features, feature_cache
from edgekit.training.feed import FeatureFeed, feed_of, is_binary
from edgekit.training.fit import fit
from edgekit.training.run_folder import HEAD, RUNS, Epoch, Run
from edgekit.zoo.card import Head, Stage, Training
from edgekit.zoo.float32 import leaves

FINE_TUNING = "fine-tuning"
_FEATURES = "features.json"


@dataclass(frozen=True)
class Transfer:
    """What came of a base."""

    model: Any
    history: list[Epoch]
    stages: tuple[Stage, ...]


def transfer(base: Base, dataset: Dataset, run: Run, name: str, progress: Progress) -> Transfer:
    """Train from a base, from wherever an interrupted run of the same settings ended.

    The base's batch normalization stays as it is, in every stage: a few hundred images say less of the
    mean of an activation than all that the base has seen.

    Raises:
        ModelError: The base cannot be used.
        UsageError: The loss became infinite, or what an earlier run left is damaged.
        DataError: An image can no longer be read.
        StorageError: The cache or the run folder cannot be written.
    """
    import keras

    settings = run.settings.training
    if settings.head is None:
        raise ValueError("a base needs a head")
    keras.utils.set_random_seed(settings.seed)
    body = base.load()
    if base.own_resolution not in (None, base.resolution):
        progress.note(
            f"The base was trained at {base.own_resolution} pixels, and is built for {base.resolution}: its "
            "layers fit any size, and work best near the original one."
        )
    for layer in leaves(body):
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    keras.utils.set_random_seed(settings.seed)
    head = _head(settings.head, body.output_shape[-1], len(dataset.labels))
    first = _HeadStage(base.sha256, body, dataset, run, settings.head).train(head, progress)
    model, history = _joined(body, head, name), list[Epoch]()
    if settings.epochs:
        history = fit(model, feed_of(dataset, settings, progress), run, progress, stage=FINE_TUNING)
    learnt = [_stage(part) for part in (first, history) if part]
    return Transfer(model, [*first, *history], (*_features_stage(run), *learnt))


def bare(model: Any) -> Any:
    """Return a trained model without optimizer, and with nothing frozen in it."""
    for layer in leaves(model):
        layer.trainable = True
    other = type(model).from_config(model.get_config())
    other.set_weights(model.get_weights())
    return other


def _head(settings: Head, channels: int, classes: int) -> Any:
    """Build the classifier: float32 [n, channels] → [n, classes], or [n, 1] for two classes."""
    import keras

    layers: list[Any] = [keras.Input((channels,))]
    for place, units in enumerate(settings.units, 1):
        layers.append(keras.layers.Dense(units, "relu", name=f"head_dense_{place}"))
        layers.append(keras.layers.Dropout(settings.dropout, name=f"head_dropout_{place}"))
    if not settings.units and settings.dropout:
        layers.append(keras.layers.Dropout(settings.dropout, name="head_dropout"))
    last = (1, "sigmoid") if is_binary(classes) else (classes, "softmax")
    layers.append(keras.layers.Dense(*last, name="head_predictions"))
    return keras.Sequential(layers, name="head")


def _joined(body: Any, head: Any, name: str) -> Any:
    """Put a head onto a base: float32 [n, H, W, 3] → what the head says. Both keep their weights."""
    import keras

    scores = keras.layers.GlobalAveragePooling2D(name="head_pool")(body.output)
    for layer in head.layers:
        scores = layer(scores)
    return keras.Model(body.input, scores, name=name)


@dataclass(frozen=True)
class _HeadStage:
    """What a head learns from, while its base is frozen."""

    base_sha256: str
    body: Any
    dataset: Dataset
    run: Run
    settings: Head

    def train(self, head: Any, progress: Progress) -> list[Epoch]:
        """Train it; where that is done already, only return its history."""
        part = self.run.part(HEAD)
        history = part.history()
        if self.run.begun and len(history) == self.settings.epochs:
            return history  # what is kept of the stage after it holds the head, too
        settings = msgspec.structs.replace(
            self.run.settings.training,
            epochs=self.settings.epochs,
            batch_size=self.settings.batch_size,
            learning_rate=self.settings.learning_rate,
            optimizer=self.settings.optimizer,
        )
        return fit(head, self._feed(settings, progress), part, progress, settings=settings, stage=HEAD)

    def _feed(self, settings: Training, progress: Progress) -> FeatureFeed:
        """Compute the features of the images to learn from, or read them from the cache."""
        import keras

        dataset = self.dataset
        pooled = keras.Model(self.body.input, keras.layers.GlobalAveragePooling2D()(self.body.output))
        cache = feature_cache(self.base_sha256, dataset.preprocessing)
        started = time.monotonic()
        train, calibration = (
            # called directly: tracing a graph would take longer than the few batches do
            cache.of(split, lambda images: pooled(images, training=False), what, progress)
            for split, what in ((dataset.train, "training"), (dataset.calibration, "calibration"))
        )
        self._keep(time.monotonic() - started, train, calibration)
        return FeatureFeed(
            train=train.values,
            labels=dataset.train.labels,
            calibration=calibration.values,
            calibration_labels=dataset.calibration.labels,
            classes=len(dataset.labels),
            sigmoid=is_binary(len(dataset.labels)),
            batch_size=min(settings.batch_size, len(train.values)),
            seed=settings.seed,
        )

    def _keep(self, seconds: float, *parts: Features) -> None:
        """Write down what the stage took; a run that went on after it has that already."""
        path = self.run.folder / _FEATURES
        if not path.is_file():
            images, cached = (
                sum(counts) for counts in zip(*((len(p.values), p.cached) for p in parts), strict=True)
            )
            stage = Stage("features", round(seconds, 3), images=images, cached=cached)
            write_atomic(path, encode_record(stage), RUNS)


def _features_stage(run: Run) -> list[Stage]:
    try:
        return [msgspec.json.decode((run.folder / _FEATURES).read_bytes(), type=Stage)]
    except (FileNotFoundError, msgspec.MsgspecError):
        return []


def _stage(history: list[Epoch]) -> Stage:
    name: Any = history[0].stage
    seconds = round(sum(epoch.seconds for epoch in history), 1)
    return Stage(name, seconds, accuracy=history[-1].validation_accuracy)
