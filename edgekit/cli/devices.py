"""`edgekit devices`: the places a model can be measured on."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from edgekit.cli.completion import complete_device, complete_transport

devices = typer.Typer(
    name="devices",
    help="List, add, probe and clean the devices to measure on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[
    str, typer.Argument(help="A device of `edgekit devices list`.", autocompletion=complete_device)
]
Address = Annotated[
    str, typer.Option(help="Where it is: a host for ssh, a serial for adb.  [default: its profile's]")
]
User = Annotated[str, typer.Option(help="Who to log in as with ssh.  [default: its profile's]")]


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
    say_next("edgekit devices probe host", "edgekit devices add rpi4 --ssh USER@HOST")


@devices.command()
def show(name: Name = "host", as_json: AsJson = False) -> None:
    """Show a device's profile: how it is reached and what is done there.

    Example: edgekit devices show rpi4
    """
    from edgekit.cli.console import print_record, quote, say_next
    from edgekit.cli.show_devices import show_profile
    from edgekit.device import find_profile, reached_at

    profile = reached_at(find_profile(name))
    if as_json:
        print_record(profile)
    else:
        show_profile(profile)
    say_next(f"edgekit devices probe {quote(name)}")


@devices.command()
def probe(name: Name = "host", address: Address = "", user: User = "", as_json: AsJson = False) -> None:
    """Look at a device: board, cores, memory, clocks, temperature, and which runtimes it can run.

    Example: edgekit devices probe rpi4
    """
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_devices import show_fingerprint
    from edgekit.device import find_profile, reached_at
    from edgekit.visit import probe as look

    profile = reached_at(find_profile(name), address=address, user=user)
    with progress_bar() as progress:
        found = look(profile, progress)
    if as_json:
        print_record(found)
    else:
        show_fingerprint(found)
    say_next(f"edgekit bench --device {quote(name)}", f"edgekit devices doctor {quote(name)}")


@devices.command()
def doctor(name: Name = "host", address: Address = "", user: User = "", as_json: AsJson = False) -> None:
    """Say what stands in the way of a sound measurement, and the command that mends it.

    Ends with 4 where something does, with 3 where the device cannot be used at all.

    Example: edgekit devices doctor rpi4
    """
    from edgekit.advice import advise
    from edgekit.cli.console import print_record, progress_bar, quote, say_next
    from edgekit.cli.show_devices import show_advice
    from edgekit.device import find_profile, reached_at
    from edgekit.visit import probe as look

    profile = reached_at(find_profile(name), address=address, user=user)
    with progress_bar() as progress:
        found = look(profile, progress)
    advice = advise(profile, found.device, found.environment, found.runtimes)
    if as_json:
        print_record(advice)
    else:
        show_advice(name, advice)
    say_next(f"edgekit bench --device {quote(name)}")
    if advice:
        raise typer.Exit(4)


class _NamingTransports(TyperCommand):
    """Names the transports in its help, where they need not be loaded for any other command."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what follows the options."""
        from edgekit.device import TRANSPORTS

        formatter.write_paragraph()
        formatter.write_text(f"Transports: {', '.join(TRANSPORTS)}.")


@devices.command(cls=_NamingTransports)
def add(
    name: Annotated[str, typer.Argument(help="What to call it: rpi4, or a name of your own.")],
    ssh: Annotated[
        str, typer.Option(metavar="[USER@]HOST", help="It is reached over SSH: an address or an alias.")
    ] = "",
    adb: Annotated[
        str, typer.Option(metavar="SERIAL", help="It is reached by adb: a serial that `adb devices` lists.")
    ] = "",
    transport: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="It is reached by another transport.", autocompletion=complete_transport
        ),
    ] = "",
    address: Annotated[str, typer.Option(metavar="PLACE", help="Where it is, for --transport.")] = "",
    port: Annotated[int | None, typer.Option(metavar="N", help="Of its SSH server.")] = None,
    like: Annotated[
        str,
        typer.Option(
            help="A known device it is like.  [default: the one of that name]", autocompletion=complete_device
        ),
    ] = "",
    description: Annotated[str, typer.Option(help="In your own words.")] = "",
    python: Annotated[
        str, typer.Option(help="Its interpreter, or `portable`.  [default: python3 if it has one]")
    ] = "",
    folder: Annotated[str, typer.Option(help="For edgekit's files there.")] = "",
) -> None:
    """Write down where a device is, for all projects of this user.

    Example: edgekit devices add rpi4 --ssh pi@192.168.1.20

    Example: edgekit devices add pixel --adb 1A2B3C --like android
    """
    from edgekit.cli.console import quote, say_next, stderr_console
    from edgekit.device import add_profile, reached_by

    way = reached_by(ssh=ssh, adb=adb, transport=transport, address=address)
    given = {"port": port, "description": description, "python": python, "folder": folder, **way}
    path = add_profile(name, {key: value for key, value in given.items() if value}, like=like)
    stderr_console().print(f"Wrote {path}", markup=False)
    say_next(f"edgekit devices doctor {quote(name)}")


@devices.command()
def clean(name: Name, address: Address = "", user: User = "") -> None:
    """Remove everything edgekit keeps on a device.

    Example: edgekit devices clean rpi4
    """
    from edgekit.cli.console import progress_bar, say_next, stderr_console
    from edgekit.device import find_profile, open_transport, reached_at
    from edgekit.device.transport import connected
    from edgekit.units import megabytes

    profile = reached_at(find_profile(name), address=address, user=user)
    with progress_bar() as progress:
        progress.step(f"Cleaning {name}")
        with connected(open_transport(profile), progress) as device:
            freed = device.clean()
    stderr_console().print(f"Removed {megabytes(freed)} MB from {name}.", markup=False)
    say_next("edgekit devices list")
