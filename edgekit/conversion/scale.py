"""How pixels reach a model of one's own: what is assumed must be what it was trained with."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from edgekit.conversion.answers import answers
from edgekit.conversion.feed import Feed
from edgekit.conversion.load import Inputs
from edgekit.conversion.quality import Outputs, Reference
from edgekit.conversion.request import ConvertRequest
from edgekit.data.dataset import Float32
from edgekit.errors import UsageError
from edgekit.progress import Progress
from edgekit.stats import wilson
from edgekit.units import percent

SCALES = ((127.5, 127.5), (0.0, 255.0), (0.0, 1.0))  # mean and std that give −1 … 1, 0 … 1, 0 … 255
IMAGES = 256  # of the evaluation images, tried with each scale
DOUBT = 9.0  # McNemar's statistic, (gained − lost)² / (gained + lost); by chance in 3 of 1,000 cases


def check_scale(
    request: ConvertRequest,
    inputs: Inputs,
    outputs: Callable[[Float32], Outputs],
    reference: Reference,
    progress: Progress,
) -> None:
    """Say which scale a model without a card is given, and refuse one that is clearly not its own.

    Raises:
        UsageError: With another usual scale clearly more of the evaluation images are right.
    """
    if inputs.source.card is not None or request.mean is not None or request.std is not None:
        return
    feed = inputs.evaluation
    contract = feed.preprocessing
    own = (contract.mean[0], contract.std[0])
    why = "it scales them itself" if own == (0.0, 1.0) else "as nothing else was said (--mean, --std)"
    progress.note(f"Pixels reach the model as {_formula(*own)}: {why}.")
    n = min(IMAGES, len(feed))
    if reference.right is None:
        return
    labels, right = feed.split.labels[:n], reference.right[:n]
    # what one answer to everything gets right
    commonest = int(np.unique(labels, return_counts=True)[1].max()) / n
    best, figures = 0.0, ((0.0, 0.0), 0.0)
    for mean, std in SCALES:
        other = msgspec.structs.replace(contract, mean=(mean,) * contract.depth, std=(std,) * contract.depth)
        if other == contract:
            continue
        batches = Feed(feed.split, other, n).batches()
        given = [answers(outputs(batch)[0], reference.head) for batch in batches]
        theirs = np.concatenate([each for each in given if each is not None]) == labels
        if wilson(int(theirs.sum()), n)[0] <= commonest:
            continue
        gained, lost = int((theirs & ~right).sum()), int((right & ~theirs).sum())
        if gained > lost and (doubt := (gained - lost) ** 2 / (gained + lost)) > max(best, DOUBT):
            best, figures = doubt, ((mean, std), float(theirs.mean()))
    if best:
        (mean, std), share = figures
        raise UsageError(
            f"With pixels as {_formula(*own)} the Keras model is right on {percent(float(right.mean()))} % "
            f"of {n} evaluation images, with {_formula(mean, std)} on {percent(share)} %.",
            f"Say what it was trained with: --mean {mean:g} --std {std:g}; "
            f"for what was assumed, --mean {own[0]:g} --std {own[1]:g}.",
        )


def _formula(mean: float, std: float) -> str:
    if (mean, std) == (0.0, 1.0):
        return "0 … 255"
    return f"(x − {mean:g}) / {std:g}" if mean else f"x / {std:g}"
