"""`edgekit.train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.progress import SILENT, Progress
from edgekit.zoo.families import DEFAULT_FAMILY

if TYPE_CHECKING:
    from edgekit.api.given import StrPath
    from edgekit.training import TrainOutcome


def train(
    family: str = DEFAULT_FAMILY,
    *,
    alpha: float | None = None,
    resolution: int | None = None,
    dataset: StrPath = "digits",
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    momentum: float | None = None,
    weights: StrPath | None = None,
    seed: int = 0,
    output: StrPath = "models",
    runs: StrPath = "runs",
    restart: bool = False,
    progress: Progress = SILENT,
) -> TrainOutcome:
    """Train a model; write a checkpoint, its card and its learning curves.

    The same call goes on from the last whole epoch of an interrupted training, and returns at once if
    that training is complete.

    Args:
        family: Model family.
        alpha: Width multiplier, above 0; None: the usual one of the family.
        resolution: Height and width of the input in pixels; None: the usual one of the family.
        dataset: `digits`, `shapes`, `cifar10`, a folder with one sub-folder per class, or a .npz file.
        epochs: Passes over the training images; None: as the dataset's recipe says, like the next three.
        batch_size: Images per step.
        learning_rate: Highest rate of the cosine schedule.
        momentum: Momentum of batch normalization.
        weights: `imagenet` or a file to start from; None: random weights.
        seed: The same seed gives the same model.
        output: Folder for the checkpoint and its card.
        runs: Folder for the curves and for what is needed to go on.
        restart: Forget an earlier run.
        progress: Receives every step.

    Raises:
        UsageError: A setting is out of range, or an unfinished run has other settings.
        DataError: The dataset cannot be used.
        ModelError: The weights to start from cannot be used.
        StorageError: A folder cannot be written, or the disk is full.
    """
    from edgekit.training import TrainRequest
    from edgekit.training import train as run

    request = TrainRequest(
        family=family,
        alpha=alpha,
        resolution=resolution,
        dataset=str(dataset),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        momentum=momentum,
        weights=None if weights is None else str(weights),
        seed=seed,
        output=Path(output),
        runs=Path(runs),
        restart=restart,
    )
    return run(request, progress)
