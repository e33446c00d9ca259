"""What a user may name as a dataset, and how it is loaded."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from edgekit.artefact import Preprocessing
from edgekit.data import digits, shapes
from edgekit.data.dataset import Dataset
from edgekit.errors import UsageError
from edgekit.progress import SILENT, Progress

DATASETS: dict[str, Callable[[Preprocessing, int, Progress], Dataset]] = {
    "digits": digits.load,
    "shapes": shapes.load,
}

Channels = tuple[float, float, float]


def load_dataset(
    source: str,
    *,
    resolution: int | tuple[int, int],
    progress: Progress = SILENT,
    seed: int = 0,
    mean: Channels = (127.5, 127.5, 127.5),
    std: Channels = (127.5, 127.5, 127.5),
) -> Dataset:
    """Load a dataset by name."""
    height, width = (resolution, resolution) if isinstance(resolution, int) else resolution
    preprocessing = Preprocessing(height=height, width=width, mean=mean, std=std)
    if source in DATASETS:
        return DATASETS[source](preprocessing, seed, progress)
    near = difflib.get_close_matches(source, DATASETS, n=1)
    raise UsageError(f"There is no dataset {source!r}.", f"Did you mean {near[0]!r}?" if near else "")
