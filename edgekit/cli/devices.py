"""`edgekit devices`: the places a model can be measured on."""

from __future__ import annotations

from typing import Annotated

import typer

devices = typer.Typer(
    name="devices",
    help="List and show the devices to measure on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@devices.command(name="list")
def list_() -> None:
    """List."""
