"""Options that take a number, and say what they received when it is none."""

from __future__ import annotations

from typing import Any

import typer


def real(help: str) -> Any:
    """Return an option that takes a number."""
    return typer.Option(parser=_real, metavar="NUMBER", help=help)


def whole(help: str) -> Any:
    """Return an option that takes a whole number."""
    return typer.Option(parser=_whole, metavar="WHOLE", help=help)


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
