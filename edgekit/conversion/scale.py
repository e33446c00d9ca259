"""How pixels reach a model of one's own: what is assumed must be what it was trained with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgekit.artefact import Preprocessing
from edgekit.conversion.answers import answers
from edgekit.conversion.contract import MODES, under
from edgekit.conversion.load import Inputs
from edgekit.conversion.quality import Outputs, Reference
from edgekit.conversion.request import ConvertRequest
from edgekit.data import Split, normalise
from edgekit.data.dataset import Float32
from edgekit.errors import UsageError
from edgekit.progress import Progress
from edgekit.stats import wilson
from edgekit.units import percent

IMAGES = 256  # of the evaluation images, tried with each scale: fewer where it is clearly not the model's
_AT_ONCE = 16  # images
DOUBT = 9.0  # McNemar's statistic, (gained − lost)² / (gained + lost); by chance in 3 of 1,000 cases

Bool: TypeAlias = npt.NDArray[np.bool_]


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
    said = (request.mean, request.std, request.preprocess)
    if inputs.source.card is not None or said != (None, None, None):
        return
    feed = inputs.evaluation
    own = feed.preprocessing
    assumed = own.mean == own.std
    why = "nothing else was said (--preprocess, --mean, --std)" if assumed else "it scales them itself"
    progress.note(f"Pixels reach the model as {formula(own)}: {why}.")
    n = min(IMAGES, len(feed))
    if reference.right is None:
        return
    labels, right = feed.split.labels[:n], reference.right[:n]
    # what one answer to everything gets right
    commonest = int(np.unique(labels, return_counts=True)[1].max()) / n
    best, name, share = 0.0, "", 0.0
    if _hope(np.zeros(0, bool), right) <= DOUBT:
        return
    progress.step("Trying other scales of pixels", len(MODES))
    for tried, mode in enumerate(MODES):
        progress.advance(tried)
        other = under(mode, own)
        if other is None or other == own:
            continue
        turned = own.channels != other.channels  # from rgb to bgr, or back
        theirs = np.zeros(0, bool)
        for batch in _batches(feed.split, other, turned, n):
            given = answers(outputs(batch)[0], reference.head)
            if given is None:
                break
            done = len(theirs) + len(batch)
            theirs = np.append(theirs, given == labels[len(theirs) : done])
            if _gain(theirs, right[:done]) < -DOUBT or _hope(theirs, right) <= max(best, DOUBT):
                break
        if len(theirs) < n or wilson(int(theirs.sum()), n)[0] <= commonest:
            continue
        if (gain := _gain(theirs, right)) > max(best, DOUBT):
            best, name, share = gain, mode, float(theirs.mean())
    if best and (found := under(name, own)) is not None:
        mine = next((mode for mode in MODES if under(mode, own) == own), "tf")
        raise UsageError(
            f"With pixels as {formula(own)}, the {reference.name} classifies "
            f"{percent(float(right.mean()))} % of {n} evaluation images correctly; with {formula(found)}, "
            f"{percent(share)} %.",
            f"Set the scaling that it was trained with: --preprocess {name}; to keep this one, "
            f"--preprocess {mine}.",
        )


def _gain(here: Bool, there: Bool) -> float:
    """McNemar's statistic of which answers are right; negative where fewer are right here than there."""
    gained, lost = int((here & ~there).sum()), int((there & ~here).sum())
    return (gained - lost) * abs(gained - lost) / max(1, gained + lost)


def _hope(here: Bool, there: Bool) -> float:
    """The gain if all answers that are still to come are right here."""
    return _gain(np.append(here, np.ones(len(there) - len(here), bool)), there)


def _batches(split: Split, contract: Preprocessing, turned: bool, n: int) -> Iterator[Float32]:
    """Yield the first `n` images by another contract than they are read by, `turned` from rgb to bgr."""
    for start in range(0, n, _AT_ONCE):
        pixels = split.images.read(range(start, min(start + _AT_ONCE, n)))
        yield normalise(pixels[..., ::-1] if turned else pixels, contract)


def formula(contract: Preprocessing) -> str:
    """Write a contract's scaling as people do: `(x − 127.5) / 127.5`."""
    mean, std = (_number(values) for values in (contract.mean, contract.std))
    order = " in the order bgr" if contract.channels == "bgr" else ""
    if (mean, std) == ("0", "1"):
        return f"0 … 255{order}"
    over = "" if std == "1" else f" / {std}"
    return (f"x{over}" if mean == "0" else f"(x − {mean}){over}") + order


def _number(values: tuple[float, ...]) -> str:
    alike = len(set(values)) == 1
    return f"{values[0]:g}" if alike else f"({', '.join(f'{value:g}' for value in values)})"
