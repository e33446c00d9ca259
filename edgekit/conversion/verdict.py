"""Whether the int8 files kept the accuracy they had to keep."""

from __future__ import annotations

from edgekit.artefact import ArtefactFile, ArtefactSet
from edgekit.errors import GateError, InvalidError
from edgekit.progress import Progress
from edgekit.units import percent, points


def check_drops(artefacts: ArtefactSet, limit: float | None, progress: Progress) -> None:
    """Gate the int8 files of a set that is already written; without a limit, nothing is gated.

    A file fails if its drop is above the limit even at the low end of its 95 % interval. If only the
    measured drop is above, there are too few images to tell.

    Raises:
        GateError: A file fails.
        InvalidError: No file fails, but one is inconclusive.
    """
    if limit is None:
        return
    files = [file for file in artefacts.manifest.files if file.precision == "int8"]
    failed = [file for file in files if _drop(file)[1] > limit]
    unclear = [file for file in files if _drop(file)[0] > limit and file not in failed]
    kept = f"The set was written to {artefacts.folder}."
    if failed:
        raise GateError(
            f"{_figures(failed)}; at most {percent(limit)} pp are allowed.",
            f"{kept} Its manifest lists what was tried; train longer, or allow more with --max-drop.",
        )
    if unclear:
        raise InvalidError(
            f"{_figures(unclear)}; the images are too few to tell whether that is above {percent(limit)} pp.",
            f"{kept} Evaluate on more images, or allow more with --max-drop.",
        )
    for file in files:
        if _drop(file)[2] > limit:
            progress.note(
                f"{_figures([file])}: within {percent(limit)} pp as measured, but more cannot be ruled out."
            )


def _drop(file: ArtefactFile) -> tuple[float, float, float]:
    """A file's drop and its interval; without labelled images there is none to gate."""
    quality = file.quality
    return quality.drop or 0.0, quality.drop_low or 0.0, quality.drop_high or 0.0


def _figures(files: list[ArtefactFile]) -> str:
    drops = {f.name: (_drop(f), f.quality.n) for f in files}
    return ", ".join(
        f"{name} loses {_loss(drop)} pp (95 % interval {points(low)} to {points(high)}, {n} images)"
        for name, ((drop, low, high), n) in drops.items()
    )


def _loss(drop: float) -> str:
    return points(drop).removeprefix("+")
