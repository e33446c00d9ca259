"""A sweep in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.sweeps import Sweep


def show_sweep(sweep: Sweep) -> None:
    """Print the table, then what a reader must know and what the figures mean."""
    from edgekit.cli.console import wide_console
    from edgekit.cli.show_results import print_items, print_table
    from edgekit.reporting.swept import View

    console, view = wide_console(), View(sweep)
    if view.points:
        print_table(console, view.table.within(console.width))
    print_items(console, [*view.cautions, *view.sentences])
