"""How every table looks, and where it is printed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from edgekit.cli.streams import writable
from edgekit.words import visible

if TYPE_CHECKING:
    from rich.table import Table

NONE = "–"


def draw_table(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], words: Collection[int] = (0,)
) -> Table:
    """Return a table whose columns with an index in `words` are text, and the rest numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=Text(writable(title)),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for index, heading in enumerate(headings):
        drawn.add_column(
            Text(writable(heading)), justify="left" if index in words else "right", overflow="fold"
        )
    for row in rows:
        drawn.add_row(*(Text(writable(cell)) for cell in row))
    return drawn


def show(*parts: object) -> None:
    """Print tables as wide as the terminal, and sentences as long as they are."""
    from edgekit.cli.console import stdout_console

    console = stdout_console()
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str) or not hasattr(part, "columns"))


def show_items(sentences: Iterable[str], style: str = "") -> None:
    """Print sentences, each as an item of a list."""
    from rich.text import Text

    show(*(Text(f"• {visible(sentence)}", style) for sentence in sentences))
