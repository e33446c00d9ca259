"""`edgekit farm`: computers and devices that do a sweep's steps together."""

from __future__ import annotations

from typing import Annotated

import typer

from edgekit.cli import options

farm = typer.Typer(
    name="farm",
    help="Run a sweep's steps for a Dask scheduler.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@farm.callback()
def _farm() -> None:
    """Run a sweep's steps for a Dask scheduler."""


@farm.command()
def worker(
    scheduler: Annotated[str, typer.Argument(help="Address of the scheduler: tls://HOST:8786.")],
    device: Annotated[
        list[str] | None, options.device("Device that this computer can measure on. May be repeated.")
    ] = None,
    jobs: Annotated[
        int, options.whole("Number of parallel steps that need no device, such as training; 0 for none.")
    ] = 1,
) -> None:
    """Run a scheduler's steps until interrupted: steps for the devices, and steps that need none.

    Each device runs one step at a time. The scheduler may start later, or restart.

    Example: edgekit farm worker --device rpi4 tls://gateway:8786

    Example: edgekit farm worker --jobs 2 tls://gateway:8786
    """
    import edgekit
    from edgekit.cli.console import progress_bar

    with progress_bar() as progress:
        edgekit.farm_worker(scheduler, devices=device or (), jobs=jobs, progress=progress)
