"""The classes of images in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE, draw_table, show
from edgekit.words import visible

if TYPE_CHECKING:
    from edgekit.classification import Classified


def show_classes(file: Path, found: Sequence[Classified]) -> None:
    """Print each image's answer, and its highest scores."""
    rows = []
    for each in found:
        answer = ", ".join(map(visible, each.answer)) or NONE
        first = (visible(each.image), answer)
        lines = [(visible(score.label), f"{score.score:.4g}") for score in each.scores] or [(NONE, NONE)]
        rows += [(*(first if place == 0 else ("", "")), *line) for place, line in enumerate(lines)]
    show(visible(str(file)), draw_table("", ("Image", "Answer", "Class", "Score"), rows, words=(0, 1, 2)))
