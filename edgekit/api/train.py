"""`edgekit.train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.api.given import StrPath
    from edgekit.training import TrainOutcome


def train(
    family: str | None = None,
    *,
    alpha: float | None = None,
    resolution: int | None = None,
    dataset: StrPath = "digits",
    recipe: str | None = None,
    epochs: int | None = None,
    head_epochs: int | None = None,
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

    The same call resumes an interrupted training after its last whole epoch, and returns at once if the
    training is complete.

    Args:
        family: Model family; None: that of `weights`, or MobileNet v1.
        alpha: Width multiplier, above 0; None: that of `weights`, or the usual one of the family.
        resolution: Height and width of the input in pixels; None: that of `weights`, or the usual one.
        dataset: `digits`, `shapes`, `cifar10`, a folder with one sub-folder per class, or a .npz file.
        recipe: Name of a recipe; None: the dataset's own. It sets whatever of the following is None.
        epochs: Passes over the training images in which everything is trained.
        head_epochs: With `weights`, passes before those in which only the new head is trained.
        batch_size: Images per step.
        learning_rate: Highest learning rate when everything is trained.
        momentum: Momentum of batch normalization; that of a trained base stays as it is.
        weights: A trained base: `imagenet`, a trained model's name, or a file of a model or of weights. It
            gets a new head, which learns from its features, and then everything is fine-tuned. None: random
            weights.
        seed: The same seed gives the same model.
        output: Folder for the checkpoint and its card.
        runs: Folder for the curves and for what a later call needs to resume.
        restart: Start again from the beginning.
        progress: Receives every step.

    Raises:
        UsageError: A setting is out of range, or an unfinished run has other settings.
        DataError: The dataset cannot be used.
        ModelError: The trained base cannot be used.
        UnavailableError: ImageNet weights are not cached and cannot be downloaded.
        StorageError: A folder cannot be written, or the disk is full.
    """
    from edgekit.training import TrainRequest
    from edgekit.training import train as run

    request = TrainRequest(
        family=family,
        alpha=alpha,
        resolution=resolution,
        dataset=str(dataset),
        recipe=recipe,
        epochs=epochs,
        head_epochs=head_epochs,
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
