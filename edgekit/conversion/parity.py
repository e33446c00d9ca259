"""Whether float32 files compute what the model computes, by no more images than that takes.

A file that was converted correctly differs from Keras by rounding alone, as some hundred images show. Then
an answer can only be another where two scores are nearly equal. So the Keras model, which is slower than its
files, is run on some hundred images and on those: the first float32 file stands for it on the others, unless
it is farther off than usual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import msgspec
import numpy as np

from edgekit.artefact import Head, Quality
from edgekit.conversion.feed import Feed
from edgekit.conversion.quality import Outputs, Reference, StandIn, judge, outputs_of
from edgekit.conversion.runners import Runner, Runners
from edgekit.data.dataset import Float32
from edgekit.errors import EdgekitError, InvalidError
from edgekit.progress import SILENT, Progress

ERROR = 1e-4  # largest difference of a float file's output to Keras', relative to scores above 1
AGREEMENT = 0.999
IMAGES = 256  # that tell, where they are enough
_AS_MUCH = 5  # times the largest error of a float file on some images may be that on all
_DISTANCES = (
    *("max_abs_error", "outputs", "divergence", "divergence_low", "divergence_high"),
    *("scores_sqnr_db", "scores_sqnr_low_db", "scores_sqnr_high_db"),
)
_LITTLE = 5.0  # times the usual
_ALIKE = 10.0  # times; a file sums in yet another order, so its difference varies as much


@dataclass(frozen=True)
class FastFile:
    """A float32 file that may stand for the Keras model."""

    format: str
    load: Callable[[], Runner]  # makes it, if it is not there yet

    @cached_property
    def _runners(self) -> Runners:
        return Runners(self.load)

    def over(self, feed: Feed, progress: Progress) -> Outputs:
        """Run it over images; return its outputs, [n, …] each."""
        self._runners.warm()
        progress.step(f"Measuring float32.{self.format}", len(feed))
        return outputs_of(self._runners, feed, progress)

    def __call__(self, images: Float32) -> Outputs:
        """Return its outputs [n, …] for images [n, *input_shape]."""
        return outputs_of(self._runners, (image[None] for image in images))


def rounding(outputs: Outputs) -> float:
    """How much rounding may change a model's outputs, [n, …] each."""
    return ERROR * max(1.0, *(float(np.abs(output).max()) for output in outputs))


def telling(outputs: Outputs, head: Head) -> Sequence[int]:
    """Images that tell whether two float32 models compute the same.

    Some from all over, and those whose two highest scores are so near that rounding could turn the answer;
    all where that cannot be said.

    Args:
        outputs: One model's, [n, …] each.
        head: What the first of them means.
    """
    scores = outputs[0]
    everything = range(len(scores))
    if head.kind != "top1" or scores.ndim != 2 or len(everything) <= IMAGES:
        return everything
    second, first = np.partition(scores, -2, axis=1)[:, -2:].T
    near = first - second <= 2 * rounding(outputs)
    near[np.linspace(0, len(everything) - 1, IMAGES).astype(int)] = True
    return np.flatnonzero(near).tolist()


def reference_of(
    function: Callable[[Float32], Outputs],
    feed: Feed,
    head: Head,
    *,
    name: str = "Keras model",
    file: FastFile | None = None,
    progress: Progress = SILENT,
) -> Reference:
    """Find out what the Keras model says about the evaluation images.

    Args:
        function: The model, float32 [n, *input_shape] → its outputs [n, …].
        feed: The images.
        head: What its first output means.
        name: The model's, in messages.
        file: What may stand for it; only made if there are so many images that this is worth it.
        progress: Receives the images.
    """

    def run(images: Sequence[int]) -> Outputs:
        progress.step(f"Running the {name}", len(images))
        rows, done = [], 0
        for batch in feed.batches(images):
            rows.append(function(batch))
            progress.advance(done := done + len(batch))
        return tuple(map(np.concatenate, zip(*rows, strict=True)))

    everything = range(len(feed))
    stand_in = None
    if file is not None and head.kind == "top1" and len(everything) > IMAGES:
        stand_in = _stand_in(file, feed, head, run, progress)
    scores, *others = stand_in[0] if stand_in else run(everything)
    reference = Reference(feed.split.labels, scores, head, tuple(others), name)
    return replace(reference, stand_in=stand_in[1]) if stand_in else reference


def _stand_in(
    file: FastFile, feed: Feed, head: Head, run: Callable[[Sequence[int]], Outputs], progress: Progress
) -> tuple[Outputs, StandIn] | None:
    """What the model says about all images, with a file's help; None: the file is not like it."""
    try:
        found = file.over(feed, progress)
    except EdgekitError:
        return None  # it is said where the file is asked for
    images = telling(found, head)
    real = run(images)
    here = tuple(output[images] for output in found)
    if not all(a.shape == b.shape for a, b in zip(real, here, strict=True)):
        return None
    if not _near(max(float(np.abs(a - b).max()) for a, b in zip(real, here, strict=True)), real):
        return None
    for output, part in zip(found, real, strict=True):
        output[images] = part
    return found, StandIn(file.format, images, here)


def float_quality(
    reference: Reference, names: Sequence[str], run: Callable[[Sequence[int]], Outputs]
) -> Quality:
    """How near a float32 file is to Keras, by no more images than that takes.

    Args:
        reference: What Keras says.
        names: The outputs', where there are several.
        run: Runs the file over some of the images.
    """

    def by(images: Sequence[int]) -> Quality:
        return judge_some(reference, run(images), images, names)

    everything, some = range(len(reference.labels)), telling(reference.outputs, reference.head)
    quality = by(some)
    if len(some) == len(everything) or _near(quality.max_abs_error, reference.outputs):
        return quality
    return by(everything)


def _near(error: float | None, real: Outputs) -> bool:
    """Whether a file that differs so much on some images is within rounding on the others, too."""
    return error is not None and error < rounding(real) / _AS_MUCH


def judge_some(
    reference: Reference, outputs: Outputs, images: Sequence[int], names: Sequence[str] = ()
) -> Quality:
    """Compare a file that was run on some images only; to the others it has Keras' answers."""
    here = judge(reference.of(images), outputs, names)
    if len(images) == len(reference.labels):
        return here
    filled = tuple(real.copy() for real in reference.outputs)
    for real, found in zip(filled, outputs, strict=True):
        real[images] = found
    distances = {name: getattr(here, name) for name in _DISTANCES}
    return msgspec.structs.replace(judge(reference, filled, names), run=len(images), **distances)


def check_parity(
    name: str, quality: Quality, reference: Reference, own: Callable[[float], float] = lambda _: 0.0
) -> None:
    """Refuse a float32 file that does not compute what the Keras model computes.

    One image may differ however few there are: between two equal scores either answer is right. Where numbers
    are large inside, as with large biases, rounding alone may do a little more than usual: as much as a few
    times what it does to Keras itself, if the answers are the same.

    Args:
        name: The file's.
        quality: What was measured.
        reference: What Keras says.
        own: Finds the largest difference of float32 Keras to itself, and may stop where that is as large as
            what it is given; only asked if the file differs.

    Raises:
        InvalidError: With the figures.
    """
    largest = rounding(reference.outputs)
    error = quality.max_abs_error
    allowed = max(1, round((1 - AGREEMENT) * quality.n))
    differing = 0 if quality.agreement is None else round((1 - quality.agreement) * quality.n)
    if error is None or not error <= largest or differing > allowed:
        alike = max(largest, (error or 0.0) / _ALIKE)
        itself = own(alike)
        if error is not None and error <= min(_ALIKE * itself, _LITTLE * largest) and differing <= allowed:
            return
        if error is not None and itself >= alike:
            raise InvalidError(
                f"The model is ill-conditioned: rounding alone changes its outputs. {name} differs from "
                f"float32 Keras by up to {error:.2g}, and Keras itself by {itself:.2g} if images are given "
                "one at a time or it computes in float64.",
                "No file can be verified. Train it again with less extreme weights or normalized inputs.",
            )
        answers = f", and so does the answer to {differing} of {quality.n} images (at most {allowed})"
        raise InvalidError(
            f"{name} does not compute what the {reference.name} computes: outputs differ by up to "
            f"{error:.2g} (at most {largest:.2g} is rounding){'' if quality.agreement is None else answers}.",
            "A layer was converted wrongly, so quantizing would be pointless: try the other format alone, "
            "with --format.",
        )
