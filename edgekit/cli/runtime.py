"""`edgekit runtime`: what executes an artefact, as bundles of wheels in the cache."""

from __future__ import annotations

from typing import Annotated

import typer

from edgekit.cli.completion import complete_device, complete_runtime

runtime = typer.Typer(
    name="runtime",
    help="List, build and remove runtime bundles.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@runtime.command(name="list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the runtimes there are, and the bundles and portable Pythons in the cache.

    Example: edgekit runtime list
    """
    from edgekit.cli.console import print_record, say_next
    from edgekit.cli.show import show_runtimes
    from edgekit.runtime import list_bundles

    bundles = list_bundles()
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
            help="NAME or NAME==VERSION.  [default: all that the device can be given]",
            autocompletion=complete_runtime,
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            help="The device they are for; `edgekit devices list` shows which there are.",
            autocompletion=complete_device,
        ),
    ] = "host",
) -> None:
    """Fetch runtimes for a device's Python, so that a later bench needs no network.

    Where edgekit brings the Python along (Android, emulated boards) it is built too, from Debian's packages.

    Example: edgekit runtime build litert onnxruntime==1.31.1

    Example: edgekit runtime build --device android
    """
    from edgekit.cli.console import progress_bar, quote, say_next
    from edgekit.device import find_profile, reached_at
    from edgekit.runtime import KINDS, RuntimeSpec, available, ensure_bundle, parse_runtime
    from edgekit.visit import find_target

    specs = [parse_runtime(name) for name in names or []]
    with progress_bar() as progress:
        target = find_target(reached_at(find_profile(device)), progress)
        if not specs:
            obstacles = available(target)
            specs = [RuntimeSpec(KINDS[name]) for name, obstacle in obstacles.items() if not obstacle]
            for obstacle in filter(None, obstacles.values()):
                progress.note(obstacle)
        for spec in specs:
            bundle = ensure_bundle(spec, target, progress)
            progress.note(f"{bundle} for {target}: {bundle.folder}")
    runtimes = "".join(f" --runtime {quote(name)}" for name in names or [])
    say_next(f"edgekit bench{runtimes}" + (f" --device {quote(device)}" if device != "host" else ""))


@runtime.command()
def clean() -> None:
    """Remove every bundle and portable Python from the cache, and the packages they were made from.

    Example: edgekit runtime clean
    """
    from edgekit.cli.console import say_next, stderr_console
    from edgekit.runtime import remove_bundles
    from edgekit.units import megabytes

    freed = remove_bundles()
    stderr_console().print(f"Removed {megabytes(freed)} MB.")
    say_next("edgekit runtime build litert")
