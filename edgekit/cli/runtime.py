"""`edgekit runtime`: what executes an artefact, as bundles of wheels in the cache."""

from __future__ import annotations

from typing import Annotated

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_runtime

runtime = typer.Typer(
    name="runtime",
    help="List, build and remove runtime bundles.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@runtime.command(name="list")
def list_(as_json: options.AsJson = False) -> None:
    """List the runtimes, and the bundles and portable Pythons in the cache.

    Example: edgekit runtime list
    """
    import edgekit
    from edgekit.cli.console import print_record, say_next
    from edgekit.cli.show_runtimes import show_runtimes

    bundles = edgekit.runtimes.list()
    if as_json:
        print_record(bundles)
    else:
        show_runtimes(bundles)
    say_next("edgekit runtime build litert", "edgekit bench --runtime litert")


@runtime.command()
def build(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUNTIME",
            help="NAME or NAME==VERSION.  [default: all available for the device]",
            autocompletion=complete_runtime,
        ),
    ] = None,
    device: Annotated[str, options.device("Device to build for, from `edgekit devices list`.")] = "host",
) -> None:
    """Fetch runtimes for a device's Python, so that a later bench needs no network.

    If edgekit brings its own Python (Android, emulated boards), it is built too, from Debian's packages.

    Example: edgekit runtime build litert onnxruntime==1.31.1

    Example: edgekit runtime build --device android
    """
    import edgekit
    from edgekit.cli.console import progress_bar, quote, say_next

    with progress_bar() as progress:
        edgekit.runtimes.build(names or (), device=device, progress=progress)
    chosen = "".join(f" --runtime {quote(name)}" for name in names or [])
    say_next(f"edgekit bench{chosen}" + (f" --device {quote(device)}" if device != "host" else ""))


@runtime.command()
def clean() -> None:
    """Remove all bundles and portable Pythons, and their sources.

    Example: edgekit runtime clean
    """
    import edgekit
    from edgekit.cli.console import say_next, stderr_console
    from edgekit.units import megabytes

    stderr_console().print(f"Removed {megabytes(edgekit.runtimes.clean())} MB.")
    say_next("edgekit runtime build litert")
