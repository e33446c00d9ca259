"""docs/mobilenet.md: each of its commands runs, and each of its figures is the command's and the paper's."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from support.pages import ROOT
from support.screens import show

from edgekit.zoo import FAMILIES

PAGE = ROOT / "docs" / "mobilenet.md"
PARTS = re.findall(r"```sh\nedgekit (inspect .*?)\n```\n\n(\|.*?\n)\n", PAGE.read_text(), re.DOTALL)
# of the issue that the page is about: what must be there, paper or not
WANTED = {
    *("729", "324", "4,608", "800", "462.4 M", "52.3 M", "29.6 M", "15.1 M"),
    *("2,359,296", "266,752", "150,912", "22,910,480", "25,636,712", "55,873,736"),
}
PUBLISHED = {
    *("462 M, 2.36 M", "52.3 M, 0.27 M", "29.6 M, 0.15 M", "15.1 M, 0.15 M", "4,866 M", "569 M, 4.2 M"),
    *("325 M, 2.6 M", "307 M, 2.9 M", "149 M, 1.3 M", "41 M, 0.5 M", "418 M, 4.2 M", "290 M, 4.2 M"),
    *("186 M, 4.2 M", "29.3 M parameters"),
}


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    """What each command prints as JSON: records by command."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.chdir(tmp_path_factory.mktemp("page"))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(code, {})
    found = {}
    for command, _ in PARTS:
        words = command.replace("\\\n", " ").replace("'", "")
        done = show(f"{words} --json")
        assert done.code == 0, done.err
        record = json.loads(done.out)
        found[command] = record if isinstance(record, list) else [record["cost"]]
    monkeypatch.undo()
    return found


def _rows(table):
    lines = [line.strip("| ").split(" | ") for line in table.strip().splitlines()]
    return lines[0], lines[2:]


def test_every_figure_is_the_one_that_its_command_computes(costs):
    for command, table in PARTS:
        _, rows = _rows(table)
        assert len(rows) == len(costs[command]), command
        for row, record in zip(rows, costs[command], strict=True):
            millions = f"{record['multiply_adds'] / 1e6:,.1f} M"
            shown = f"{record['multiply_adds']:,}" if record["multiply_adds"] < 1e6 else millions
            assert row[1:3] == [shown, f"{record['parameters']:,}"], row


def test_every_figure_of_the_paper_is_met_within_its_last_digit():
    compared = set()
    for _, table in PARTS:
        headings, rows = _rows(table)
        for row in rows if headings[-1] == "paper" else ():
            ours = [float(row[1].replace(",", "").removesuffix(" M")), int(row[2].replace(",", "")) / 1e6]
            theirs = re.findall(r"[\d.,]*\d(?= M)", row[3])
            pairs = zip(ours[1:] if "parameters" in row[3] else ours, theirs, strict=False)
            for mine, published in pairs:
                digits = len(published.partition(".")[2])
                assert abs(mine - float(published.replace(",", ""))) < 10.0**-digits, row
            compared.add(row[3])
    assert compared == PUBLISHED


def test_the_page_has_every_figure_that_it_is_about():
    cells = {cell for _, table in PARTS for row in _rows(table)[1] for cell in row}
    assert cells >= WANTED


def test_the_families_table_says_what_each_takes():
    _, table = PARTS[-1]
    rows = _rows(table)[1]
    ablations = {"mobilenet_v1_standard", "mobilenet_v1_shallow"}
    assert {row[0].strip("`") for row in rows} == FAMILIES.keys() - ablations
    for row in rows:
        family = FAMILIES[row[0].strip("`")]
        assert [int(row[3]), int(row[4])] == [family.smallest, family.published_resolution]
        halved = (family.mean, family.std) == ((127.5,) * 3, (127.5,) * 3)
        assert row[5] == ("−1 … 1" if halved else f"0 … 255 less a mean, {family.channels}")


def test_keras_2_printed_529_where_it_printed_569_too():
    folder = Path(importlib.util.find_spec("tf_keras").origin).parent
    text = (folder / "src" / "applications" / "mobilenet.py").read_text()
    printed = re.findall(r"1\.0 MobileNet-224 +\| +70\.6 % +\| +(\d+) ", text)
    assert printed == ["529", "569"]
