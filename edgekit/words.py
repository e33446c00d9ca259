"""Small pieces of sentences that every part of edgekit writes in the same way."""

from __future__ import annotations

import re
from collections.abc import Iterable


def plural(count: int, noun: str) -> str:
    """Return a number with its noun: `1 image`, `2,004 images`, `3 classes`."""
    return f"{count:,} {noun}{'' if count == 1 else 'es' if noun.endswith('s') else 's'}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the question to ask about a name that is not known, after a space; empty: none is near.

    Of `rpi5` and `rpi4`, `rip4` gives ` Did you mean 'rpi4'?`.
    """
    from difflib import get_close_matches

    found = get_close_matches(name, list(known), n=1)
    return f" Did you mean {found[0]!r}?" if found else ""


def listed(items: Iterable[object]) -> str:
    """Return what there is as part of a sentence: `0.25, 0.5 and 1.0`."""
    *others, last = (str(item) for item in items)
    return f"{', '.join(others)} and {last}" if others else last


def first_line(error: BaseException) -> str:
    """Return the first line of a foreign error's text, as one sentence; its class where it says nothing."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text if text.endswith(".") else f"{text}."


def last_line(text: str) -> str:
    """Return the last line of what a program said, as the end of a sentence."""
    lines = text.strip().splitlines()
    return (lines[-1][:200] if lines else "no reason was given").rstrip(".") + "."


def visible(text: str) -> str:
    """Write what cannot be printed (line ends, escape sequences, what XML forbids) as Python would."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def markdown(text: str) -> str:
    """Escape what Markdown or HTML would read as markup; keep it on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&@])", r"\\\1", visible(text))
