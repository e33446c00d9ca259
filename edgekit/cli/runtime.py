"""`edgekit runtime`: what executes an artefact, as bundles of wheels in the cache."""

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
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the runtimes there are, and the bundles in the cache.

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
    names: Annotated[list[str], typer.Argument(metavar="RUNTIME...", help="NAME or NAME==VERSION.")],
) -> None:
    """Fetch runtimes for this computer's Python, so that a later bench needs no network.

    Example: edgekit runtime build litert onnxruntime==1.31.1
    """
    from edgekit.cli.console import progress_bar, quote, say_next
    from edgekit.runtime import ensure_bundle, parse_runtime
    from edgekit.runtime.target import this_python

    specs = [parse_runtime(name) for name in names]
    with progress_bar() as progress:
        for spec in specs:
            bundle = ensure_bundle(spec, this_python(), progress)
            progress.note(f"{bundle.record.runtime} {bundle.record.version}: {bundle.folder}")
    say_next(f"edgekit bench --runtime {quote(names[0])}")


@runtime.command()
def clean() -> None:
    """Remove every bundle from the cache.

    Example: edgekit runtime clean
    """
    from edgekit.cli.console import say_next, stderr_console
    from edgekit.runtime import remove_bundles
    from edgekit.units import megabytes

    freed = remove_bundles()
    stderr_console().print(f"Removed {megabytes(freed)} MB.")
    say_next("edgekit runtime build litert")
