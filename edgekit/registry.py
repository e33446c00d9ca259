"""Lists of what there is to choose from: families, transports, file formats, metrics, report formats.

Each list is filled where its records are defined, in plain sight. To add one of your own, from outside:

    from edgekit.zoo import FAMILIES, Family
    FAMILIES.add(Family(name="my_family", ...))
    edgekit.cli.main()  # the command, which now knows it
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from edgekit.errors import UsageError
from edgekit.words import nearest


class Named(Protocol):
    """What can be listed."""

    @property
    def name(self) -> str:
        """What people type; no two in a list have the same."""


R = TypeVar("R", bound=Named)


class Registry(dict[str, R]):
    """Records by name, in the order in which they are offered.

    Args:
        noun: What one of them is, such as `model family`.
        records: Those that edgekit brings.
    """

    def __init__(self, noun: str, records: Iterable[R] = ()) -> None:
        super().__init__()
        self.noun = noun
        for record in records:
            self.add(record)

    def add(self, record: R) -> R:
        """Add one.

        Raises:
            ValueError: Its name is taken.
        """
        if record.name in self:
            raise ValueError(f"there is a {self.noun} {record.name!r} already")
        self[record.name] = record
        return record

    def named(self, name: str) -> R:
        """Return the one of that name.

        Raises:
            UsageError: There is none; the nearest name and all names are given.
        """
        if name not in self:
            raise UsageError(
                f"There is no {self.noun} {name!r}.{nearest(name, self)}", f"Choose from: {', '.join(self)}."
            )
        return self[name]
