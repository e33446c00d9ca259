"""The page about how edgekit is built names what is there: every room, every place to add something."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
LISTS = re.findall(r"`([A-Z_]+)` in `([\w/.]+)`", PAGE)


def test_every_place_that_is_named_is_there():
    named = re.findall(r"`((?:edgekit|tests|devices)/[\w/.]*)`", PAGE)
    assert len(named) > 30
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_every_package_has_its_place_on_the_floor_plan():
    packages = {path.parent.name for path in (ROOT / "edgekit").glob("*/__init__.py")}
    assert packages == set(re.findall(r"^\| `edgekit/(\w+)/`", PAGE, flags=re.MULTILINE))


@pytest.mark.parametrize(("name", "file"), LISTS)
def test_what_is_added_to_is_in_the_file_that_is_named(name, file):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^{name}(:.*)? = |^{name}\.add\(", text, flags=re.MULTILINE), f"{file} has no {name}"
