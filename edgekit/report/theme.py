"""Colours and marks, the same in every chart: colour says precision, shape says runtime.

The precisions' colours are Okabe & Ito's (2008), told apart with any colour vision; on dark ground
lighter ones of the same hues. Every mark is also named in words, so nothing rests on colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass

PRECISIONS = ("float32", "float16", "int8")
# Vega's name of each shape, and the character that looks like it; runtimes take them in turn
SHAPES = (
    ("circle", "●"),
    ("square", "■"),
    ("triangle-up", "▲"),
    ("diamond", "◆"),
    ("cross", "✚"),
    ("triangle-down", "▼"),
)
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Theme:
    """Colours of a chart, as CSS."""

    ink: str
    muted: str
    line: str
    ground: str
    precisions: tuple[str, str, str]  # in the order of PRECISIONS


# For image files, which know nothing of the reader's setting.
LIGHT = Theme("#1a1d21", "#5b6470", "#d9dde3", "#ffffff", ("#0072b2", "#008f68", "#d55e00"))
# For the page, whose style sheet gives each name a light and a dark colour.
PAGE = Theme(
    "var(--ink)",
    "var(--muted)",
    "var(--line)",
    "var(--ground)",
    ("var(--float32)", "var(--float16)", "var(--int8)"),
)
