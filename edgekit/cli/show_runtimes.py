"""Runtimes and their bundles in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.tables import draw_table, show
from edgekit.units import megabytes

if TYPE_CHECKING:
    from edgekit.runtime import Bundle


def show_runtimes(bundles: Sequence[Bundle]) -> None:
    """Show the runtimes there are, and the bundles in the cache."""
    from edgekit.runtime import KINDS
    from edgekit.runtime.catalogue import pythons

    kinds = [(kind.name, kind.format, pythons(kind), kind.package) for kind in KINDS.values()]
    rows = [
        (
            str(bundle),
            bundle.record.target.python,
            bundle.record.target.tag.split("-", 2)[-1],
            megabytes(bundle.record.bytes),
            str(bundle.folder),
        )
        for bundle in bundles
    ]
    show(draw_table("Runtimes", ("Name", "Executes", "Python", "Package"), kinds, words=(0, 1, 2, 3)))
    if rows:
        show(
            draw_table(
                "Bundles in the cache",
                ("Runtime", "Python", "Platform", "MB", "Folder"),
                rows,
                words=(0, 1, 2, 4),
            )
        )
