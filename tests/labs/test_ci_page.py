"""The commands and workflows of the page about a gate in CI, on an emulated board."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from support.pages import ROOT, done_before

PAGE = (ROOT / "docs" / "ci.md").read_text()
# the reader's own model and images, in whose place a shipped model is used
THEIRS = "my_model.keras --dataset my_images"


def run(line: str, folder: Path, artefacts: Path) -> None:
    command = shlex.split(line.replace(THEIRS, "--alpha 0.5"))[1:]
    if done_before(command, folder, artefacts):
        return
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", *command],
        cwd=folder,
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{line} ended with {done.returncode}\n{done.stdout}{done.stderr}"


def workflow(heading: str) -> list[str]:
    """The edgekit commands of one of the page's workflows, in order."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"\.venv/bin/(edgekit .*)", section)


def test_a_model_is_gated_as_the_page_says(qemu, tmp_path, artefacts):
    shown = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)).splitlines()
    assert [line.split()[1] for line in shown] == ["convert", "bench", "check", "check", "explain"]
    for line in shown:
        run(line, tmp_path, artefacts)
    assert workflow("GitHub Actions") == workflow("GitLab CI")
    found = workflow("GitHub Actions")
    assert [line.split()[1] for line in found] == ["convert", "bench", "check"]
    assert THEIRS in found[0]
    for line in found:
        run(line, tmp_path, artefacts)
    assert (tmp_path / "junit.xml").read_text().startswith("<?xml")
    assert "pass" in (tmp_path / "summary.md").read_text()
