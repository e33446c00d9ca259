"""`edgekit runtime`: the runtimes that execute an artefact, as bundles of wheels."""

from __future__ import annotations

from typing import Annotated

import typer

runtime = typer.Typer(
    name="runtime",
    help="List, build and remove runtime bundles.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@runtime.command(name="list")
def list_() -> None:
    """List."""
