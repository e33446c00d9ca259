"""The commands in the guides do what they say; the README's are in test_wheel.py."""

import re

import numpy as np
import pytest
from PIL import Image
from support.pages import ROOT, commands, done_before, follow

PAGES = sorted((ROOT / "docs").glob("*.md"))
# show no command: test_python_api.py, test_architecture_page.py
WITHOUT = [ROOT / "docs" / "python.md", ROOT / "docs" / "architecture.md"]
# two sets measured for minutes: test_comparing.py has each of its verdicts and exit codes
WITHOUT.append(ROOT / "docs" / "comparing.md")
# a table that takes an hour, and no command of edgekit's: tests/benchmarks/test_zoo.py
WITHOUT.append(ROOT / "docs" / "models.md")
# tables of other tools' files, and no command of edgekit's: tests/benchmarks/test_nearness.py
WITHOUT.append(ROOT / "docs" / "quantization.md")
# a repository whose commits were measured: tests/timeline/test_history_page.py
WITHOUT.append(ROOT / "docs" / "history.md")
# test_mobilenet_page.py runs its commands in one process, and compares every figure
WITHOUT.append(ROOT / "docs" / "mobilenet.md")
# a board, a phone, an emulated board: tests/labs; a scheduler with keys: tests/farm
ELSEWHERE = [ROOT / "docs" / name for name in ("devices.md", "ci.md", "farm.md")]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in (*WITHOUT, *ELSEWHERE)], ids=lambda page: page.name
)
def test_every_command_of_a_page_works_in_the_order_it_stands(page, tmp_path, artefacts):
    found = commands(page)
    assert found, f"{page.name} shows no command"
    with np.load(artefacts / "evaluation.npz") as arrays:
        seven = arrays["images"][arrays["labels"].tolist().index(7)]
    Image.fromarray(seven).save(tmp_path / "seven.png")
    for command in found:
        if not done_before(command, tmp_path, artefacts):
            follow(command, tmp_path)


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in _anchors(there), f"{page.name} links to {target}#{anchor}"


def _anchors(page):
    """Return the anchors of a page's headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
