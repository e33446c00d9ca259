"""The Git repository that somebody works in. Git is asked by argument lists, and may be absent or broken.

What a repository's own configuration could have run meanwhile (a file system monitor) is switched off, its
index is not written, and an answer that takes long is gone without.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from edgekit.results import Repository
from edgekit.words import visible

_SECONDS = 10.0  # an answer takes milliseconds; a cold network drive may take longer
_GIT = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_EMPTY = "does not have any commits yet"
# what CI systems call the branch of a commit that they check out without one: (of this commit, branch)
_CI = (
    ("GITHUB_SHA", "GITHUB_HEAD_REF"),
    ("GITHUB_SHA", "GITHUB_REF_NAME"),
    ("CI_COMMIT_SHA", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
    ("CI_COMMIT_SHA", "CI_COMMIT_REF_NAME"),
)


def here(folder: Path | None = None) -> tuple[Repository | None, str]:
    """Return what is checked out in the repository that a folder is in.

    A clone may be bare, shallow or detached. Changes are those of tracked files: results and other new files
    do not make it dirty.

    Args:
        folder: Anywhere in the repository; None: the current folder.

    Returns:
        The repository; None: there is none, it has no commit, or Git is not installed or fails. Then, where
        there seems to be one, why Git does not say: a sentence.
    """
    found = ask("log", "-1", "--format=%H %ct", folder=folder)
    if isinstance(found, str):
        worth_a_word = _looks_like_one(folder or Path.cwd()) and _EMPTY not in found
        return None, found if worth_a_word else ""
    commit, _, seconds = _text(found).strip().partition(" ")
    if not seconds.isdecimal():
        return None, ""
    status = ask("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty", folder=folder)
    return Repository(
        commit=commit,
        committed=datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        branch=_branch(commit, folder, os.environ),
        dirty=None if isinstance(status, str) else bool(status.strip()),
    ), ""


def ask(*arguments: str, folder: Path | None = None, given: Sequence[str] = ()) -> bytes | str:
    """Ask Git something.

    Args:
        arguments: Of the command; what comes from outside is to follow `--end-of-options` or be in `given`.
        folder: Where; None: the current folder.
        given: Lines for its standard input.

    Returns:
        What it printed, as bytes; or why there is no answer: a sentence.
    """
    try:
        done = subprocess.run(
            [*_GIT, *arguments],
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            input="".join(f"{line}\n" for line in given).encode(errors="surrogateescape"),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"Git did not answer within {_SECONDS:.0f} s."
    except OSError as error:
        return f"Git cannot be run: {error.strerror or error}."
    if done.returncode:
        lines = _text(done.stderr).strip().splitlines() or ["it failed"]
        return f"Git says: {visible(lines[0].removeprefix('fatal: ')[:300].rstrip('.'))}."
    return done.stdout


def _branch(commit: str, folder: Path | None, environment: Mapping[str, str]) -> str | None:
    """Return the branch that is checked out; of a detached commit, the one that a CI system says it is of."""
    named = ask("symbolic-ref", "--quiet", "--short", "HEAD", folder=folder)
    if not isinstance(named, str):
        return _text(named).rstrip("\n") or None
    said = (environment.get(branch) for of, branch in _CI if environment.get(of) == commit)
    return next(filter(None, said), None)


def _looks_like_one(folder: Path) -> bool:
    """Whether a folder is within a work tree, so that Git's silence is worth a word."""
    if "GIT_DIR" in os.environ:
        return True
    return any((place / ".git").exists() for place in (folder.absolute(), *folder.absolute().parents))


def _text(answer: bytes) -> str:
    """Decode what Git printed: names in it may be in any encoding."""
    return answer.decode(errors="backslashreplace")
