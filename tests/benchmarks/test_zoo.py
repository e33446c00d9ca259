"""The page about architectures says what became of each; docs/models.md is one."""

from argparse import Namespace
from pathlib import Path

import pytest
from support.artefact_sets import make_set
from support.benchmarks import script

from edgekit.artefact import read_set

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


@pytest.fixture(scope="module")
def zoo():
    return script("zoo")


def test_the_page_has_a_row_for_each_model_and_the_reason_where_there_is_none(zoo, tmp_path):
    made = zoo.Row("Small", read_set(make_set(tmp_path / "set")))
    text = zoo.page([made, zoo.Row("Odd", None, "Erfinv is unknown.")], Namespace(resolution=8, images=40))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| model", "| ---", "| Small", "| Odd"]
    assert all(row.count(" | ") == rows[0].count(" | ") for row in rows)
    assert "Erfinv is unknown." in rows[-1]


def test_the_page_that_is_shown_has_every_architecture(zoo):
    rows = [line.split(" | ")[0].removeprefix("| ") for line in PAGE.read_text().splitlines()]
    assert set(zoo.MODELS) <= set(rows)


def test_a_set_that_is_there_is_not_made_again(zoo, tmp_path):
    def build(*_):
        raise AssertionError("it is built")

    made = read_set(make_set(tmp_path / "my_net"))
    row = zoo.converted("My Net", build, 8, 40, tmp_path)
    assert row.set.manifest == made.manifest
