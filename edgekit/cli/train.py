"""`edgekit train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_family, complete_recipe
from edgekit.training.recipes import RECIPES
from edgekit.zoo.families import DEFAULT_FAMILY, FAMILIES


def train(
    family: Annotated[
        str | None,
        typer.Argument(
            help=f"Model family: {', '.join(FAMILIES)}.  [default: that of --weights, or {DEFAULT_FAMILY}]",
            autocompletion=complete_family,
        ),
    ] = None,
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
    weights: Annotated[
        str | None,
        typer.Option(
            help="Pretrained base, which gets a new head: `imagenet`, a trained model's name, or a model or "
            "weights file.  [default: random weights]"
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help=f"How to train: {', '.join(RECIPES)}.  [default: the dataset's own]",
            autocompletion=complete_recipe,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        options.whole("Passes over the images; 0 keeps the base of --weights frozen."),
    ] = None,
    head_epochs: Annotated[
        int | None, options.whole("With --weights, passes that train only the new head.")
    ] = None,
    batch_size: Annotated[int | None, options.whole("Images per step.")] = None,
    learning_rate: Annotated[
        float | None, options.real("Peak learning rate for training all layers.")
    ] = None,
    momentum: Annotated[
        float | None,
        options.real("Batch-normalization momentum: .9 suits small datasets, .99 large ones."),
    ] = None,
    seed: Annotated[int, options.whole("Random seed; the same seed gives the same model.")] = 0,
    output: Annotated[Path, options.output("Folder for the checkpoint and its card.")] = Path("models"),
    runs: Annotated[Path, typer.Option(help="Folder for the curves and the files needed to resume.")] = Path(
        "runs"
    ),
    restart: Annotated[bool, typer.Option("--restart", help="Start again from the beginning.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Train a model; write a checkpoint, its card and its curves.

    If training is interrupted, rerun the same command to resume. Options that you leave out come from the
    recipe. With --weights, the base's features are computed once per image and cached, a new head is trained
    on them, and then all layers are fine-tuned.

    Example: edgekit train --alpha 0.5 --resolution 32 --dataset digits

    Example: edgekit train --weights imagenet --dataset photos/
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
            recipe=recipe,
            epochs=epochs,
            head_epochs=head_epochs,
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
