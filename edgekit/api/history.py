"""`edgekit.history`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.timeline import History


def history(
    model: str | None = None,
    *,
    device: str | None = None,
    metric: str = "p50",
    results: StrPath = "results",
    plot: StrPath | None = None,
    progress: Progress = SILENT,
) -> History:
    """Show a metric over the commits at which a folder's results were made, and where it changed.

    Several values of one commit become their median. Commits are in the order of their ancestry if this
    repository has them, else by date. Files are indexed: each is read once.

    Args:
        model: Name of a model, or a pattern (`mobilenet*`); None: all.
        device: Name of a device, or a pattern; None: all.
        metric: One of p50, p90, memory, size, instructions, accuracy, accuracy_drop or agreement.
        results: The folder.
        plot: File for a plot, .svg or .png; None: none.
        progress: Receives what is read.

    Returns:
        A series per device, model, file, runtime and number of threads, each with its steps.

    Raises:
        UsageError: There is no such folder, model, device or metric, or the plot is not an .svg or .png file.
        UnavailableError: No result has the metric.
        StorageError: The plot cannot be written.
    """
    from edgekit.timeline import gather, metric_of

    if plot is not None:
        from edgekit.timeline.plot import check_ending

        check_ending(Path(plot))
    found = gather(Path(results), metric_of(metric), model=model, device=device, progress=progress)
    if plot is not None:
        from edgekit.timeline.plot import write_plot

        progress.step(f"Drawing {plot}")
        write_plot(found, Path(plot))
    return found
