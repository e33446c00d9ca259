"""The page: offline, escaped, accessible, and honest about what is invalid."""

import base64
import hashlib
import json
import re

import pytest
from support.html import Page
from support.simulated import BUSY, HOT, simulate
from test_report_files import renamed

from edgekit.reporting.charts import figures
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import IMAGE, PAGE
from edgekit.reporting.report import Report
from edgekit.reporting.session import Session
from edgekit.reporting.to_html import to_html

INT8 = ("int8.tflite", "litert", 1)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \" ' {{ 7*7 }} <!--"


@pytest.fixture(scope="module")
def page():
    return Page(to_html(Report([simulate(flawed={INT8: (HOT,), ("int8.onnx", "onnxruntime", 4): (BUSY,)})])))


def test_the_page_loads_nothing(page):
    policy = page.named("meta")[1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith("default-src 'none';")
    assert not [a for _, a in page.tags if {"src", "srcset", "action", "data"} & set(a)]
    assert all(a.get("href", "#").startswith("#") for _, a in page.tags)
    assert not page.named("link")


def test_only_the_pages_own_scripts_may_run(page):
    allowed = page.named("meta")[1]["content"]
    running = [text for kind, text in page.scripts if kind in (None, "text/plain")]
    assert len(running) == 2  # the page's own, and the library, which it runs
    for script in running:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in allowed
    assert "'unsafe-inline'" not in allowed.split("script-src")[1]


def test_the_library_is_in_the_page_once(page):
    assert sum(len(text) > 500_000 for _, text in page.scripts) == 1


def test_hostile_names_stay_text(page):
    hostile = Page(to_html(Report([renamed(simulate(flawed={INT8: (HOT,)}, threads=(1,)), HOSTILE)])))
    plain = Page(to_html(Report([renamed(simulate(flawed={INT8: (HOT,)}, threads=(1,)), "name")])))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert not hostile.named("img")
    assert "{{ 7*7 }}" in hostile.text
    assert any(
        HOSTILE in json.dumps(chart, ensure_ascii=False).replace('\\"', '"') for chart in hostile.charts
    )


def test_an_invalid_measurement_is_marked_in_words_tables_and_charts(page):
    assert "1 of 16 measurements is invalid and left out of the comparisons." in page.text
    assert [a for a in page.named("tr") if a.get("class") == "invalid"]
    assert HOT.message in page.text
    assert HOT.advice in page.text
    latency = json.dumps(page.charts[0], ensure_ascii=False)
    assert "INVALID · int8.tflite · litert 2.3.0 · 1 thread" in latency
    assert '"trusted": false' in latency


def test_the_page_says_what_the_summary_says(page):
    for sentence in Session(
        simulate(flawed={INT8: (HOT,), ("int8.onnx", "onnxruntime", 4): (BUSY,)})
    ).summary:
        assert sentence in page.text


def test_the_page_tells_device_state_method_and_command(page):
    for expected in (
        "Raspberry Pi 4 Model B Rev 1.5",
        "Cortex-A72",
        "cpu-thermal 61.7",
        "5 repeats, each a fresh process",
        "edgekit bench artefacts/shapes --device rpi4 --threads 1,4",
    ):
        assert expected in page.text


def test_tables_have_headings_that_name_their_rows_and_columns(page):
    scopes = [a.get("scope") for a in page.named("th")]
    assert set(scopes) == {"col", "colgroup", "row"}
    assert scopes.count("row") >= 16
    spans = sum(int(a["colspan"]) for a in page.named("th") if a.get("scope") == "colgroup")
    cells = len([tag for tag, _ in page.tags if tag == "td"])
    assert cells >= 16 * spans


def test_every_id_that_is_referred_to_exists(page):
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_sessions_are_told_apart(page):
    both = Page(
        to_html(
            Report([simulate(threads=(1,)), simulate(set_name="digits", threads=(1,), created="2026-03-02")])
        )
    )
    assert "Figures are not compared across sessions" in both.text
    assert "rpi4 · digits · 2026-03-02" in both.text
    assert [a["href"] for a in both.named("a")] == ["#session-1", "#session-2"]
    assert len(both.charts) == 2 * len(page.charts)
    ids = [a["id"] for _, a in both.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_a_session_without_measurements_still_has_a_page():
    empty = Page(to_html(Report([simulate(measurements=())])))
    assert "Nothing was measured." in empty.text
    assert len(empty.scripts) == 1  # nothing is drawn
    assert empty.charts == []


def test_axes_name_their_units(page):
    titles = [
        layer["encoding"]["x"]["title"]
        for chart in page.charts
        for layer in chart["layer"]
        if "title" in layer.get("encoding", {}).get("x", {})
    ]
    assert len(titles) >= 5
    assert all(title.endswith(("(ms)", "(MB)", "(%)", "(million)")) for title in titles)


def test_charts_have_words_for_a_screen_reader(page):
    assert all(
        "measurements" in chart["description"] or "files" in chart["description"] for chart in page.charts
    )


def test_the_same_result_is_drawn_the_same_every_time():
    first, second = ([f.chart.to_dict() for f in figures(Session(r), PAGE)] for r in (simulate(), simulate()))
    assert first == second


def test_a_precision_has_one_colour_and_a_runtime_one_shape_in_all_charts():
    result = simulate()
    drawn = [configured(figure.chart, PAGE) for figure in figures(Session(result), PAGE)]
    colours, marks = set(), set()
    for chart in drawn:
        for layer in chart["layer"]:
            for channel, found in (("color", colours), ("fill", colours), ("shape", marks)):
                scale = layer.get("encoding", {}).get(channel, {}).get("scale")
                if scale:
                    found |= set(zip(scale["domain"], scale["range"], strict=True))
    assert colours == {(name, f"var(--{name})") for name in ("float32", "float16", "int8")}
    assert {name for name, _ in marks} == {"litert 2.3.0", "onnxruntime 1.23.2", "tflite-runtime 2.14.0"}
    assert len({shape for _, shape in marks}) == 3


def test_dots_are_samples_drawn_by_rank():
    result = simulate(threads=(1,), samples=1000, repeats=3)
    chart = next(figure for figure in figures(Session(result), IMAGE) if figure.key == "distribution")
    dots = configured(chart.chart, IMAGE)["layer"][0]["data"]["values"]
    assert len(dots) == 100 * 8
    places = {int(dot["y"]) for dot in dots}
    assert places == set(range(8))


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_colours_have_the_contrast_that_wcag_asks_for(scheme):
    from edgekit.reporting import to_html as module

    block = (module._HERE / "page.css").read_text().split(":root")[scheme + 1].split("}")[0]
    names = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block))
    ground = names["ground"]
    for text in ("ink", "muted"):
        assert contrast(names[text], ground) >= 4.5
        assert contrast(names[text], names["raised"]) >= 4.5
    for text, behind in (("bad", "bad-ground"), ("warn", "warn-ground"), ("ink", "bad-ground")):
        assert contrast(names[text], names[behind]) >= 4.5
    for mark in ("float32", "float16", "int8"):
        assert contrast(names[mark], ground) >= 3
