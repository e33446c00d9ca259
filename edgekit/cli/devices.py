"""`edgekit devices`: the places a model can be measured on."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_device, complete_transport
from edgekit.device import TRANSPORTS

devices = typer.Typer(
    name="devices",
    help="List, add, probe and clean the devices to measure on.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Name: TypeAlias = Annotated[
    str, typer.Argument(help="A device of `edgekit devices list`.", autocompletion=complete_device)
]


@devices.command(name="list")
def list_(as_json: options.AsJson = False) -> None:
    """List the devices that have a profile.

    Example: edgekit devices list
    """
    import edgekit
    from edgekit.cli.console import print_record, say_next
    from edgekit.cli.show_devices import show_profiles

    profiles = edgekit.devices.list()
    if as_json:
        print_record(profiles)
    else:
        show_profiles(profiles)
    say_next("edgekit devices probe host", "edgekit devices add rpi4 --ssh USER@HOST")


@devices.command()
def show(name: Name = "host", as_json: options.AsJson = False) -> None:
    """Show a device's profile: how to reach it, and its settings.

    Example: edgekit devices show rpi4
    """
    import edgekit
    from edgekit.cli.console import print_record, quote, say_next
    from edgekit.cli.show_devices import show_profile
    from edgekit.device import read_noise

    profile = edgekit.devices.find(name)
    if as_json:
        print_record(profile)
    else:
        show_profile(profile, read_noise(profile.name))
    say_next(f"edgekit devices probe {quote(name)}")


@devices.command()
def probe(
    name: Name = "host",
    address: options.Address = "",
    user: options.User = "",
    as_json: options.AsJson = False,
) -> None:
    """Show a device's hardware, its state and what it can run.

    Shows board, cores, memory, clocks, temperature, and which runtimes can be provided.

    Example: edgekit devices probe rpi4
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_devices import show_fingerprint

    profile = edgekit.devices.find(name, address=address, user=user)
    with progress_bar() as progress:
        found = edgekit.devices.probe(profile, progress=progress)
    if as_json:
        print_record(found)
    else:
        show_fingerprint(found)
    say_next(f"edgekit bench --device {quote(name)}", f"edgekit devices doctor {quote(name)}")


@devices.command()
def doctor(
    name: Name = "host",
    address: options.Address = "",
    user: options.User = "",
    as_json: options.AsJson = False,
) -> None:
    """Diagnose what prevents valid measurements, and how to fix it.

    Exits with 4 if there is a problem, with 3 if the device cannot be used at all.

    Example: edgekit devices doctor rpi4
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_devices import show_advice

    profile = edgekit.devices.find(name, address=address, user=user)
    with progress_bar() as progress:
        advice = edgekit.devices.doctor(profile, progress=progress)
    if as_json:
        print_record(advice)
    else:
        show_advice(name, advice)
    say_next(f"edgekit bench --device {quote(name)}")
    if advice:
        raise typer.Exit(edgekit.InvalidError.exit_code)


@devices.command()
def noise(
    name: Name = "host",
    again: Annotated[bool, typer.Option("--again", help="Measure again even if the noise is known.")] = False,
    address: options.Address = "",
    user: options.User = "",
    as_json: options.AsJson = False,
) -> None:
    """Measure how much repeats of one model differ on a device.

    `compare` and `check` do not call a difference below twice the noise slower. The noise is stored next to
    the device's profile. It is measured (about three minutes) if it is not known, is older than 30 days, or
    belongs to another kernel.

    Example: edgekit devices noise rpi4
    """
    import edgekit
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_devices import show_noise

    profile = edgekit.devices.find(name, address=address, user=user)
    with progress_bar() as progress:
        found = edgekit.devices.noise(profile, again=again, progress=progress)
    if as_json:
        print_record(found)
    else:
        show_noise(found)
    device = "" if name == "host" else f" --device {quote(name)}"
    say_next(f"edgekit compare OLD_SET NEW_SET{device}")


@devices.command(epilog=f"Transports: {', '.join(TRANSPORTS)}.")
def add(
    name: Annotated[str, typer.Argument(help="Name of the device: rpi4, or your own choice.")],
    ssh: Annotated[str, typer.Option(metavar="[USER@]HOST[:PORT]", help="Address or alias, for SSH.")] = "",
    adb: Annotated[str, typer.Option(metavar="SERIAL", help="Serial from `adb devices`, for adb.")] = "",
    transport: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Another transport.",
            autocompletion=complete_transport,
        ),
    ] = "",
    address: Annotated[str, typer.Option(metavar="PLACE", help="Address, for --transport.")] = "",
    port: Annotated[int | None, typer.Option(metavar="N", help="Port of its SSH server.")] = None,
    like: Annotated[
        str, options.device("Known device to take settings from.  [default: the device of the same name]")
    ] = "",
    description: Annotated[str, typer.Option(help="Description, in your own words.")] = "",
    python: Annotated[
        str,
        typer.Option(help="Python on the device, or `portable`.  [default: python3 if it has one]"),
    ] = "",
    folder: Annotated[str, typer.Option(help="Folder for edgekit's files on the device.")] = "",
) -> None:
    """Add a device to your profiles, for all your projects.

    Example: edgekit devices add rpi4 --ssh pi@192.168.1.20

    Example: edgekit devices add pixel --adb 1A2B3C --like android
    """
    import edgekit
    from edgekit.cli.console import quote, say_next, stderr_console

    path = edgekit.devices.add(
        name,
        ssh=ssh,
        adb=adb,
        transport=transport,
        address=address,
        port=port,
        like=like,
        description=description,
        python=python,
        folder=folder,
    )
    stderr_console().print(f"Wrote {path}", markup=False)
    say_next(f"edgekit devices doctor {quote(name)}")


@devices.command()
def clean(name: Name, address: options.Address = "", user: options.User = "") -> None:
    """Remove everything edgekit keeps on a device.

    Example: edgekit devices clean rpi4
    """
    import edgekit
    from edgekit.cli.console import progress_bar, say_next, stderr_console
    from edgekit.units import megabytes

    profile = edgekit.devices.find(name, address=address, user=user)
    with progress_bar() as progress:
        freed = edgekit.devices.clean(profile, progress=progress)
    stderr_console().print(f"Removed {megabytes(freed)} MB from {name}.", markup=False)
    say_next("edgekit devices list")
