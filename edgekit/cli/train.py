"""`edgekit train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    model: Annotated[str, typer.Argument(metavar="FAMILY", help="Model family.")] = "mobilenet_v1",
    alpha: Annotated[float, typer.Option(help="Width multiplier, above 0.")] = 0.5,
    resolution: Annotated[
        int, typer.Option(help="Height and width of the input in pixels, 32 or more.")
    ] = 32,
    dataset: Annotated[
        str,
        typer.Option(help="digits, shapes, cifar10, a folder with one sub-folder a class, or a .npz file."),
    ] = "digits",
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training pictures.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures a step.")] = 64,
    learning_rate: Annotated[float | None, typer.Option(help="Highest rate of the cosine schedule.")] = None,
    momentum: Annotated[float, typer.Option(help="Batch-norm momentum; .9 suits small datasets.")] = 0.9,
    weights: Annotated[
        str | None, typer.Option(help="Start from `imagenet` or from a file instead of random weights.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Makes the training repeatable.")] = 0,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the checkpoint and its card.")
    ] = Path("models"),
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget an earlier run with these settings.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Train a model and write a checkpoint with its card.

    Example: edgekit train --alpha 0.5 --resolution 32 --dataset digits

    Interrupted? Run the same command again: it goes on from the last whole epoch.
    """
    raise NotImplementedError
