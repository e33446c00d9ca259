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

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@devices.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the devices that have a profile.

    Example: edgekit devices list
    """
    from edgekit.cli.console import print_record, say_next
    from edgekit.cli.show import show_profiles
    from edgekit.device import list_profiles

    profiles = list_profiles()
    if as_json:
        print_record(profiles)
    else:
        show_profiles(profiles)
    say_next("edgekit devices show host")


@devices.command()
def show(
    name: Annotated[str, typer.Argument(help="A device of `edgekit devices list`.")] = "host",
    as_json: AsJson = False,
) -> None:
    """Show what a device is and how it is doing now.

    Example: edgekit devices show host
    """
    from edgekit.bench import probe
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show import show_device

    with progress_bar() as progress:
        progress.step(f"Looking at {name}")
        device, environment = probe(name)
    if as_json:
        print_record({"device": device, "environment": environment})
    else:
        show_device(device, environment)
    say_next(f"edgekit bench --device {quote(name)}")
