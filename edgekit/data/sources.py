"""What a user may name as a dataset, and how it is loaded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from edgekit.artefact import Channels, Layout, PerChannel, Preprocessing
from edgekit.data import cifar10, digits, folder, npz, shapes
from edgekit.data.dataset import Dataset, Images, Split
from edgekit.data.split import calibrating, unlabelled
from edgekit.errors import DataError, UsageError
from edgekit.progress import SILENT, Progress
from edgekit.words import nearest

DATASETS: dict[str, Callable[[Preprocessing, int, Progress], Dataset]] = {
    "cifar10": cifar10.load,
    "digits": digits.load,
    "shapes": shapes.load,
}
_OTHERS = "a folder with one sub-folder of images for each class, or a .npz file"
_LARGEST = 4096  # pixels per side


def load_dataset(
    source: str,
    *,
    resolution: int | tuple[int, int],
    progress: Progress = SILENT,
    seed: int = 0,
    mean: PerChannel = (127.5, 127.5, 127.5),
    std: PerChannel = (127.5, 127.5, 127.5),
    channels: Channels = "rgb",
    layout: Layout = "NHWC",
) -> Dataset:
    """Load a dataset; its images are read at `resolution`, by the contract of `Preprocessing`.

    Args:
        source: A name in `DATASETS`, a folder of class sub-folders, or a .npz file.
        resolution: Pixels per side, or (height, width).
        seed: Chooses the images of `shapes`, 0 to 2⁶⁴ − 1. The others are the same for every seed.
        mean: What is subtracted from each channel, in units of 0–255.
        std: What each channel is then divided by, in units of 0–255.
        channels: What the images' channels are, in their order; `mean` and `std` have one number for each.
        layout: Of the model's input.

    Raises:
        UsageError: There is no such dataset, or a setting is out of range.
        DataError: It is there but cannot be used.
        UnavailableError: It would have to be fetched and cannot be.
    """
    height, width = (resolution, resolution) if isinstance(resolution, int) else resolution
    preprocessing = Preprocessing(
        height=height, width=width, channels=channels, mean=mean, std=std, layout=layout
    )
    _check(preprocessing)
    if not 0 <= seed < 2**64:
        raise UsageError(f"The seed {seed} is out of range.", "Choose one from 0 to 2⁶⁴ − 1.")
    if source in DATASETS:
        return DATASETS[source](preprocessing, seed, progress)
    if not source or "\0" in source:
        raise UsageError(f"{source!r} is not a dataset.", f"Name one of {', '.join(DATASETS)}, {_OTHERS}.")
    path = Path(source)
    if path.is_dir():
        return folder.load(path, preprocessing, seed, progress)
    if path.is_file() and path.suffix.lower() == ".npz":
        return npz.load(path, preprocessing, seed, progress)
    if path.exists():
        raise DataError(f"{source!r} is neither a folder nor a .npz file.", f"Name {_OTHERS}.")
    raise UsageError(
        f"There is no dataset, folder or file {source!r}.{nearest(source.lower(), DATASETS)}",
        f"Name one of {', '.join(DATASETS)}, {_OTHERS}.",
    )


def load_images(source: str, contract: Preprocessing, progress: Progress = SILENT) -> Dataset:
    """Load images alone, to calibrate and to evaluate with: what is known of their classes is left aside.

    Args:
        source: A folder of images at any depth, or a .npz file.
        contract: How they are read.
        progress: Told of images that are not used.

    Raises:
        UsageError: There is no such folder or file.
        DataError: It is there but cannot be used.
    """
    name, images, hashes = _alone(source, contract, progress)
    return unlabelled(name, images, hashes, contract, progress)


def load_calibration(
    source: str, contract: Preprocessing, others: Sequence[str], progress: Progress = SILENT
) -> Split:
    """Load images alone to calibrate with, except those with the hashes `others`, which are evaluated with.

    Raises:
        UsageError: There is no such folder or file.
        DataError: It is there but cannot be used, or has no others.
    """
    _, images, hashes = _alone(source, contract, progress)
    return calibrating(images, hashes, others, progress)


def _alone(source: str, contract: Preprocessing, progress: Progress) -> tuple[str, Images, Sequence[str]]:
    path = Path(source)
    if source and path.is_dir():
        return folder.read_alone(path, contract, progress)
    if path.is_file() and path.suffix.lower() == ".npz":
        return npz.read_alone(path, contract, progress)
    raise UsageError(
        f"There is no folder or .npz file of images {source!r}.",
        "Name a folder that holds images, at any depth: --calibrate-on FOLDER",
    )


def _check(contract: Preprocessing) -> None:
    height, width, mean, std = contract.height, contract.width, contract.mean, contract.std
    if not (1 <= height <= _LARGEST and 1 <= width <= _LARGEST):
        raise UsageError(f"Images of {height} × {width} pixels cannot be read.", f"Choose 1 to {_LARGEST}.")
    if not all(math.isfinite(value) for value in (*mean, *std)) or min(std) <= 0:
        raise UsageError(
            f"Mean {mean} and std {std} cannot be used.", "They are finite, and std is positive."
        )
    if {len(mean), len(std)} != {contract.depth}:
        raise UsageError(
            f"Mean {mean} and std {std} do not fit {contract.channels} images.",
            f"Give one number for each channel: {contract.depth}.",
        )
