"""Standard output and standard error that take every character, whatever the console's encoding."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from typing import TextIO

ERRORS = "edgekit.nearest"  # the name of our handler of characters that an encoding lacks

# fmt: off
_NEAREST = {
    "→": "->", "←": "<-", "…": "...", "×": "x", "÷": "/", "±": "+-", "≤": "<=", "≥": ">=", "−": "-", "–": "-",
    "—": "-", "·": "-", "•": "*", "●": "*", "°": "deg", "µ": "u", "μ": "u", "Δ": "d", "δ": "d", "²": "2",
    "½": "1/2", "√": "sqrt", "Σ": "sum", "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u202f": " ",
    "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "%", "█": "#",
    "─": "-", "━": "-", "╸": "-", "╺": "-", "│": "|", "├": "+", "└": "+",
}
# fmt: on


def prepare() -> None:
    """Let both streams replace what their encoding lacks; an ending in a UnicodeEncodeError says nothing."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # not a file, or closed
            stream.reconfigure(errors=ERRORS)  # type: ignore[union-attr]


def writable(text: str) -> str:
    """Return a text as standard output will show it, for what depends on its width."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if encoding.lower().startswith("utf"):
        return text
    return text.encode(encoding, ERRORS).decode(encoding)


def drop_unread() -> None:
    """Let go of what nobody can read: Python would complain about it, and end with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):  # not a file, or closed
            _drop_unread(stream)


def _drop_unread(stream: TextIO) -> None:
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace what cannot be encoded by what looks like it, or by question marks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_NEAREST.get(character, "?") for character in text), error.end


codecs.register_error(ERRORS, _replace)
