"""Options that several commands have, and how options are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

from edgekit.cli.completion import complete_dataset, complete_device, complete_runtime
from edgekit.errors import UsageError

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Address: TypeAlias = Annotated[
    str, typer.Option(help="Address of the device: a host or a serial.  [default: from its profile]")
]
User: TypeAlias = Annotated[str, typer.Option(help="User name for ssh.  [default: from its profile]")]
Mode = Literal["quick", "standard", "rigorous"]
RepeatsMode: TypeAlias = Annotated[
    Mode, typer.Option(help="quick: 3 repeats of 2 s; standard: 5 of 10 s; rigorous: 10 of 60 s.")
]


def real(help: str) -> Any:
    """Return an option that takes a number."""
    return typer.Option(parser=_real, metavar="NUMBER", help=help)


def whole(help: str) -> Any:
    """Return an option that takes a whole number."""
    return typer.Option(parser=_whole, metavar="WHOLE", help=help)


def output(help: str) -> Any:
    """Return the option --output."""
    return typer.Option("--output", "-o", help=help)


def device(help: str) -> Any:
    """Return an option that takes the name of a device."""
    return typer.Option(help=help, autocompletion=complete_device)


def shape(help: str) -> Any:
    """Return an option that takes the shapes of inputs, as `shapes_of` reads them."""
    default = "[default: the file's, with 1 for open sizes]"
    return typer.Option(metavar="NAME=SIZES", help=f"{help} May be repeated.  {default}")


def runtime(help: str) -> Any:
    """Return an option that takes the name of a runtime."""
    return typer.Option(help=help, autocompletion=complete_runtime)


def dataset(help: str) -> Any:
    """Return an option that takes a dataset."""
    return typer.Option(help=help, autocompletion=complete_dataset)


def threads_of(text: str) -> tuple[int | Literal["all"], ...]:
    """Read `1,4,all`.

    Raises:
        UsageError: Something is neither a number of at least 1 nor `all`.
    """
    parts = [part.strip() for part in text.split(",")]
    named = _numbers([part for part in parts if part != "all"], text, "--threads")
    if 0 in named:
        raise UsageError("--threads 0 is not possible.", "Give numbers of at least 1, or `all`.")
    return (*named, "all") if "all" in parts else named


def affinity_of(text: str | None) -> tuple[int, ...]:
    """Read `0,1`; none if the option is not given.

    Raises:
        UsageError: Something is not a whole number of at least 0.
    """
    return wholes_of(text, "--affinity")


def reals_of(text: str | None, option: str) -> tuple[float, ...]:
    """Read `1,.75,.5`; none if the option is not given.

    Raises:
        UsageError: Something is not a number.
    """
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a list of numbers.", f"Write {option} 1,.5.") from None


def wholes_of(text: str | None, option: str) -> tuple[int, ...]:
    """Read `224,192`; none if the option is not given.

    Raises:
        UsageError: Something is not a whole number of at least 0.
    """
    return _numbers([part.strip() for part in text.split(",")], text, option) if text else ()


def resolution_of(text: str | None) -> int | tuple[int, int] | None:
    """Read `224`, or `192x256` for height and width; None if the option is not given.

    Raises:
        UsageError: It is something else.
    """
    if text is None:
        return None
    sides = re.fullmatch(r"(\d+)(?:[x×](\d+))?", text.strip(), re.ASCII)
    if sides is None:
        raise UsageError(
            f"--resolution {text!r} is not a size in pixels.",
            "Write --resolution 224, or --resolution 192x256 for height and width.",
        )
    height, width = sides.groups()
    return int(height) if width is None else (int(height), int(width))


def per_channel_of(text: str | None, option: str) -> tuple[float, ...] | None:
    """Read `127.5`, or `103.9,116.8,123.7` for each channel; None if the option is not given.

    Raises:
        UsageError: Something is not a number.
    """
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is not a number for all channels, or one for each.",
            f"Write {option} 127.5, or {option} 103.9,116.8,123.7.",
        ) from None


def shapes_of(texts: Sequence[str] | None) -> dict[str, tuple[int, ...]] | None:
    """Read `images=1,3,640,640`, each an input's name and its shape; None if the option is not given.

    Raises:
        UsageError: Something else is given.
    """
    found = {}
    for text in texts or ():
        name, _, sizes = text.rpartition("=")
        parts = [part.strip() for part in sizes.split(",")]
        if not name or not all(part.isascii() and part.isdigit() for part in parts):
            raise UsageError(
                f"--shape {text!r} is not an input's name and its shape.", "Write --shape images=1,3,640,640."
            )
        found[name] = tuple(map(int, parts))
    return found or None


def inputs_of(texts: Sequence[str] | None) -> dict[str, Path] | None:
    """Read `images=frame.npy`, each an input's name and the file of its values; None if it is not given.

    Raises:
        UsageError: Something else is given.
    """
    found = {}
    for text in texts or ():
        name, _, file = text.rpartition("=")
        if not name or not file:
            raise UsageError(
                f"--input {text!r} is not an input's name and a file.", "Write --input images=frame.npy."
            )
        found[name] = Path(file)
    return found or None


def _numbers(parts: Sequence[str], text: str, option: str) -> tuple[int, ...]:
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise UsageError(f"{option} {text!r} is not a list of whole numbers.", f"Write {option} 1,2.")
    return tuple(dict.fromkeys(map(int, parts)))


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number.") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a whole number.") from None
