"""How accurate a converted file is, compared with the Keras model on the same images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgekit.artefact import Quality
from edgekit.conversion.feed import Feed
from edgekit.conversion.ranges import Activations
from edgekit.conversion.runners import Runner
from edgekit.data.dataset import Float32, Int64
from edgekit.errors import InvalidError
from edgekit.progress import Progress
from edgekit.stats import paired_drop, wilson

PARITY_ERROR = 1e-4  # largest difference of a float file's output to Keras', relative to scores above 1
PARITY_AGREEMENT = 0.999


@dataclass(frozen=True)
class Reference:
    """What the Keras model says about the evaluation images."""

    labels: Int64  # [n]
    scores: Float32  # [n, classes]

    @property
    def top1(self) -> Int64:
        """Its answer to each image, [n]."""
        return np.asarray(self.scores.argmax(axis=1), dtype=np.int64)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether that is the image's class, [n]."""
        return np.equal(self.top1, self.labels)

    @property
    def guesses(self) -> bool:
        """Whether the accuracy's 95 % interval reaches down to guessing among the classes."""
        low, _ = wilson(int(self.right.sum()), len(self.labels))
        return low <= 1 / int(self.scores.shape[1])


def reference_of(function: Callable[[Float32], Float32], feed: Feed) -> Reference:
    """Run the Keras model over the evaluation images."""
    return Reference(feed.split.labels, np.concatenate([function(batch) for batch in feed.batches()]))


def scores_of(runner: Runner, feed: Feed, progress: Progress) -> Float32:
    """Run a file over the evaluation images; return its scores [n, classes]."""
    rows = []
    for done, image in enumerate(feed, 1):
        rows.append(runner.scores(image))
        progress.advance(done)
    return np.concatenate(rows)


def judge(reference: Reference, scores: Float32) -> Quality:
    """Compare a file's scores with Keras' and with the truth."""
    top1 = scores.argmax(axis=1)
    right = top1 == reference.labels
    n, correct = len(right), int(right.sum())
    low, high = wilson(correct, n)
    drop, drop_low, drop_high = paired_drop(reference.right, right)
    return Quality(
        n=n,
        accuracy=correct / n,
        accuracy_low=low,
        accuracy_high=high,
        drop=drop,
        drop_low=drop_low,
        drop_high=drop_high,
        agreement=float((top1 == reference.top1).mean()),
        max_abs_error=float(np.abs(scores - reference.scores).max()),
    )


def check_parity(name: str, quality: Quality, reference: Reference) -> None:
    """Refuse a float32 file that does not compute what the Keras model computes.

    One image may differ however few there are: between two equal scores either answer is right.

    Raises:
        InvalidError: With the figures.
    """
    largest = PARITY_ERROR * max(1.0, float(np.abs(reference.scores).max()))
    error = quality.max_abs_error
    allowed = max(1, round((1 - PARITY_AGREEMENT) * quality.n))
    differing = round((1 - quality.agreement) * quality.n)
    if error is None or not error <= largest or differing > allowed:
        raise InvalidError(
            f"{name} does not compute what the Keras model computes: outputs differ by up to {error:.2g} "
            f"(at most {largest:.2g} is rounding), and so does the top-1 of {differing} of {quality.n} "
            f"images (at most {allowed}).",
            "A layer was converted wrongly, so quantizing would be pointless: try the other format alone, "
            "with --format.",
        )


def sqnr_db(pairs: Iterable[tuple[Activations, Activations]]) -> dict[str, float]:
    """Signal to quantization noise ratio of every tensor that both files have, in dB.

    10 log₁₀ (Σ real² / Σ (real − quantized)²), summed over all images.

    Args:
        pairs: The float file's and the quantized file's activations for the same image.
    """
    signal: dict[str, float] = {}
    noise: dict[str, float] = {}
    for real, quantized in pairs:
        for name in real.keys() & quantized.keys():
            signal[name] = signal.get(name, 0.0) + float(np.sum(np.square(real[name], dtype=np.float64)))
            difference = np.subtract(real[name], quantized[name], dtype=np.float64)
            noise[name] = noise.get(name, 0.0) + float(np.sum(np.square(difference)))
    return {n: 10 * float(np.log10(signal[n] / noise[n])) for n in signal if signal[n] > 0 and noise[n] > 0}
