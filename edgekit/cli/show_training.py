"""What a training came to, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.cli.tables import show
from edgekit.units import percent, seconds

if TYPE_CHECKING:
    from edgekit.training import TrainOutcome
    from edgekit.zoo.card import Stage


def show_training(outcome: TrainOutcome) -> None:
    """Show what a training came to."""
    from rich.text import Text

    card = outcome.card
    show(*(Text(_stage(stage)) for stage in card.stages))
    verb = "Trained" if outcome.trained else "Already trained, with the same settings:"
    lines = [
        f"{verb} {card.name}: top-1 {percent(card.accuracy)} % of {card.evaluated:,} evaluation images"
        + (f", in {seconds(card.training_seconds)}." if outcome.trained else "."),
        f"Checkpoint  {outcome.checkpoint}",
        f"Card        {outcome.card_path}",
    ]
    lines += [f"Curves      {path}" for path in outcome.curves]
    show(*map(Text, lines))


def _stage(stage: Stage) -> str:
    """What one stage came to; accuracy is of images that are set aside, and not those it is judged by."""
    took = f"in {seconds(stage.seconds)}"
    if stage.accuracy is None:
        return f"{'Features':<13}{stage.images:,} images, {stage.cached:,} of them cached, {took}"
    right = f"top-1 {percent(stage.accuracy)} % of the calibration images"
    return f"{stage.name.capitalize():<13}{right}, {took}"
