"""`edgekit train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_family
from edgekit.zoo.families import DEFAULT_FAMILY, FAMILIES


def train(
    family: Annotated[
        str, typer.Argument(help=f"Model family: {', '.join(FAMILIES)}.", autocompletion=complete_family)
    ] = DEFAULT_FAMILY,
    alpha: Annotated[
        float | None, options.real("Width multiplier, above 0.  [default: the family's, such as 0.5]")
    ] = None,
    resolution: Annotated[
        int | None,
        options.whole("Height and width of the input in pixels.  [default: the family's, such as 32]"),
    ] = None,
    dataset: Annotated[
        str,
        options.dataset("digits, shapes, cifar10, a folder with one sub-folder per class, or a .npz file."),
    ] = "digits",
    epochs: Annotated[int | None, options.whole("Passes over the training images.")] = None,
    batch_size: Annotated[int | None, options.whole("Images per step.")] = None,
    learning_rate: Annotated[float | None, options.real("Highest rate of the cosine schedule.")] = None,
    momentum: Annotated[
        float | None,
        options.real("Momentum of batch normalization: .9 suits small datasets, .99 large ones."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="`imagenet` or a file to start from.  [default: random weights]")
    ] = None,
    seed: Annotated[int, options.whole("Seed; the same one gives the same model.")] = 0,
    output: Annotated[Path, options.output("Folder for the checkpoint and its card.")] = Path("models"),
    runs: Annotated[Path, typer.Option(help="Folder for the curves and for what is needed to go on.")] = Path(
        "runs"
    ),
    restart: Annotated[bool, typer.Option("--restart", help="Forget an earlier run.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Train a model; write a checkpoint, its card and its curves.

    Interrupted? The same command goes on from the last whole epoch. What is not given comes from the
    dataset's recipe.

    Example: edgekit train --alpha 0.5 --resolution 32 --dataset digits
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_training import show_training
    from edgekit.lookup import models_folders

    with progress_bar() as progress:
        outcome = edgekit.train(
            family,
            alpha=alpha,
            resolution=resolution,
            dataset=dataset,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            momentum=momentum,
            weights=weights,
            seed=seed,
            output=output,
            runs=runs,
            restart=restart,
            progress=progress,
        )
    if as_json:
        print_record(outcome.card)
    else:
        show_training(outcome)
    found_by_name = any(outcome.checkpoint.parent.samefile(folder) for folder in models_folders())
    model = outcome.card.name if found_by_name else outcome.checkpoint
    say_next(f"edgekit convert {quote(model)} --int8")
