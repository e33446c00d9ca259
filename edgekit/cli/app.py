"""The `edgekit` command and its sub-commands."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from edgekit import __version__
from edgekit.cli.bench import bench
from edgekit.cli.check import check
from edgekit.cli.compare import compare
from edgekit.cli.convert import convert
from edgekit.cli.devices import devices
from edgekit.cli.explain import explain
from edgekit.cli.inspect import inspect
from edgekit.cli.report import report
from edgekit.cli.runtime import runtime
from edgekit.cli.train import train

# before any library that reads it: no TensorFlow banner, no oneDNN notice
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

app = typer.Typer(
    name="edgekit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would double the time of --help
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (train, convert, bench, compare, check, explain, report, inspect):
    app.command()(command)
app.add_typer(devices)
app.add_typer(runtime)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgekit {__version__}")
        raise typer.Exit


@app.callback()
def edgekit(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Quantize a trained MobileNet; prove how fast, how big and how right it is on the device.

    Begin with: edgekit convert --alpha 0.5 --int8, then: edgekit bench
    """
