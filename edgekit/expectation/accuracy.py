"""How right ImageNet's weights of a size are, going by what others published."""

from __future__ import annotations

from edgekit.expectation.board import BOARDS
from edgekit.expectation.expect import FAMILY, PRECISIONS, REPOSITORY
from edgekit.expectation.table import series_of

IMAGES = 50_000  # of ImageNet's validation set: what MLPerf has all of them judged by


def published_top1(
    family: str, alpha: float | None, resolution: int, precision: str
) -> tuple[float, str] | None:
    """Return the share of right answers of the newest series on a CPU, and where it was published.

    None where nobody published it. Series differ by some hundredths of a point, as their runtimes round.

    Args:
        family: A name in FAMILIES.
        alpha: Width multiplier.
        resolution: Height and width of the input in pixels.
        precision: `int8` or `float32`.
    """
    if family != FAMILY or alpha is None or precision not in PRECISIONS:
        return None
    series = [each for board in BOARDS.values() for each in series_of(board, precision) if not each.on_gpu]
    found = [(each, size) for each in series if (size := each.sizes.get((alpha, resolution)))]
    if not found:
        return None
    newest, size = max(found, key=lambda pair: (pair[0].round, pair[0].runtime))
    return size.top1_percent / 100, f"{REPOSITORY}{newest.round}/{size.path}"
