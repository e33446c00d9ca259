"""How charts look: colour says precision, shape says runtime, in every chart alike.

The precisions' colours are Okabe & Ito's (2008), told apart with any colour vision; the page uses lighter
ones of the same hues on dark ground. Everything is also named in words, so nothing rests on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

PRECISIONS = ("float32", "float16", "int8")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
# Vega's name of each shape, and the character that looks like it
_SHAPES = {
    "circle": "●",
    "square": "■",
    "triangle-up": "▲",
    "diamond": "◆",
    "cross": "✚",
    "triangle-down": "▼",
}


@dataclass(frozen=True)
class Theme:
    """Colours (as CSS) and frame of a chart."""

    ink: str
    muted: str
    line: str
    ground: str
    idle: str  # bars that carry no meaning of their own
    precisions: tuple[str, str, str]  # in the order of PRECISIONS
    width: int | Literal["container"]  # pixels
    legend: bool  # drawn into the chart


# For image files, which know nothing of the reader's setting.
IMAGE = Theme(
    "#1a1d21",
    "#59626d",
    "#dde1e6",
    "#ffffff",
    "#b8c0ca",
    ("#0072b2", "#008f68", "#d55e00"),
    width=720,
    legend=True,
)
# For the page: its style sheet gives each name a light and a dark colour, and it has one legend for all.
PAGE = Theme(
    "var(--ink)",
    "var(--muted)",
    "var(--line)",
    "var(--ground)",
    "var(--idle)",
    ("var(--float32)", "var(--float16)", "var(--int8)"),
    width="container",
    legend=False,
)


def shapes(runtimes: Iterable[str]) -> dict[str, str]:
    """Give each runtime Vega's name of a shape, by the runtimes' order; the seventh begins again."""
    names = list(_SHAPES)
    return {runtime: names[i % len(names)] for i, runtime in enumerate(sorted(set(runtimes)))}


def glyph(shape: str) -> str:
    """Return the character that looks like one of Vega's shapes."""
    return _SHAPES[shape]
