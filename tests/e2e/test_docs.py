"""The commands in the README and the guides do what they say."""

import re
import shlex
from pathlib import Path

import pytest
from support.commands import run

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# a board, a phone, an emulated board: tests/labs
ELSEWHERE = [ROOT / "docs" / "devices.md", ROOT / "docs" / "ci.md"]


def commands(page: Path) -> list[list[str]]:
    """The edgekit commands in a page's ```sh blocks, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True))[:1] == ["edgekit"]]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in ELSEWHERE], ids=lambda page: page.name
)
def test_every_command_of_a_page_works_in_the_order_it_stands(page, tmp_path):
    found = commands(page)
    assert found, f"{page.name} shows no command"
    for command in found:
        # 4: measured, but this computer was too busy for the times to be trusted
        done = run(*command, cwd=tmp_path, code=None)
        assert done.code == 0 or (command[0] == "bench" and done.code == 4), f"{command}\n{done.err}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
