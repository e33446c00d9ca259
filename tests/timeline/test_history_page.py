"""The commands of the page about history, and its recipe for `git bisect`, in a real repository."""

import os
import re
import subprocess
import sys

import pytest
from support.commands import run
from support.pages import ROOT, blocks, commands

PAGE = ROOT / "docs" / "history.md"
# stands for `edgekit`: in place of minutes of converting and measuring, a size is taken from the model
SHIM = f"""#!/bin/sh
case $1 in
convert) cp model.txt "$MEASURED/size" && ! grep -q broken model.txt ;;
bench) exec {sys.executable} "$MEASURED/bench.py" "$MEASURED/size" ../bisect/result.json ;;
*) exec {sys.executable} -m edgekit "$@" ;;
esac
"""
BENCH = """
import sys
from pathlib import Path
from support.sessions import board, counted
from edgekit.results import write_result
size = int(Path(sys.argv[1]).read_text().split()[0])
write_result(Path(sys.argv[2]), board(counted(size, size, size)))
"""


def test_its_commands_work(project):
    for day in (1, 2):
        project.measured(day=day)
    shown = [command for command in commands(PAGE) if command[0] == "history"]

    assert len(shown) == 3
    for command in shown:
        run(*command, cwd=project.folder)


@pytest.fixture
def recipe(project, tmp_path, monkeypatch):
    """The page's script, and an `edgekit` that it finds."""
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "edgekit").write_text(SHIM)
    (bin / "edgekit").chmod(0o755)
    (tmp_path / "bench.py").write_text(BENCH)
    monkeypatch.setenv("PATH", str(bin), prepend=os.pathsep)
    monkeypatch.setenv("MEASURED", str(tmp_path))
    tests = ROOT / "tests"
    monkeypatch.setenv("PYTHONPATH", f"{tests}{os.pathsep}{ROOT}")
    _, _, script = blocks(PAGE, "sh").partition("# ../judge.sh")
    assert script
    (tmp_path / "judge.sh").write_text(f"# ../judge.sh{script}")
    (tmp_path / "bisect").mkdir()
    return project


def bisected(project, first, last):
    project.git("bisect", "start", last, first)
    done = subprocess.run(
        ["git", "bisect", "run", "sh", "../judge.sh"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    project.git("bisect", "reset")
    return done


def test_its_recipe_finds_the_commit(recipe, tmp_path):
    sizes = ("1000000", "1000100", "broken", "1250000", "1250000 same", "1250100")
    commits = [recipe.commit(text, day) for day, text in enumerate(sizes, start=2)]
    recipe.git("checkout", "-q", commits[0])
    subprocess.run(["edgekit", "convert"], cwd=recipe.folder, check=True)
    subprocess.run(["edgekit", "bench"], cwd=recipe.folder, check=True)
    budgets = ("../bisect/result.json", "--budgets", "../bisect/budgets.toml", "--update", "--write")
    run("check", *budgets, cwd=recipe.folder)
    recipe.git("checkout", "-q", "main")

    done = bisected(recipe, commits[0], commits[-1])

    # the commit before it cannot be built, so that it is one of two
    assert "There are only 'skip'ped commits left to test." in done.stdout
    assert sorted(re.findall(r"^[0-9a-f]{40}$", done.stdout, re.MULTILINE)) == sorted(commits[2:4])
    assert not (tmp_path / "project" / "bisect").exists()


def test_its_recipe_skips_what_budgets_do_not_decide(recipe, tmp_path):
    commits = [recipe.commit(text, day) for day, text in enumerate(("1000", "1000 b", "1000 c"), start=2)]
    (tmp_path / "bisect" / "budgets.toml").write_text('[[budget]]\ndevice = "rpi9"\nsize = "1 MB"\n')

    done = bisected(recipe, commits[0], commits[-1])

    assert "only 'skip'ped commits left" in done.stdout
