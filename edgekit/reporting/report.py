"""What every report format is given."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from edgekit.reporting.session import Session
from edgekit.reporting.side_by_side import SideBySide, match
from edgekit.results import Result


class Report:
    """One or several sessions, in the order in which they were named."""

    def __init__(self, results: Sequence[Result]) -> None:
        self.sessions = tuple(map(Session, results))

    @cached_property
    def side_by_side(self) -> SideBySide | None:
        """The sessions' devices side by side; None where no two measured the same."""
        return match(self.sessions)
