"""Whether the calibration images show what the model will see; where they do not, what that costs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import log10

import numpy as np

from edgekit.artefact import ArtefactFile, Quality
from edgekit.conversion.calibration import FEWEST, Calibration
from edgekit.conversion.conversion import Conversion
from edgekit.conversion.feed import Feed
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.likeness import contrast_to, shortcoming
from edgekit.conversion.load import Inputs
from edgekit.conversion.output import Outcome
from edgekit.conversion.ranges import minmax_ranges, squared_error, thinned
from edgekit.conversion.request import ConvertRequest
from edgekit.conversion.steps import PLAIN
from edgekit.data.held import hold
from edgekit.errors import EdgekitError
from edgekit.progress import SILENT
from edgekit.quantization.threads import one_thread
from edgekit.stats import wilson
from edgekit.units import percent
from edgekit.words import plural

CLEAR_DB = 3.0  # twice the noise: what good images, however few, do not cost
AT_FIRST, LOOKED_AT = 16, 64  # evaluation images
_TRAINING = 100  # images to compare with
_SAMPLED = 1024  # values of each tensor and image
_CUT = 1e-6  # of the range: no more than rounding
_UNKNOWN = "The cost is not known: there are no training images to compare with."


@dataclass(frozen=True)
class Fit:
    """How well ranges suit what evaluation images make of the model, over its tensors."""

    decibel: float  # noise beyond that of the ranges of these very images, on average
    outside: float  # share of values outside the ranges, on average
    worst: float  # the like, of the tensor with most


def calibration_fault(conversion: Conversion, outcome: Outcome) -> str | None:
    """Say what is wrong with the calibration images, what it costs, and what to do; None: nothing is.

    Images are suspected for what they show alone, for being unlike the evaluation images, and where the
    ranges that they give do not suit those. Then the first int8 file is made once more, calibrated on
    training images: what differs is what the images cost. Where there are none, it is the ranges that tell.
    """
    int8 = [file for file, _ in outcome.made if file.precision == "int8"]
    if not int8:
        return None
    inputs = conversion.inputs
    lack = shortcoming(inputs.calibration.pixels())
    unlike = contrast_to(*map(_some, (inputs.calibration, inputs.evaluation)))
    # the noise of a few images' own ranges is less than of many: where that is fine, so are more images
    fit = None if lack else _fit(conversion, AT_FIRST)
    if fit is not None and fit.decibel > CLEAR_DB:
        fit = _fit(conversion)
    ill = fit is not None and fit.decibel > CLEAR_DB
    if not (lack or unlike or ill):
        return None
    training = _training(inputs)
    if training is not None:
        cost = _compared(conversion, int8[0], training, always=bool(lack))
    else:
        fit = fit or _fit(conversion)
        cost = _misfit(fit) if fit is not None and (lack or ill) else None
    if cost is None and not lack:
        return None
    what = lack or unlike or "are not like the evaluation images"
    sentence = what if what.endswith("?") else f"{what}."
    return f"The calibration images {sentence} {cost or _UNKNOWN} {_remedy(conversion.request, inputs)}"


def _some(feed: Feed) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Some of its images, spread over all."""
    count = len(feed)
    return feed.split.images.read(sorted({int(i) for i in np.linspace(0, count - 1, min(count, LOOKED_AT))}))


def _training(inputs: Inputs) -> Feed | None:
    """As many training images as calibration takes at most, read once; None: there are too few."""
    contract, train = inputs.loaded.preprocessing, inputs.dataset.train
    if len(train) < FEWEST:
        return None
    return Feed(hold(train, "training", contract, SILENT, _TRAINING), contract, _TRAINING)


def _compared(conversion: Conversion, file: ArtefactFile, training: Feed, *, always: bool) -> str | None:
    """What the calibration images cost a file; None: no more than chance may, unless it is `always` said."""
    count = plural(len(training), "training image")
    conversion.progress.step(f"Calibrating on {count} for comparison")
    other = replace(
        conversion,
        request=replace(conversion.request, qat=None),
        inputs=replace(conversion.inputs, calibration=training),
        progress=SILENT,
    )
    format = FORMATS[file.format]
    try:
        there = other.int8(conversion.float_file(format), format)[0].quality
    except EdgekitError:
        return None
    here = file.quality
    if not (always or _significantly_worse(here, there)):
        return None
    name = conversion.reference.name
    if here.agreement is None or there.agreement is None:
        return f"The scores of {file.name} have {_noise(here)}; calibrated on {count}, {_noise(there)}."
    return (
        f"{file.name} agrees with the {name} on {percent(here.agreement)} % of the evaluation images "
        f"(its scores have {_noise(here)}); calibrated on {count}, on {percent(there.agreement)} % "
        f"({_noise(there)})."
    )


def _significantly_worse(here: Quality, there: Quality) -> bool:
    if here.agreement is not None and there.agreement is not None:
        intervals = [wilson(round(q.agreement * q.n), q.n) for q in (here, there) if q.agreement is not None]
        if intervals[0][1] < intervals[1][0]:
            return True
    if here.scores_sqnr_db is None or here.scores_sqnr_high_db is None:
        return False
    if there.scores_sqnr_db is None or there.scores_sqnr_low_db is None:
        return False
    clear = there.scores_sqnr_db - here.scores_sqnr_db > CLEAR_DB
    return clear and here.scores_sqnr_high_db < there.scores_sqnr_low_db


def _noise(quality: Quality) -> str:
    decibel = quality.scores_sqnr_db
    return "no noise" if decibel is None else f"{decibel:.1f} dB SQNR"


def _fit(conversion: Conversion, images: int = LOOKED_AT) -> Fit | None:
    """How well the ranges suit some evaluation images; None: the model cannot be looked into."""
    calibration = conversion.calibration or conversion.calibrated(SILENT)
    if calibration is None:
        return None
    with one_thread():
        return fit(calibration, conversion.inputs.evaluation, images)


def fit(calibration: Calibration, evaluation: Feed, images: int = LOOKED_AT) -> Fit:
    """Compare the ranges that calibration images give with those that some evaluation images would."""
    ranges = calibration.ranges(PLAIN)
    run = calibration.run(calibration.source.network)
    few = evaluation.of(range(min(images, len(evaluation))))
    batches = list(run.over(few, partial(thinned, _SAMPLED)))
    noises, shares = [], []
    for name, own in minmax_ranges(batches).items():
        values = np.concatenate([batch[name] for batch in batches]).astype(np.float64)
        counts = np.ones(len(values))
        least, here = (squared_error(values, counts, *limits) for limits in (own, ranges[name]))
        if least > 0 and here > 0:
            noises.append(10 * log10(here / least))
        low, high = min(ranges[name][0], 0.0), max(ranges[name][1], 0.0)
        slack = _CUT * (high - low)
        shares.append(float(np.mean((values < low - slack) | (values > high + slack))))
    return Fit(float(np.mean(noises or [0.0])), float(np.mean(shares or [0.0])), max(shares, default=0.0))


def _misfit(fit: Fit) -> str:
    return (
        f"On the evaluation images, their ranges give the layers {10 ** (fit.decibel / 10):.1f} times the "
        f"noise of ranges from the evaluation images; they clip {percent(fit.outside)} % of the layers' "
        f"values, {percent(fit.worst)} % in one layer."
    )


def _remedy(request: ConvertRequest, inputs: Inputs) -> str:
    """What to do, with the command where it was typed."""
    own = request.dataset or inputs.source.dataset
    left = [
        *(["--calibrate-on"] if request.calibrate_on and own else []),
        *(["--calibration"] if request.calibration < FEWEST else []),
    ]
    typed = shlex.split(request.command) if request.command.startswith("edgekit convert") else []
    if left:
        advice = (
            "Calibrate on the dataset's own images" if left[0] == "--calibrate-on" else "Calibrate on more"
        )
        return f"{advice}: {shlex.join(_without(typed, left)) if typed else f'leave out {left[0]}'}"
    advice = "Calibrate on 100 images or more, like those that the model will see"
    return f"{advice}: {shlex.join([*_without(typed, ['--calibrate-on']), '--calibrate-on'])} FOLDER"


def _without(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """A command's words without some options and their values."""
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in options:
            skip = True
        elif word.partition("=")[0] not in options:
            kept.append(word)
    return kept
