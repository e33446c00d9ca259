"""A folder of results as one page: the answer first, and nothing left out without being named."""

import json
import re
import shutil

import msgspec
import pytest
from support.breakdowns import breakdown, operator
from support.commands import run
from support.folders import write_days
from support.html import Page
from support.simulated import HOT, emulated, simulate

import edgekit
from edgekit.errors import RecordError, UsageError
from edgekit.explanation import as_record
from edgekit.results import read_result, write_result
from edgekit.schema import encode_record

INT8 = "mobilenet_v1_0.5_224_shapes/int8.tflite"
BUDGETS = """
[[budget]]
name = "shapes"
device = "rpi*"
model = "mobilenet_v1_0.5_224_shapes"
artefact = "int8.tflite"
runtime = "litert"
latency_p50 = "{latency}"
size = "1.1 MB"
"""
HOSTILE = "</script><img src=x onerror=alert(2)> {{ 7*7 }}"


@pytest.fixture(autouse=True, scope="module")
def _cache(tmp_path_factory):
    """An index of results of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGEKIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Work where there are no budgets but those of a test."""
    monkeypatch.chdir(tmp_path)


def page_of(folder, **more):
    """Read the page that a folder becomes."""
    return Page(edgekit.report(folder, folder.parent / "report.html", **more).read_bytes())


def budgets(folder, latency):
    (folder / "budgets.toml").write_text(BUDGETS.format(latency=latency))
    return folder / "budgets.toml"


@pytest.fixture(scope="module")
def devices(tmp_path_factory):
    """The page of three devices and fourteen days; on the last seven everything is 12 % slower."""
    folder = tmp_path_factory.mktemp("devices")
    how = {"samples": 16, "repeats": 3, "threads": (1,), "slower": {8: 1.12}}
    write_days(folder / "results", devices=3, days=14, **how)
    record = as_record([breakdown(operator("CONV_2D", 7_000_000), operator("MEAN", 50_000))])
    (folder / "results" / "explain.json").write_bytes(encode_record(record))
    return page_of(folder / "results", budgets=budgets(folder, "0.8 ms"))


def test_the_answer_is_first_and_one_of_it_is_marked(devices):
    said = ("Ship", "What to ship on each device", "What changed since last time", "What accuracy costs")
    order = [devices.text.index(f"{word} ") for word in said]
    assert order == sorted(order)
    assert devices.text.count(f"Ship {INT8} on rpi5") == 2  # title and heading
    rows = [a["class"] for a in devices.named("tr") if "marked" in (a.get("class") or "")]
    assert len(rows) == 2  # of the devices' answers, and of the measurements
    assert "3 devices · 42 sessions · 24 measurements · 2026-03-01 to 2026-03-14" in devices.text


def test_each_device_has_an_answer_of_its_own(devices):
    answers = devices.text.partition("What to ship on each device")[2].partition("What changed")[0]
    assert answers.count(INT8) == 3
    for device in ("rpi4", "rpi5", "pixel7"):
        assert f" {device} " in answers


def test_a_change_over_days_is_a_step_with_its_commits(devices):
    past = devices.text.partition("History")[2].partition("Where the instructions go")[0]
    assert re.search(r"step rpi4 · 8 measurements, latency p50 \+1[12]\.\d % to \+1[23]\.\d %", past)
    assert "in 902ba3cda1..fe5dbbcea5, most likely at fe5dbbcea5" in past


def test_a_folder_may_have_where_instructions_go(devices):
    assert "Where the instructions go" in devices.text
    layers = json.dumps(devices.charts[-1], ensure_ascii=False)
    assert "7.00 M · 99.3 % · CONV_2D" in layers


def test_limits_relative_to_a_baseline_are_judged_by_the_one_that_the_budgets_name(tmp_path):
    folder = tmp_path / "results"
    oldest, *_ = write_days(folder, days=3, repeats=10, slower={3: 1.4}, threads=(1,))
    shutil.copy(oldest, tmp_path / "baseline.json")
    limits = tmp_path / "budgets.toml"
    limits.write_text('baseline = "baseline.json"\n[[budget]]\nruntime = "litert"\nlatency_p50 = "+5 %"\n')
    text = page_of(folder, budgets=limits).text
    assert "breaks" in text
    assert "no baseline yet" not in text
    (tmp_path / "baseline.json").unlink()
    text = page_of(folder, budgets=limits).text
    assert "no baseline yet" in text
    assert "breaks" not in text


def test_budgets_of_other_devices_do_not_count(devices):
    answers = devices.text.partition("What to ship on each device")[2].partition("What changed")[0]
    assert answers.count("no budget is about it") == 0
    assert answers.count("–") == 1  # pixel7
    assert answers.count("holds 2 limits") == 1  # rpi5
    assert answers.count("breaks latency p50") == 1  # rpi4
    assert "1 fail, 3 pass." in devices.text


def test_the_page_loads_nothing_and_everything_referred_to_is_there(devices):
    assert not [a for _, a in devices.tags if {"src", "srcset", "action", "data"} & set(a)]
    ids = [a["id"] for _, a in devices.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"].removeprefix("#") for a in devices.named("a")} <= set(ids)
    for _, attributes in devices.tags:
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)


def test_what_got_slower_since_last_time_is_named(tmp_path):
    write_days(tmp_path / "results", days=2, slower={2: 1.5}, repeats=8, samples=16, threads=(1,))
    text = page_of(tmp_path / "results").text
    assert "2026-03-01 06:00 (356a192) → 2026-03-02 06:00 (da4b923): 8 slower." in text
    assert "slower rpi4 · 8 measurements of mobilenet_v1_0.5_224_shapes: +4" in text
    assert text.count("slower +") == 10  # each of them, and the one to ship twice more
    assert "Everything was measured once" not in text


def test_one_session_alone_has_no_past(tmp_path):
    write_days(tmp_path / "results", days=1, samples=8, repeats=2, threads=(1,))
    page = page_of(tmp_path / "results")
    assert "Everything was measured once, so there is no history yet." in page.text
    assert "What changed since last time" not in page.text
    assert f"Ship {INT8} on rpi4" in page.text


def test_files_that_are_broken_newer_or_copies_are_named_and_stop_nothing(tmp_path):
    folder = tmp_path / "results"
    (first, second) = write_days(folder, days=2, samples=8, repeats=2, threads=(1,))
    shutil.copy(second, folder / "z-copy.json")
    (folder / "broken.json").write_bytes(first.read_bytes()[:2000])
    record = json.loads(first.read_text())
    (folder / "newer.json").write_text(json.dumps(record | {"schema": "edgekit.result/99"}))
    (folder / "other.json").write_text('{"schema": "edgekit.explanation/1", "breakdowns": [{}]}')
    write_result(folder / "empty.json", simulate(measurements=(), partial="The device went away."))
    text = page_of(folder).text
    left_out = text.rpartition("Left out")[2]
    assert "5 files are left out" in text
    assert "empty.json measured nothing. The device went away." in left_out
    assert "broken.json is not an edgekit result" in left_out
    assert "newer.json has schema 'edgekit.result/99'" in left_out
    assert "z-copy.json is a copy of rpi4-02-0.5.json; it counts once." in left_out
    assert "other.json" in left_out
    assert "2 sessions" in text


def test_what_is_invalid_is_marked_and_never_the_answer(tmp_path):
    flawed = {(f, r, 1): (HOT,) for f, r in (("int8.tflite", "litert"), ("float16.tflite", "litert"))}
    write_result(tmp_path / "results" / "one.json", simulate(threads=(1,), samples=8, flawed=flawed))
    page = page_of(tmp_path / "results")
    assert "2 of 8 measurements are invalid and not compared." in page.text
    assert "Ship mobilenet_v1_0.5_224_shapes/int8.onnx on rpi4" in page.text
    assert HOT.message in page.text


def test_where_nothing_is_valid_nothing_is_recommended(tmp_path):
    result = simulate(threads=(1,), samples=8)
    spoilt = [msgspec.structs.replace(each, findings=(HOT,)) for each in result.measurements]
    write_result(
        tmp_path / "results" / "one.json", msgspec.structs.replace(result, measurements=tuple(spoilt))
    )
    assert "No measurement can be recommended" in page_of(tmp_path / "results").text


def test_what_holds_its_budget_goes_before_what_does_not(tmp_path):
    write_days(tmp_path / "results", days=1, models=2, samples=16, repeats=5, threads=(1,))
    stated = BUDGETS.format(latency="0.5 ms") + BUDGETS.format(latency="0.5 ms").replace(
        "0.5_224", "0.25_224"
    )
    (tmp_path / "budgets.toml").write_text(stated)
    text = page_of(tmp_path / "results", budgets=tmp_path / "budgets.toml").text
    assert "Ship mobilenet_v1_0.25_224_shapes/int8.tflite on rpi4" in text
    assert "Budget holds 2 limits" in text


def test_what_answers_other_images_has_an_answer_of_its_own(tmp_path):
    for name, seed in (("shapes", 7), ("digits", 8)):
        result = simulate(set_name=name, seed=seed, threads=(1,), samples=8)
        write_result(tmp_path / "results" / f"{name}.json", result)
    page = page_of(tmp_path / "results")
    answers = page.text.partition("What to ship on each device")[2].partition("What accuracy costs")[0]
    assert "rpi4 digits" in answers
    assert "rpi4 shapes" in answers
    assert len([a for a in page.named("tr") if "marked" in (a.get("class") or "")]) == 2


def test_where_nothing_is_timed_counts_are_the_cost(tmp_path):
    for day, cpu in enumerate(("cortex-a72", "cortex-a76"), start=1):
        made = emulated(cpu, f"{cpu}-emulated", created=f"2026-03-0{day}T06:00:00Z")
        write_result(tmp_path / "results" / f"{cpu}.json", made)
    text = page_of(tmp_path / "results").text
    assert "Ship mobilenet_v1_0.5_224_shapes/int8.tflite on cortex-a76-emulated" in text
    assert "9.074 M instructions, a count" in text
    assert "ms" not in text.partition("What to ship on each device")[2].partition("What accuracy costs")[0]


def test_hostile_names_stay_text(tmp_path):
    write_days(tmp_path / "results", days=1, samples=8, repeats=2, threads=(1,))
    (path,) = (tmp_path / "results").iterdir()
    plain = page_of(tmp_path / "results")
    result = read_result(path)
    replace = msgspec.structs.replace
    named = [replace(m, artefact=replace(m.artefact, set=HOSTILE)) for m in result.measurements]
    device = replace(result.device, profile=HOSTILE, board=HOSTILE)
    write_result(path, replace(result, device=device, measurements=tuple(named)))
    hostile = page_of(tmp_path / "results")
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert "{{ 7*7 }}" in hostile.text


def test_what_cannot_be_a_page_is_said(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    with pytest.raises(UsageError, match="has no result that can be shown"):
        edgekit.report(folder, tmp_path / "report.html")
    write_days(folder, days=1, samples=8, repeats=2, threads=(1,))
    with pytest.raises(UsageError, match="becomes a page"):
        edgekit.report(folder, tmp_path / "report.csv")
    with pytest.raises(UsageError, match="is a folder, and 1 more"):
        edgekit.report([folder, "result.json"], tmp_path / "report.html")
    with pytest.raises(UsageError, match="Budgets are for a folder"):
        edgekit.report(next(folder.iterdir()), tmp_path / "report.html", budgets="budgets.toml")
    (tmp_path / "budgets.toml").write_text("[[budget]]\nlatency_p05 = '1 ms'\n")
    with pytest.raises(RecordError, match="latency_p50"):
        edgekit.report(folder, tmp_path / "report.html", budgets=tmp_path / "budgets.toml")
    assert not (tmp_path / "report.html").exists()


def test_the_command_says_the_answer_and_judges_by_the_budgets_that_are_there(tmp_path):
    write_days(tmp_path / "results", days=1, samples=16, repeats=5, threads=(1,))
    budgets(tmp_path, "2 ms")
    said = run("report", "results", cwd=tmp_path)
    assert f"• Ship {INT8} on rpi4." in said.out
    assert "holds 2 limits" in said.out
    assert "edgekit report results -o report.html" in said.err
    run("report", "results", "-o", "report.html", cwd=tmp_path)
    assert b"overview-title" in (tmp_path / "report.html").read_bytes()
