"""Training a simulation until its scores are those of the float model, from any images, labelled or not."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekit.artefact import Preprocessing
from edgekit.conversion.qat.run_folder import Run
from edgekit.conversion.qat.simulation import Simulation
from edgekit.data import Split, normalise
from edgekit.data.dataset import Float32
from edgekit.errors import UsageError
from edgekit.progress import Progress

BATCH = 32
# The highest learning rate, in units of each weight and bias: if there is little to mend, large steps would
# only add noise. Measured on MobileNet v1 α .25, from 31 dB and from 15 dB.
FINE_RATE, COARSE_RATE = 1e-4, 3e-4
FINE_DB = 25.0  # SQNR of the scores at the start from which on the rate is the smaller one
_LAST_RATE = 1e-2  # share of the rate that the cosine ends at
_WARM_UP = 0.02  # share of the steps in which the rate rises
_KEEP, _KEEP_EPOCH = 20.0, 1.0  # seconds of work that may be lost: in an epoch, and at the end of one
_REDRAW = 0.25  # seconds between changes of the progress text


@dataclass(frozen=True)
class Images:
    """The images to train with, in an order of their own for every epoch."""

    split: Split
    indices: npt.NDArray[np.int64]
    preprocessing: Preprocessing
    seed: int = 0

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def size(self) -> int:
        """Images per step."""
        return min(BATCH, len(self))

    @property
    def steps(self) -> int:
        """Steps per epoch: every image is seen, a few of them twice."""
        return math.ceil(len(self) / self.size)

    def of_step(self, step: int) -> Float32:
        """The batch of a step, counted from the start of the training: float32 [n, *input_shape]."""
        epoch, place = divmod(step, self.steps)
        order = np.random.default_rng((self.seed, epoch)).permutation(self.indices)
        rows = np.resize(order, self.steps * self.size)[place * self.size : (place + 1) * self.size]
        return normalise(self.split.images.read(rows.tolist()), self.preprocessing)


@dataclass(frozen=True)
class Training:
    """One training.

    Args:
        student: What is trained, in place.
        teacher: The float model: its scores of images before a softmax or sigmoid, and other outputs.
        images: What both are given.
        epochs: How often each image is seen.
        squash: What is done to the scores at the end: `Softmax`, `Sigmoid` or nothing.
        rate: The highest learning rate.
    """

    student: Simulation
    teacher: Callable[[Any], Sequence[Any]]
    images: Images
    epochs: int
    squash: str
    rate: float

    @property
    def total(self) -> int:
        """Steps."""
        return self.epochs * self.images.steps

    def go(self, run: Run, progress: Progress) -> None:
        """Train, from where an earlier process was stopped.

        Args:
            run: Keeps what was done.
            progress: Receives every step.

        Raises:
            UsageError: The loss became infinite or not a number.
        """
        variables = self.student.variables
        optimizer = self._optimizer(variables)
        kept = [*variables, *optimizer.variables]
        state = run.restore(kept)
        if state.steps == self.total:
            progress.note(f"This training is already complete, in {run.folder}.")
        elif state.steps:
            progress.note(f"Resuming after step {state.steps:,} of {self.total:,}, in {run.folder}.")
        step = self._step(variables, optimizer)
        saved = drawn = time.monotonic()
        for number in range(state.steps, self.total):
            epoch, place = divmod(number, self.images.steps)
            if time.monotonic() - drawn >= _REDRAW or number == state.steps:
                drawn = time.monotonic()
                progress.step(f"Training for 8 bits · epoch {epoch + 1} of {self.epochs}", total=self.total)
                progress.advance(number)
            noise, power = (float(x) for x in step(self.images.of_step(number)))
            if not math.isfinite(noise):
                raise UsageError(
                    f"Training for 8 bits diverged: after {number} steps the scores' noise was {noise}.",
                    "Leave out --qat, which quantizes the model without training.",
                )
            state = state.after(noise, power, fresh=place == 0)
            done = place + 1 == self.images.steps
            if done:
                progress.note(
                    f"Epoch {epoch + 1} of {self.epochs}: over its {len(self.images):,} images, scores with "
                    f"8-bit arithmetic had an SQNR of {state.decibels:.1f} dB."
                )
            # epochs of a few milliseconds are not worth a file each
            if number + 1 == self.total or time.monotonic() - saved >= (_KEEP_EPOCH if done else _KEEP):
                saved = time.monotonic()
                run.save(state, kept)

    def _optimizer(self, variables: Sequence[Any]) -> Any:
        """Adam (Kingma and Ba 2015) with a cosine of the rate (Loshchilov and Hutter 2017)."""
        import keras

        rise = max(1, round(_WARM_UP * self.total))
        schedule = keras.optimizers.schedules.CosineDecay(
            self.rate / 100,
            max(1, self.total - rise),
            alpha=_LAST_RATE,
            warmup_target=self.rate,
            warmup_steps=rise,
        )
        optimizer = keras.optimizers.Adam(schedule)
        optimizer.build(variables)
        return optimizer

    def _step(self, variables: Sequence[Any], optimizer: Any) -> Callable[[Any], tuple[Any, Any]]:
        import tensorflow as tf

        def step(images: Any) -> tuple[Any, Any]:
            wanted = [tf.stop_gradient(scores) for scores in self.teacher(images)]
            with tf.GradientTape() as tape:
                loss, noise, power = self._loss(self.student(images), wanted)
            found = tape.gradient(loss, [variable.value for variable in variables])
            pairs = zip(found, variables, strict=True)
            optimizer.apply([tf.zeros_like(x.value) if up is None else up for up, x in pairs], variables)
            return noise, power

        traced: Callable[[Any], tuple[Any, Any]] = tf.function(step, autograph=False)
        return traced

    def _loss(self, given: Sequence[Any], wanted: Sequence[Any]) -> tuple[Any, Any, Any]:
        """The loss of a batch, and the sums of squares of the scores' noise and of the scores themselves.

        It is the noise relative to the scores, each output's by itself: what files are compared by later.
        """
        import tensorflow as tf

        loss = noise = power = tf.constant(0.0)
        for scores in zip(given, wanted, strict=True):
            if self.squash == "Softmax":  # it ignores what all scores have in common
                here, real = (x - tf.reduce_mean(x, -1, keepdims=True) for x in scores)
            else:
                here, real = scores
            off, own = tf.reduce_sum(tf.square(here - real)), tf.reduce_sum(tf.square(real))
            loss += off / tf.maximum(own, 1e-30)
            noise, power = noise + off, power + own
        return loss, noise, power
