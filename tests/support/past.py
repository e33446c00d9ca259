"""A repository whose commits were measured: results with figures that a test chooses."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgekit.repository import here
from edgekit.results import Repository, Result, write_result
from support.repositories import commit, git
from support.sessions import MS, session, timed


@dataclass
class Project:
    """A repository, and the results of its commits in results/."""

    folder: Path
    written: list[Path] = field(default_factory=list)

    def commit(self, text: str, day: int = 1) -> str:
        """Commit something on a day of January 2026."""
        return commit(self.folder, text, day)

    def git(self, *arguments: str) -> str:
        """Run Git here."""
        return git(self.folder, *arguments)

    def measured(
        self, ms: float = 1.0, *, day: int = 1, repository: Repository | str | None = "here", **named: object
    ) -> Result:
        """Write the result of a session on a day: by default, of what is checked out."""
        made_in = here(self.folder)[0] if repository == "here" else repository
        fields = {name: named.pop(name) for name in ("device", "mode") if name in named}
        spread = {"samples": 8, "spread": 0.0, **named}
        result = session(
            timed(*[ms * MS] * 2, **spread),
            created=f"2026-01-{day:02}T12:00:00Z",
            repository=made_in,
            **fields,
        )
        path = self.folder / "results" / f"{len(self.written):04}.json"
        write_result(path, result)
        self.written.append(path)
        return result
