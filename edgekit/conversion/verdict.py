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
    failed = [file for file in files if file.quality.drop_low > limit]
    unclear = [file for file in files if file.quality.drop > limit and file not in failed]
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
        if file.quality.drop_high > limit:
            progress.note(
                f"{_figures([file])}: within {percent(limit)} pp as measured, but more cannot be ruled out."
            )


def _figures(files: list[ArtefactFile]) -> str:
    return ", ".join(
        f"{f.name} loses {_loss(f.quality.drop)} pp (95 % interval {points(f.quality.drop_low)} to "
        f"{points(f.quality.drop_high)}, {f.quality.n} images)"
        for f in files
    )


def _loss(drop: float) -> str:
    return points(drop).removeprefix("+")
