"""`edgekit train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgekit.cli.completion import complete_dataset, complete_family
from edgekit.cli.numeric import real, whole
from edgekit.zoo.families import DEFAULT_FAMILY, FAMILIES


def train(
    family: Annotated[
        str, typer.Argument(help=f"Model family: {', '.join(FAMILIES)}.", autocompletion=complete_family)
    ] = DEFAULT_FAMILY,
    alpha: Annotated[
        float | None, real("Width multiplier, above 0; not given: the family's usual one, such as 0.5.")
    ] = None,
    resolution: Annotated[
        int | None,
        whole("Height and width of the input in pixels; not given: the family's usual, such as 32."),
    ] = None,
    dataset: Annotated[
        str,
        typer.Option(
            help="digits, shapes, cifar10, a folder with one sub-folder a class, or a .npz file.",
            autocompletion=complete_dataset,
        ),
    ] = "digits",
    epochs: Annotated[int | None, whole("Passes over the training pictures.")] = None,
    batch_size: Annotated[int | None, whole("Pictures a step.")] = None,
    learning_rate: Annotated[float | None, real("Highest of the cosine schedule.")] = None,
    momentum: Annotated[
        float | None, real("Of batch normalization: .9 suits small datasets, .99 large ones.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Start from `imagenet` or a file, not from random weights.")
    ] = None,
    seed: Annotated[int, whole("The same seed gives the same model.")] = 0,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the checkpoint and its card.")
    ] = Path("models"),
    runs: Annotated[Path, typer.Option(help="Folder for curves and for what is needed to go on.")] = Path(
        "runs"
    ),
    restart: Annotated[bool, typer.Option("--restart", help="Forget an earlier run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Train a model; write a checkpoint, its card and its learning curves.

    Interrupted? The same command goes on from the last whole epoch. What is not given comes from the
    dataset's recipe.

    Example: edgekit train --alpha 0.5 --resolution 32 --dataset digits
    """
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show import show_training
    from edgekit.lookup import models_folders
    from edgekit.training import TrainRequest
    from edgekit.training import train as run

    request = TrainRequest(
        family=family,
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
    )
    with progress_bar() as progress:
        outcome = run(request, progress)
    if as_json:
        print_record(outcome.card)
    else:
        show_training(outcome)
    found_by_name = any(outcome.checkpoint.parent.samefile(folder) for folder in models_folders())
    model = outcome.card.name if found_by_name else outcome.checkpoint
    say_next(f"edgekit convert {quote(model)} --int8")
