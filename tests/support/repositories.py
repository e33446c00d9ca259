"""Real Git repositories, made by the real Git, with commits at chosen moments."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = {
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *arguments: str | bytes, when: str = "2026-01-01T00:00:00+00:00") -> str:
    """Run Git in a folder and return what it prints."""
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    done = subprocess.run(
        ["git", "-C", folder, *arguments],
        env={**os.environ, **WHO, **dates},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def made(folder: Path) -> Path:
    """Make a repository with one commit on `main`."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "first")
    return folder


def commit(folder: Path, text: str, day: int = 1) -> str:
    """Commit a file with a text, on a day of January 2026; return the commit's hash."""
    (folder / "model.txt").write_text(text)
    git(folder, "add", "model.txt")
    git(folder, "commit", "-q", "-m", text, when=f"2026-01-{day:02}T00:00:00+00:00")
    return git(folder, "rev-parse", "HEAD").strip()
