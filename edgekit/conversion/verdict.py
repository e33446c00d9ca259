"""Whether the set holds what was asked for, and the int8 files kept the accuracy they had to keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import ceil

from edgekit.artefact import ArtefactFile, ArtefactSet, Missing, Quality
from edgekit.errors import EdgekitError, GateError, InvalidError
from edgekit.progress import Progress
from edgekit.stats import wilson
from edgekit.units import percent, points
from edgekit.words import listed

LARGE_LOSS = 0.05  # five points of accuracy: far beyond what int8 costs where it works
LARGE_CHANGE = 0.5  # share of other answers than Keras', where no image has a known class


def check_set(
    artefacts: ArtefactSet, limit: float | None, progress: Progress, least: float | None = None
) -> None:
    """Judge a set that is already written: its files stay, whatever is wrong with them.

    With a limit, a file fails if its drop is above it even at the low end of its 95 % interval; if only the
    measured drop is above, there are too few images to tell. Without a limit, it is a loss far beyond the
    usual that is reported. The least agreement is judged as the limit is, by the interval of the share.

    Args:
        artefacts: The set.
        limit: Accuracy that an int8 file may lose, a fraction.
        progress: Receives what cannot be ruled out.
        least: Share of images that an int8 file must answer as the float model does.

    Raises:
        GateError: A file fails.
        InvalidError: No file fails, but one is missing, faulty, inconclusive, or lost very much.
    """
    manifest = artefacts.manifest
    files = [file for file in manifest.files if file.precision == "int8"]
    failed = [] if limit is None else [file for file in files if _low(file.quality) > limit]
    ill = manifest.dataset.calibration_fault
    losses = _large(files, ill) if limit is None else _beyond(files, failed, limit)
    apart = [] if least is None else [file for file in files if _kept(file.quality)[1] < least]
    changes = [] if least is None else _below(files, apart, least)
    problems = [*losses, *changes, *_faults(manifest.files), *_lacking(manifest.missing)]
    if problems:
        kind: type[EdgekitError] = GateError if failed or apart else InvalidError
        what, hints = zip(*problems, strict=True)
        kept = f"The set was written to {artefacts.folder}."
        error = kind(" ".join(what), " ".join((kept, *dict.fromkeys(hints))))
        error.written = artefacts.folder
        raise error
    for file in files:
        if limit is not None and (file.quality.drop_high or 0.0) > limit:
            progress.note(
                f"{_figures([file])}: within {percent(limit)} pp as measured, but more cannot be ruled out."
            )
        if least is not None and _kept(file.quality)[0] < least:
            progress.note(f"{_answers([file])}: enough as measured, but fewer cannot be ruled out.")


def _beyond(
    files: Sequence[ArtefactFile], failed: Sequence[ArtefactFile], limit: float
) -> Iterator[tuple[str, str]]:
    """What is wrong where a limit was set, and what to do."""
    allowed = f"{percent(limit)} pp"
    if failed:
        yield (
            f"{_figures(failed)}; at most {allowed} are allowed.",
            "Its manifest lists what was tried; train longer, or allow more with --max-drop.",
        )
    unclear = [file for file in files if file.quality.lost > limit and file not in failed]
    if unclear:
        yield (
            f"{_figures(unclear)}; the images are too few to tell whether that is above {allowed}.",
            "Evaluate on more images, or allow more with --max-drop.",
        )


def _below(
    files: Sequence[ArtefactFile], apart: Sequence[ArtefactFile], least: float
) -> Iterator[tuple[str, str]]:
    """What is wrong where a least agreement was set, and what to do."""
    asked = f"{percent(least)} %"
    if apart:
        yield (
            f"{_answers(apart)}; at least {asked} are asked for.",
            "Calibrate on more images that are like those of the application, or ask for less with "
            "--min-agreement.",
        )
    unclear = [file for file in files if (file.quality.agreement or 0.0) < least and file not in apart]
    if unclear:
        yield (
            f"{_answers(unclear)}; the images are too few to tell whether that is below {asked}.",
            "Evaluate on more images, or ask for less with --min-agreement.",
        )


def _large(files: Sequence[ArtefactFile], calibration: str | None) -> Iterator[tuple[str, str]]:
    """What is wrong where no limit was set.

    Args:
        files: The int8 files.
        calibration: What is wrong with the images that they were calibrated on.
    """
    why, hint = ": int8 breaks this model", "Use the float32 files, or train longer"
    if calibration:
        why, hint = ", calibrated on the wrong images", "Calibrate on others"
    large = [file for file in files if _low(file.quality) > LARGE_LOSS]
    if large:
        most = max(file.quality.drop_high or 0.0 for file in large)
        yield (
            f"{_figures(large)}{why}.",
            f'{hint}; to accept such a loss, --max-drop "{min(99, ceil(most * 100))} pp".',
        )
    changed = [file for file in files if _changed(file.quality) > LARGE_CHANGE]
    if changed:
        yield f"{_figures(changed)}{why}.", f"{hint}."


def _faults(files: Sequence[ArtefactFile]) -> Iterator[tuple[str, str]]:
    for file in files:
        for fault in file.faults:
            yield fault, f"Do not use {file.name} on a CPU that saturates."


def _lacking(missing: Iterable[Missing]) -> Iterator[tuple[str, str]]:
    """For each reason the files it prevented."""
    for reason, entries in groupby(missing, key=lambda entry: entry.reason):
        yield (
            f"{listed(entry.name for entry in entries)} could not be made: {reason}",
            "Use the files that were made, or replace the layer and convert again.",
        )


def _low(quality: Quality) -> float:
    """The least that a file's drop may be; without labelled images there is none."""
    return quality.drop_low or 0.0


def _changed(quality: Quality) -> float:
    """The least share of answers that differ from Keras', where nothing else can be judged."""
    return 0.0 if quality.drop is not None or quality.agreement is None else 1 - _kept(quality)[1]


def _kept(quality: Quality) -> tuple[float, float]:
    """The 95 % interval of the share of images that are answered as before."""
    return wilson(round((quality.agreement or 0.0) * quality.n), quality.n)


def _answers(files: Sequence[ArtefactFile]) -> str:
    return ", ".join(f"{file.name} {_answered(file.quality)}" for file in files)


def _answered(quality: Quality) -> str:
    low, high = _kept(quality)
    interval = f"95 % interval {percent(low)} to {percent(high)}"
    share = f"{percent(quality.agreement or 0.0)} % of {quality.n} images"
    return f"agrees with the float model on {share} ({interval})"


def _figures(files: Sequence[ArtefactFile]) -> str:
    return ", ".join(f"{file.name} {_figure(file.quality)}" for file in files)


def _figure(quality: Quality) -> str:
    if quality.drop is None or quality.drop_low is None or quality.drop_high is None:
        return _answered(quality)
    interval = f"{points(quality.drop_low)} to {points(quality.drop_high)}"
    loss = points(quality.drop).removeprefix("+")
    return f"loses {loss} pp (95 % interval {interval}, {quality.n} images)"
