"""A pull request as CI systems check it out: a clone, its remote, and a home with an `edgekit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgekit.results import Result, write_result
from support.pages import ROOT
from support.repositories import git
from support.sessions import MS, board, counted, session, timed

# measuring alone is replaced: `bench` leaves the result that the test planted
SHIM = """#!/bin/sh
if [ "$1" = bench ]; then
  for last; do :; done
  printf '%s\\n' "$@" > "$HOME/bench-arguments"
  cp "$HOME/planted.json" "$last"
  exit "$(cat "$HOME/bench-code")"
fi
exec {python} -m edgekit "$@"
"""


@dataclass(frozen=True)
class Request:
    """A pull request: a clone, its home, and what its bench measures."""

    home: Path
    clone: Path
    origin: Path

    def plant(self, result: Result, code: int = 0) -> None:
        """Choose what the bench gives."""
        write_result(self.home / "planted.json", result)
        (self.home / "bench-code").write_text(str(code))

    def baseline(self, result: Result) -> None:
        """Commit a baseline to the target branch."""
        other = self.home / "other"
        git(self.home, "clone", "-q", str(self.origin), str(other))
        write_result(other / "edgekit-baseline.json", result)
        git(other, "add", "edgekit-baseline.json")
        git(other, "commit", "-q", "-m", "a baseline")
        git(other, "push", "-q", "origin", "main")

    @property
    def environment(self) -> dict[str, str]:
        """As clean as a container's."""
        return {
            "HOME": str(self.home),
            "PATH": f"{self.home / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "EDGEKIT_CACHE": str(self.home / "cache"),
        }


def emulated(count: int = 1_140_213, **named: object) -> Result:
    """A session on an emulated board."""
    return board(counted(count, count, count, **named))


def steady(level: float = 1.0) -> Result:
    """A session with enough repeats that are alike."""
    return session(timed(*(level * MS * each for each in (1, 1.01, 0.99, 1.0, 1.005, 0.995, 1.0, 1.01))))


def noisy(level: float = 1.0) -> Result:
    """A session whose few repeats say little."""
    return session(timed(*(level * MS * each for each in (1, 1.3, 0.8, 1.2, 0.9, 1.4, 1.0))))
