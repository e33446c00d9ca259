"""A folder of results, read once; each part is computed when it is shown."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from edgekit.budget import NO_BASELINE, Budget, read_budgets, stated_baseline
from edgekit.errors import UsageError
from edgekit.overview.answers import Answer, answers, recommended
from edgekit.overview.changes import Changes, find_changes
from edgekit.overview.folder import read_folder
from edgekit.overview.lines import read_lines
from edgekit.overview.past import Past, read_past
from edgekit.progress import SILENT, Progress


class Overview:
    """What a folder of results comes to.

    Args:
        folder: Of results.
        budgets: The limits, a TOML file; None: there are none.
        progress: Receives every step.

    Raises:
        UsageError: There is no such folder, or it has no result.
        RecordError: The file of budgets cannot be used.
    """

    def __init__(self, folder: Path, budgets: Path | None = None, progress: Progress = SILENT) -> None:
        stated: tuple[Budget, ...] = read_budgets(budgets) if budgets else ()
        self.budgets, self._progress = budgets, progress
        self.folder = read_folder(folder, progress)
        if not self.folder.entries:
            broken = self.folder.left_out
            why = f" {broken[0].file} {broken[0].why}" if broken else ""
            raise UsageError(f"{folder} has no result that can be shown.{why}", "Make one: edgekit bench")
        before = stated_baseline(budgets, stated) if budgets else NO_BASELINE
        self.lines, self.verdicts = read_lines(self.folder, stated, before)

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """What to ship on each device."""
        return answers(self.lines)

    @cached_property
    def recommended(self) -> Answer | None:
        """The one to ship; None: nothing valid has a cost."""
        return recommended(self.answers)

    @cached_property
    def changes(self) -> Changes:
        """What changed since the session before."""
        return find_changes(self.folder, self.lines, self._progress)

    @cached_property
    def past(self) -> Past:
        """Everything over time."""
        return read_past(self.folder.entries, self._progress)

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices' names, in the order of the page."""
        return tuple(dict.fromkeys(line.device for line in self.lines))
