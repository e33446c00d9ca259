"""`edgekit convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def convert(
    model: Annotated[
        str, typer.Argument(help="A model family, the name of a shipped or trained model, or a Keras file.")
    ] = "mobilenet_v1",
) -> None:
    """Turn."""
    raise NotImplementedError
