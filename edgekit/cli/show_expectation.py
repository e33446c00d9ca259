"""Published figures in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE, draw_table, show, show_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgekit.expectation import Expectation, Line
    from edgekit.results import Result

_HEADINGS = ("Runtime", "Year", "How the board ran", "p50\nms", "Range\nms", "p90\nms", "ImageNet\ntop-1 %")


def show_expectation(found: Expectation) -> None:
    """Print the range, the series it comes from, and where they were published."""
    from edgekit.expectation import BOARDS

    board = BOARDS[found.board].description
    how = "published" if found.published else "estimated from the sizes that were published"
    title = f"MobileNet v1, alpha {found.alpha:g}, {found.resolution} pixels, {found.precision}, {board}"
    lines = [
        f"{_ms(found.low_ms)} to {_ms(found.high_ms)} ms per image by {len(found.counted)} series, {how}.",
        "One image at a time, on all CPUs.",
    ]
    if apart := sorted({line.apart for line in found.series if line not in found.counted}):
        lines[0] = lines[0].removesuffix(".") + f"; {' and '.join(apart)} not counted."
    if found.energy_mj:
        lines.append(f"Energy: {found.energy_mj:g} mJ per inference, measured at the wall.")
    lines.append("Source: MLPerf Inference, open division; --json has the path of every result.")
    show(draw_table(title, _HEADINGS, map(_cells, found.series), words=(0, 1, 2)), *lines)


def show_published(results: Sequence[Result]) -> None:
    """Print where results are beyond what others measured on the same boards."""
    from edgekit.expectation import against

    show_items(sentence for result in results if (sentence := against(result)))


def _cells(line: Line) -> tuple[str, ...]:
    estimated = line.error is not None
    return (
        line.runtime,
        str(line.year),
        line.clock or NONE,
        _ms(line.p50_ms),
        f"{_ms(line.low_ms)} … {_ms(line.high_ms)}" if estimated else NONE,
        NONE if line.p90_ms is None else _ms(line.p90_ms),
        NONE if line.top1_percent is None else f"{line.top1_percent:.1f}",
    )


def _ms(value: float) -> str:
    return f"{value:.3g}"
