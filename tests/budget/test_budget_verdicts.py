"""Verdicts in JUnit XML and in a step's summary, whatever the names."""

import re
from datetime import datetime, timezone
from xml.etree import ElementTree as ET

import msgspec
import pytest
from junitparser import JUnitXml

from edgekit.budget import Verdict
from edgekit.budget.to_junit import to_junit
from edgekit.budget.to_step_summary import to_step_summary
from edgekit.budget.verdicts import margin, sentence

HOSTILE = "</testcase>&\"'<!--]]>\x00\x1b[31m\ud800\n| `a` **b** @team <img src=x> [x](javascript:y) \\ \x85"
VERDICT = Verdict(
    verdict="fail",
    budget="digits",
    index=0,
    device="rpi4",
    model="mobilenet",
    artefact="int8.tflite",
    runtime="litert 2.3.0",
    threads=1,
    metric="latency_p50",
    unit="ns",
    limit=1e6,
    measured=1.25e6,
    low=1.2e6,
    high=1.3e6,
    reason="99 % bounds 1.20 ms to 1.30 ms are over it",
)
replace = msgspec.structs.replace
WORDS = ("pass", "fail", "missing", "invalid", "inconclusive")
ALL = [replace(VERDICT, verdict=word) for word in WORDS]


def test_junit_has_one_case_a_limit_and_counts_what_does_not_pass():
    when = datetime(2026, 3, 1, 9, 30, 12, tzinfo=timezone.utc)
    (suite,) = ET.fromstring(to_junit(ALL, when))
    assert suite.attrib | {"name": ""} == {
        "name": "",
        "package": "edgekit",
        "id": "0",
        "timestamp": "2026-03-01T09:30:12",
        "hostname": "localhost",
        "tests": "5",
        "failures": "1",
        "errors": "3",
        "time": "0",
    }
    assert [child.tag for child in suite] == ["properties", *["testcase"] * 5, "system-out", "system-err"]
    inside = [[(child.tag, child.get("type")) for child in case] for case in suite.iter("testcase")]
    assert inside == [
        [],
        [("failure", "fail")],
        [("error", "missing")],
        [("error", "invalid")],
        [("error", "inconclusive")],
    ]
    case = suite.findall("testcase")[1]
    assert case.get("classname") == "rpi4.digits"
    assert case.get("name") == "mobilenet/int8.tflite · litert 2.3.0 · 1 thread: latency_p50"
    assert "latency p50 1.25 ms, limit ≤ 1.00 ms, over by +25 %" in case[0].get("message")


def test_a_reader_of_junit_sees_what_passes_what_fails_and_what_is_an_error():
    first = replace(VERDICT, verdict="first", limit=None, allowed=0.05, reason="there is no baseline yet")
    written = to_junit([*ALL, first])
    (suite,) = JUnitXml.fromstring(written)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (6, 1, 3, 0)
    kinds = [[(type(each).__name__, each.type) for each in case.result] for case in suite]
    assert kinds == [
        *([], [("Failure", "fail")], [("Error", "missing")], [("Error", "invalid")]),
        *([("Error", "inconclusive")], []),
    ]
    assert "first: latency p50 1.25 ms, limit +5 % (there is no baseline yet)" in written.decode()


def test_no_name_breaks_out_of_the_xml():
    hostile = replace(VERDICT, budget=HOSTILE, device=HOSTILE, artefact=HOSTILE, reason=HOSTILE)
    (suite,) = ET.fromstring(to_junit([hostile]))
    (case,) = suite.iter("testcase")
    assert [child.tag for child in case] == ["failure"]
    for shown in (case.get("classname"), case.get("name"), case[0].get("message"), case[0].text):
        assert "</testcase>&\"'<!--]]>\\x00\\x1b[31m\\ud800\\n| `a`" in shown


def test_what_is_stale_is_said_in_the_suites_output():
    stale = replace(VERDICT, verdict="pass", stale=True, measured=1e5)
    (suite,) = ET.fromstring(to_junit([stale]))
    assert "pass, stale: latency p50 0.100 ms, limit ≤ 1.00 ms" in suite.find("system-out").text


def test_the_summary_shows_what_does_not_pass_first_and_folds_the_rest():
    text = to_step_summary(ALL).decode()
    assert text.startswith("## edgekit check: 1 fail, 1 missing, 1 invalid, 1 inconclusive, 1 pass\n")
    bad, _, good = text.partition("<details>")
    assert re.findall(r"\| (\w+) \| 99 %", bad) == ["fail", "missing", "invalid", "inconclusive"]
    assert good.startswith("<summary>1 within budget</summary>")
    assert "| digits | rpi4 | mobilenet/int8.tflite | litert 2.3.0 | 1 | latency p50 | 1.25 ms |" in good


def test_no_name_breaks_out_of_the_summarys_table():
    hostile = replace(VERDICT, budget=HOSTILE, device=HOSTILE, reason=HOSTILE)
    lines = to_step_summary([hostile], HOSTILE).decode().splitlines()
    (row,) = [line for line in lines if line.startswith(r"| \<")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 12
    assert not re.findall(r"(?<!\\)[<>`*@\[\]]", row)
    assert all("\x00" not in line and "\x1b" not in line for line in lines)


def test_a_long_summary_says_how_much_it_leaves_out():
    assert "… and 2 more." in to_step_summary([VERDICT] * 502).decode()


@pytest.mark.parametrize(
    ("changed", "over"),
    [
        ({}, "+25 %"),
        ({"measured": 1.01e6}, "+1.00 %"),
        ({"measured": 0.5e6}, "−50 %"),
        ({"measured": None}, "–"),
        ({"limit": 0.0}, "–"),
        ({"metric": "accuracy", "unit": "fraction", "limit": 0.99, "measured": 0.98}, "+1.00 pp"),
        ({"metric": "accuracy_drop", "unit": "fraction", "limit": 0.01, "measured": 0.02}, "+1.00 pp"),
    ],
)
def test_the_margin_is_positive_where_a_limit_is_broken(changed, over):
    assert margin(replace(VERDICT, **changed)) == over


def test_a_reference_is_shown_with_its_tolerance():
    counted = replace(
        VERDICT, metric="instructions", unit="instructions", limit=1.14e6, measured=1.2e6, tolerance=0.001
    )
    assert sentence(counted).startswith("fail: instructions 1.200 M, limit 1.140 M + 0.1 %, over by +5.26 %")
