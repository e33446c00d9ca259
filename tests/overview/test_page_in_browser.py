"""A folder's page in a real browser: at every width, in light and dark, by keyboard and on paper."""

import pytest
from support.browser import SCHEMES, WIDTHS, browser, program, shown
from support.folders import write_days
from support.html import Page

import edgekit

SHAPES = {
    "one row": {"devices": 1, "models": 1, "days": 1, "only": 1},
    "300 rows of six devices": {"devices": 6, "models": 4, "days": 2},
}
BUDGETS = '[[budget]]\nartefact = "int8.tflite"\nlatency_p50 = "1 ms"\npeak_memory = "45 MB"\n'


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of each shape."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        made = {}
        for name, how in SHAPES.items():
            folder = tmp_path_factory.mktemp("page")
            write_days(folder / "results", samples=4, repeats=2, **how)
            (folder / "budgets.toml").write_text(BUDGETS)
            output = folder / "report.html"
            made[name] = edgekit.report(folder / "results", output, budgets=folder / "budgets.toml")
        return made


@pytest.fixture(scope="module")
def chromium():
    if program() is None:
        pytest.skip("Chromium is not installed: make lab")
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def many(pages):
    return pages["300 rows of six devices"]


def test_three_hundred_rows_are_less_than_three_megabytes(many):
    rows = [a for a in Page(many.read_bytes()).named("tr") if (a.get("class") or "").split()[:1] == ["ok"]]
    assert len(rows) >= 300
    assert many.stat().st_size < 3e6


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_wrong_at_any_width_in_light_and_dark(pages, chromium, shape, width):
    charts = len(Page(pages[shape].read_bytes()).charts)
    with shown(chromium, pages[shape], width=width) as seen:
        grounds = set()
        for scheme in SCHEMES:
            seen.page.emulate_media(color_scheme=scheme)
            grounds.add(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert not seen.scrolls, seen.wider
            assert seen.wider == []
        assert len(grounds) == len(SCHEMES)
        assert seen.charts == charts
        assert (
            seen.page.locator("figure[data-chart] .chart svg .mark-symbol path").count() >= charts > 0
            or not charts
        )
        assert (seen.said, seen.requests) == ([], [])


@pytest.fixture(scope="module")
def seen(many, chromium):
    """The large page in one window, for what needs no fresh one."""
    with shown(chromium, many, width=794) as seen:  # A4 at 96 pixels an inch
        yield seen


def test_the_keyboard_reaches_each_section(seen):
    seen.page.keyboard.press("Tab")
    style = seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert seen.page.evaluate("document.activeElement.getAttribute('href')") == "#answers"
    assert style != "none"
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("location.hash") == "#answers"


def test_what_is_typed_leaves_the_rows_that_have_every_word(seen):
    rows = seen.page.locator("#lines tbody tr:not(.subject):visible")
    everything = rows.count()
    box = seen.page.get_by_role("searchbox")
    box.focus()
    seen.page.keyboard.type("rpi5 INT8.tflite 4 threads")
    assert 0 < rows.count() < everything / 10
    assert seen.page.get_by_role("status").text_content() == f"{rows.count()} of {everything}"
    assert all("int8.tflite" in text for text in rows.all_text_contents())
    box.fill("")
    assert rows.count() == everything


def test_paper_has_what_the_screen_has_and_nothing_is_cut_off(seen):
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert seen.wider == []
    assert not seen.page.locator("nav:visible, .filter:visible").count()
    assert seen.page.locator("#lines tbody tr:not(.subject):visible").count() >= 300
