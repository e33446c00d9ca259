"""A sweep as a table, in sentences and as files."""

import csv
import io
import json
import re

import pytest
from support.sessions import board, counted, timed
from support.sweeps import PUBLISHED, planted, sized, swept

from edgekit.progress import Recorder
from edgekit.reporting.swept import View
from edgekit.reporting.swept.files import FILES, to_csv, to_html, to_markdown, to_svg, write_files
from edgekit.results import Finding
from edgekit.sweeps import Failed, write_sweep

SIZES = {(1, 224): (40, 20), (0.75, 224): (30, 100), (0.5, 224): (15, 60), (0.25, 224): (6, 200)}


@pytest.fixture(scope="module")
def view():
    return View(planted(SIZES))


def _column(view, key):
    (index,) = (i for i, column in enumerate(view.table.columns) if column.key == key)
    return [cells[index] for cells in view.table.cells]


def test_the_table_has_the_fastest_first_and_marks_the_front(view):
    assert view.table.title == "mobilenet_v1 · trained on shapes · rpi4 · 2026-03-01 09:30:12 UTC"
    assert _column(view, "alpha") == ["0.25", "0.5", "0.75", "1"]
    assert _column(view, "front") == ["*", "*", "", "*"]
    assert _column(view, "top1") == ["60.00", "88.00", "80.00", "96.00"]
    assert "threads" not in {column.key for column in view.table.columns}  # the same everywhere


def test_the_sentences_name_the_ends_of_the_front(view):
    assert view.cautions == ()
    assert view.sentences == (
        "On rpi4 with 1 thread, 3 of 4 measurements are on the front: alpha 0.25 at 224 pixels (6.00 ms, "
        "60.00 %) to alpha 1 at 224 pixels (40.0 ms, 96.00 %).",
    )


def test_what_is_lacking_invalid_or_random_is_said_first():
    flaw = Finding("invalid", "throttled", "It throttled.")
    random = timed(15e6, 15e6, 15e6, wrong=None, flaw=flaw)
    failed = Failed("converting alpha 1 at 192 pixels", "There is no memory.")
    cells = (sized(0.5, 192, random, published=PUBLISHED), sized(1, 192, failed=(failed,)))
    view = View(swept(*cells, dataset=None))
    weights, lacking, why, invalid = view.cautions
    assert "random" in weights
    assert "of 1 of the 2 sizes are published ImageNet accuracies" in weights
    assert lacking == "1 of 2 sizes lacks something."
    assert why == "Failed: converting alpha 1 at 192 pixels: There is no memory."
    assert invalid.startswith("1 of 1 measurement is invalid and not on the front; --again")
    assert _column(view, "top1") == ["70.00"]
    assert "published top-1" in {column.title for column in view.table.columns}


def test_each_measurement_is_a_row_for_spreadsheets(view):
    rows = list(csv.DictReader(io.StringIO(to_csv(view).decode())))
    first = rows[0]
    assert (first["alpha"], first["resolution"], first["front"], first["top1"]) == (
        "0.25",
        "224",
        "true",
        "0.6",
    )
    assert float(first["p50_ns"]) == pytest.approx(6e6, rel=0.01)
    assert len(rows) == 4


def test_notes_get_the_sentences_the_table_and_the_command(view):
    text = to_markdown(view).decode()
    assert text.startswith("# mobilenet\\_v1 · trained on shapes · rpi4 · 2026-03-01 09:30:12 UTC\n")
    assert "- On rpi4 with 1 thread, 3 of 4 measurements are on the front" in text
    assert text.count("\n| \\* | ") == 3
    assert "```sh\nedgekit sweep\n```" in text


def test_the_page_has_the_chart_the_table_and_the_command(view):
    page = to_html(view).decode()
    assert "<title>mobilenet_v1 · trained on shapes" in page
    chart = json.loads(re.search(r'application/json">(.*?)</script>', page, re.DOTALL)[1])
    sizes = {each["size"] for layer in chart["layer"] for each in layer["data"]["values"]}
    assert {"0.25 · 224", "1 · 224"} <= sizes
    assert page.count('<span class="pill">front</span>') == 3
    assert "<code>edgekit sweep</code>" in page


def test_without_an_accuracy_the_plot_shows_what_sizes_cost():
    random = timed(15e6, 15e6, 15e6, wrong=None)
    image = to_svg(View(swept(sized(0.5, 192, random), dataset=None))).decode()
    assert "Multiply-adds against latency on rpi4, 1 thread" in image


def test_counts_have_a_plot_of_their_own():
    from msgspec.structs import replace

    image = to_svg(View(swept(replace(sized(0.5, 192), results=(board(counted(7_000_000)),))))).decode()
    assert "Accuracy against instructions on rpi4-emulated" in image


def test_files_are_written_once_and_again_where_the_record_is_newer(tmp_path, monkeypatch):
    written = []
    for name in FILES:
        monkeypatch.setitem(FILES, name, lambda _, name=name: written.append(name) or b"content")
    sweep = planted(SIZES)
    write_sweep(tmp_path / "sweep.json", sweep)
    write_files(sweep, tmp_path)
    write_files(sweep, tmp_path)
    assert written == list(FILES)
    (tmp_path / "sweep.svg").unlink()
    write_files(sweep, tmp_path)
    assert written[4:] == ["sweep.svg"]
    write_sweep(tmp_path / "sweep.json", sweep)
    write_files(sweep, tmp_path)
    assert len(written) == 9


def test_a_plot_of_nothing_is_not_left_from_an_earlier_sweep(tmp_path):
    (tmp_path / "sweep.svg").write_text("old")
    sweep = swept()
    write_sweep(tmp_path / "sweep.json", sweep)
    write_files(sweep, tmp_path)
    assert not (tmp_path / "sweep.svg").exists()
    again = Recorder()
    write_files(sweep, tmp_path, again)
    assert again.steps == []
