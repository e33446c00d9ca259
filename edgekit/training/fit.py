"""Running the optimizer from the last whole epoch to the last one."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from edgekit.errors import UsageError
from edgekit.progress import Progress
from edgekit.training.feed import FeatureFeed, Feed
from edgekit.training.kernels import faster_kernels
from edgekit.training.rate import cosine
from edgekit.training.run_folder import Epoch, Run
from edgekit.zoo.card import Training
from edgekit.zoo.float32 import leaves

_REDRAW = 0.25  # seconds between changes of the progress text
_NOTES, _NOTES_OF_A_STAGE = 10, 4  # lines kept
_KEEP = 1.0  # seconds of work that may be lost, or one epoch's


def fit(
    model: Any,
    feed: Feed | FeatureFeed,
    run: Run,
    progress: Progress,
    *,
    settings: Training | None = None,
    stage: str = "",
) -> list[Epoch]:
    """Train a model in place; return the history of all its epochs, those of earlier processes included.

    The calibration split gives the second curve. It chooses nothing: the weights are those after the
    last epoch, so the evaluation split stays unseen until then.

    Args:
        model: With a sigmoid or a softmax at its end.
        feed: Its batches.
        run: Keeps its state, at least once a second.
        progress: Receives every step.
        settings: How to train; None: the run's own.
        stage: Which part of a longer training this is; empty: all of it.

    Raises:
        UsageError: The loss became infinite or not a number.
        DataError: An image can no longer be read.
    """
    import keras

    settings = settings or run.settings.training
    _compile(model, settings, feed.steps)
    history = run.restore(model, feed.steps)
    if history:
        of = f"{stage} epoch" if stage else "epoch"
        progress.note(f"Resuming after {of} {history[-1].epoch} of {settings.epochs}, in {run.folder}.")
    if len(history) == settings.epochs:
        return history
    log = _Log(model, feed.steps, run, history, progress, settings, stage)
    with faster_kernels(model), feed.own_errors():
        model.fit(
            feed.batches(len(history), settings.epochs),
            initial_epoch=len(history),
            epochs=settings.epochs,
            steps_per_epoch=feed.steps,
            validation_data=feed.validation(),
            shuffle=False,  # the feed has its own order
            verbose=0,
            callbacks=[
                keras.callbacks.LambdaCallback(
                    on_epoch_begin=log.begin, on_train_batch_end=log.batch, on_epoch_end=log.end
                )
            ],
        )
    return history


def _compile(model: Any, settings: Training, steps: int) -> None:
    """Give the model its optimizer, and the loss that fits its last layer."""
    import keras

    sigmoid, smoothing = model.output_shape[-1] == 1, settings.label_smoothing
    loss, metric = (
        (keras.losses.BinaryCrossentropy, keras.metrics.BinaryAccuracy)
        if sigmoid
        else (keras.losses.CategoricalCrossentropy, keras.metrics.CategoricalAccuracy)
    )
    model.compile(
        _optimizer(settings, settings.epochs * steps),
        loss(label_smoothing=smoothing),
        metrics=[metric(name="accuracy")],
    )
    # a step that makes variables while it is traced is traced twice: metric and optimizer have theirs before
    model.optimizer.build(model.trainable_variables)


def _optimizer(settings: Training, total: int) -> Any:
    """Return the optimizer; its weight decay is that of Loshchilov and Hutter 2019."""
    import keras

    wanted, rate = settings.optimizer, settings.learning_rate
    if wanted.schedule == "cosine":
        rate = cosine(settings.learning_rate, total)
    if wanted.name == "sgd":
        return keras.optimizers.SGD(rate, momentum=wanted.momentum, nesterov=wanted.nesterov)
    if wanted.name == "nadam":
        return keras.optimizers.Nadam(rate)
    return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)


@dataclass
class _Log:
    """What happens around the optimizer: progress, the history, the state on disk."""

    model: Any
    steps: int  # per epoch
    run: Run
    history: list[Epoch]
    progress: Progress
    settings: Training
    stage: str = ""
    _started: float = 0.0
    _drawn: float = 0.0
    _kept: float = 0.0

    @property
    def _name(self) -> str:
        return f"{self.stage} epoch" if self.stage else "epoch"

    def begin(self, epoch: int, _logs: dict[str, float]) -> None:
        """Start an epoch's clock and its random numbers."""
        self._started = time.monotonic()
        for layer in leaves(self.model):
            # Keras keeps no dropout state in a file: a resumed run would draw others
            if (generator := getattr(layer, "seed_generator", None)) is not None:
                generator.state.assign([self.settings.seed, epoch])

    def batch(self, batch: int, logs: dict[str, float]) -> None:
        """Show where the training is, not more often than a person can read."""
        if time.monotonic() - self._drawn < _REDRAW:
            return
        self._drawn = time.monotonic()
        epochs, epoch = self.settings.epochs, len(self.history)
        self.progress.step(
            f"Training {self.run.folder.name} · {self._name} {epoch + 1} of {epochs} · "
            f"loss {logs['loss']:.3f} · accuracy {logs['accuracy']:.1%}",
            total=epochs * self.steps,
        )
        self.progress.advance(epoch * self.steps + batch + 1)

    def end(self, epoch: int, logs: dict[str, float]) -> None:
        """Keep the epoch, unless it went astray."""
        if not math.isfinite(logs["loss"]):
            raise UsageError(
                f"The loss became {logs['loss']} in epoch {epoch + 1}, with learning rate "
                f"{self.settings.learning_rate}.",
                "Add --restart and a smaller --learning-rate.",
            )
        self.history.append(
            Epoch(
                epoch=epoch + 1,
                seconds=time.monotonic() - self._started,
                learning_rate=float(self.model.optimizer.learning_rate),
                loss=logs["loss"],
                accuracy=logs["accuracy"],
                validation_loss=logs["val_loss"],
                validation_accuracy=logs["val_accuracy"],
                stage=self.stage,
            )
        )
        epochs = self.settings.epochs
        # epochs of a few milliseconds are not worth a file each
        if epoch + 1 == epochs or time.monotonic() - self._kept >= _KEEP:
            self.run.save(self.model, self.history)
            self._kept = time.monotonic()
        notes = _NOTES_OF_A_STAGE if self.stage else _NOTES
        if (epoch + 1) % math.ceil(epochs / notes) == 0 or epoch + 1 == epochs:
            self.progress.note(
                f"{self._name[0].upper()}{self._name[1:]} {epoch + 1} of {epochs}: loss {logs['loss']:.3f}, "
                f"accuracy {logs['accuracy']:.1%}, on the calibration split {logs['val_accuracy']:.1%}"
            )
