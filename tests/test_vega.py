"""Vega's script is built once and kept; whatever becomes of the cache, charts are drawn."""

import pytest
from support.browser import browser, program, shown

from edgekit import vega

CHART = (
    '{"data": {"values": [{"name": "</script><b id=hostile>", "value": 3}]}, "mark": "bar", "encoding": '
    '{"x": {"field": "name", "type": "nominal"}, "y": {"field": "value", "type": "quantitative"}}}'
)


@pytest.fixture
def built(monkeypatch, tmp_path):
    """How often the script was built, in a cache of its own."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    calls = []
    monkeypatch.setattr("vl_convert.javascript_bundle", lambda code: calls.append(code) or "let é = 1;")
    return calls


def library():
    vega.library.cache_clear()  # as in another process
    try:
        return vega.library()
    finally:
        vega.library.cache_clear()


def test_it_is_built_once(built):
    assert [library() for _ in range(3)] == ["let é = 1;"] * 3
    assert built == ["window.vegaEmbed = vegaEmbed;"]


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1], lambda content: b"", lambda content: b"x\n\xff"]
)
def test_a_damaged_one_is_built_again(built, tmp_path, damage):
    library()
    (kept,) = (tmp_path / "cache" / "vega").iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    assert (library(), library(), len(built)) == ("let é = 1;", "let é = 1;", 2)


def test_another_version_has_its_own(built, monkeypatch):
    library()
    monkeypatch.setattr(vega, "version", lambda name: "9.9")
    library()
    assert len(built) == 2


def test_without_a_place_to_keep_it_it_is_built_each_time(built, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("a file in the place of the folder")
    assert (library(), library(), len(built)) == ("let é = 1;", "let é = 1;", 2)
    monkeypatch.delenv("EDGEKIT_CACHE")
    monkeypatch.setattr("edgekit.lookup._in_home", lambda find: None)
    assert (library(), len(built)) == ("let é = 1;", 3)


def test_a_page_of_one_chart_draws_it_and_needs_nothing_else(tmp_path):
    if program() is None:
        pytest.skip("Chromium is not installed: make lab")
    page = tmp_path / "chart.html"
    page.write_bytes(vega.page_of(CHART, "<b id=hostile>"))
    with browser() as chromium, shown(chromium, page, width=390) as seen:
        seen.page.wait_for_selector("#chart svg, #chart canvas")
        assert seen.page.title() == "<b id=hostile>"
        assert seen.page.locator("#hostile").count() == 0
        assert (seen.said, seen.requests) == ([], [])
