"""What a training came to, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.cli.tables import show
from edgekit.units import percent, seconds

if TYPE_CHECKING:
    from edgekit.training import TrainOutcome


def show_training(outcome: TrainOutcome) -> None:
    """Show what a training came to."""
    from rich.text import Text

    card = outcome.card
    verb = "Trained" if outcome.trained else "Already trained, with the same settings:"
    lines = [
        f"{verb} {card.name}: top-1 {percent(card.accuracy)} % of {card.evaluated:,} evaluation images"
        + (f", in {seconds(card.training_seconds)}." if outcome.trained else "."),
        f"Checkpoint  {outcome.checkpoint}",
        f"Card        {outcome.card_path}",
    ]
    lines += [f"Curves      {path}" for path in outcome.curves]
    show(*map(Text, lines))
