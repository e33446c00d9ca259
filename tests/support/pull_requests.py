"""A pull request as CI systems check it out: a clone, its remote, and a home with an `edgekit`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from edgekit.results import Result, write_result
from support.pages import ROOT
from support.repositories import git, made
from support.sessions import MS, board, counted, session, timed

_EDGEKIT = """#!/bin/sh
exec {python} -m edgekit "$@"
"""
# how a bench ends is chosen, and what it was called with is kept; all else is the real one
_FAKE_BENCH = """#!/bin/sh
if [ "$1" = bench ]; then
  for last; do :; done
  printf '%s\\n' "$@" > "$HOME/bench-arguments"
  cp "$HOME/planted.json" "$last"
  exit {code}
fi
exec "$0.real" "$@"
"""


@dataclass(frozen=True)
class Request:
    """A pull request: a clone, its home, and what its bench measures."""

    home: Path
    clone: Path
    origin: Path
    environment: dict[str, str]  # all of it

    def plant(self, result: Result) -> None:
        """Leave a result, as a step that measured would."""
        write_result(self.clone / "edgekit-result.json", result)

    def fake_bench(self, result: Result, code: int = 0) -> None:
        """Choose what `edgekit bench` leaves, and its exit code."""
        (self.clone / "edgekit-result.json").unlink()
        write_result(self.home / "planted.json", result)
        program = self.home / "bin" / "edgekit"
        program.rename(program.with_name("edgekit.real"))
        program.write_text(_FAKE_BENCH.format(code=code))
        program.chmod(0o755)

    def baseline(self, result: Result) -> None:
        """Commit a baseline to the target branch."""
        other = self.home / "other"
        git(self.home, "clone", "-q", str(self.origin), str(other))
        write_result(other / "edgekit-baseline.json", result)
        git(other, "add", "edgekit-baseline.json")
        git(other, "commit", "-q", "-m", "a baseline")
        git(other, "push", "-q", "origin", "main")


def environment_of(home: Path) -> dict[str, str]:
    """Put an `edgekit` into a home, and return an environment as clean as a container's."""
    program = home / "bin" / "edgekit"
    program.parent.mkdir(parents=True)
    program.write_text(_EDGEKIT.format(python=sys.executable))
    program.chmod(0o755)
    return {
        "HOME": str(home),
        "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "EDGEKIT_CACHE": str(home / "cache"),
    }


def checked_out(folder: Path, environment: dict[str, str]) -> Request:
    """Make a bare repository and a clone of it on a branch of its own."""
    git(folder, "clone", "-q", "--bare", str(made(folder / "first")), "origin.git")
    git(folder, "clone", "-q", (folder / "origin.git").as_uri(), "clone")
    git(folder / "clone", "checkout", "-q", "-b", "faster")
    home = Path(environment["HOME"])
    return Request(home, folder / "clone", folder / "origin.git", environment)


def emulated(count: int = 1_140_213, **named: object) -> Result:
    """A session on an emulated board."""
    return board(counted(count, count, count, **named))


def steady(level: float = 1.0) -> Result:
    """A session with enough repeats that are alike."""
    return session(timed(*(level * MS * each for each in (1, 1.01, 0.99, 1.0, 1.005, 0.995, 1.0, 1.01))))


def noisy(level: float = 1.0) -> Result:
    """A session whose few repeats say little."""
    return session(timed(*(level * MS * each for each in (1, 1.3, 0.8, 1.2, 0.9, 1.4, 1.0))))
