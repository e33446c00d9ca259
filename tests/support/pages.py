"""The commands and the Python that pages show."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

from support.commands import BRIEF, Done, run

ROOT = Path(__file__).resolve().parents[2]
CONVERT = ["convert", "--alpha", "0.5", "--int8"]  # as most pages begin: what made the fixture `artefacts`


def blocks(page: Path, kind: str) -> str:
    """Return a page's blocks of a kind, one after the other."""
    return "\n".join(re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL))


def python_of(page: Path) -> list[str]:
    """Return each of a page's blocks of Python."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(page: Path, kind: str = "sh") -> list[list[str]]:
    """Return the words after `edgekit` of each command in a page's blocks of a kind, in order."""
    lines = blocks(page, kind).replace("\\\n", " ").splitlines()
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True))[:1] == ["edgekit"]]


def verdicts(page: Path, heading: str) -> dict[str, int]:
    """Return the exit code of each verdict, as the first table below a heading has them."""
    below = page.read_text().partition(f"## {heading}\n")[2].partition("| verdict | meaning | exit code |")[2]
    rows = re.findall(r"^\| ([a-z, ]+) \|.*\| (\d) \|$", below.partition("\n\n")[0], flags=re.MULTILINE)
    return {word: int(code) for words, code in rows for word in words.split(", ")}


def follow(command: list[str], folder: Path, **more: Any) -> Done:
    """Run a page's command as it stands there; it must succeed."""
    measures = command[0] in ("bench", "sweep")
    done = run(*command, cwd=folder, code=None, **({"program": BRIEF} if measures else {}), **more)
    # 4: measured, but this computer was too busy for the times to be trusted
    assert done.code == 0 or (measures and done.code == 4), f"{command}\n{done.out}{done.err}"
    return done


def done_before(command: list[str], folder: Path, artefacts: Path) -> bool:
    """Tell whether `artefacts` was made by this very command; then its files are put where it would."""
    if command != CONVERT:
        return False
    shutil.copytree(artefacts, folder / "artefacts" / artefacts.name, dirs_exist_ok=True)
    return True
