"""The `edgekit` command and its sub-commands.

A command is loaded when it is asked for: reading the options of all takes longer than showing the help.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from edgekit import __version__

# before any library that reads it: no TensorFlow banner, no oneDNN notice
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# in the order of the help; each says what its own help begins with
COMMANDS = {
    "train": "Train a model; write a checkpoint, its card and its curves.",
    "convert": "Convert a trained model to quantized TFLite and ONNX files.",
    "try": "Classify images with a model file alone, as an app would.",
    "bench": "Measure artefacts on devices: latency, memory and accuracy.",
    "compare": "Compare two sets or model files by measuring them, or two results.",
    "check": "Check results against budgets.",
    "explain": "Show how many instructions each operator takes.",
    "report": "Show results as a table, or write them as a page or a plot.",
    "history": "Show a metric over time, and the commits that changed it.",
    "expect": "Show published latencies of MobileNet v1 on a board.",
    "sweep": "Measure a family at every width and resolution.",
    "pick": "Choose the model to ship, from measured or published figures.",
    "farm": "Run a sweep's steps for a Dask scheduler.",
    "inspect": "Show layers, multiply-adds, parameters and quantization.",
    "devices": "List, add, probe and clean the devices to measure on.",
    "runtime": "List, build and remove runtime bundles.",
}


class Commands(TyperGroup):
    """The sub-commands of `edgekit`."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"commands": dict.fromkeys(COMMANDS)})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command; None: there is none of that name."""
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
            found = getattr(import_module(f"edgekit.cli.{name}"), name)
            self.commands[cmd_name] = get_command(found if isinstance(found, typer.Typer) else _app(found))
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _app(function: Callable[..., None]) -> typer.Typer:
    """Return a command as Typer has it."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(function)
    return app


app = typer.Typer(
    name="edgekit",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would double the time of --help
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    """Quantize a trained image classifier, and measure its speed, size and accuracy on the device.

    Start with: edgekit convert --alpha 0.5 --int8, then: edgekit bench
    """
