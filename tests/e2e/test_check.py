"""`edgekit check` as a person runs it: every verdict and every exit code."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace
from support.commands import run
from support.pages import ROOT, verdicts
from support.sessions import MODEL, MS, board, counted, saved, session, timed

from edgekit.results import Finding

HOT = Finding("invalid", "throttled", "The firmware reports throttling.", "Add a fan.")
REAL = session(timed(MS, 1.01 * MS, 0.99 * MS, spread=0))
EMULATED = board(counted(1_140_213, 1_140_240, 1_140_198))
GENEROUS = '[[budget]]\nlatency_p50 = "1.5 ms"\nlatency_p90 = "1.5 ms"\nsize = "1 MB"\naccuracy = "99 %"\n'


def check(folder, budgets: str, *results, code: int, arguments=(), **environment):
    (folder / "budgets.toml").write_text(budgets)
    saved(folder, *results)
    return run("check", *arguments, cwd=folder, code=code, **{"GITHUB_STEP_SUMMARY": "", **environment})


CHECKS = [
    (GENEROUS, [REAL], 0, "4 pass"),
    ('baseline = "none.json"\n[[budget]]\nsize = "+0 %"', [REAL], 0, "1 first"),
    ('[[budget]]\nlatency_p50 = "1 ns"', [REAL], 1, "1 fail"),
    ('[[budget]]\nlatency_p50 = "1.01 ms"', [REAL], 4, "1 inconclusive"),
    ('[[budget]]\ndevice = "rpi5"\nsize = "1 MB"', [REAL], 3, "1 missing"),
    ('[[budget]]\nartefact = "none*"\nsize = "1 MB"', [REAL], 3, "1 missing"),
    ('[[budget]]\nlatency_p50 = "1 s"', [EMULATED], 3, "1 missing"),
    ('[[budget]]\nlatency_p50 = "1 ns"', [session(timed(MS, flaw=HOT))], 4, "1 invalid"),
    ('[[budget]]\ninstructions = "1.14 M"\ntolerance = "0.1 %"', [EMULATED], 0, "1 pass"),
    ('[[budget]]\ninstructions = "1.13 M"\ntolerance = "0.1 %"', [EMULATED], 1, "1 fail"),
    (
        GENEROUS + '[[budget]]\nsize = "1 B"\nmodel = "m*"\n[[budget]]\nmodel = "x"\nsize="1 B"',
        [REAL],
        1,
        "1 fail",
    ),
    (GENEROUS + '[[budget]]\ndevice = "x"\nsize = "1 B"', [session(timed(MS, flaw=HOT))], 3, "1 missing"),
]


def test_every_verdict_that_the_page_names_is_reached():
    reached = {words.split()[1]: code for _, _, code, words in CHECKS}
    assert reached == verdicts(ROOT / "docs" / "ci.md", "Verdicts")


@pytest.mark.parametrize(("budgets", "results", "code", "words"), CHECKS)
def test_every_verdict_has_its_exit_code(tmp_path, budgets, results, code, words):
    done = check(tmp_path, budgets, *results, code=code)
    assert words in done.out


def test_the_table_says_what_failed_by_how_much(tmp_path):
    done = check(tmp_path, '[[budget]]\nname = "gate"\nlatency_p50 = "0.8 ms"', REAL, code=1, COLUMNS="200")
    assert re.search(
        rf"gate +rpi4 +{MODEL}/int8\.tflite +litert 2\.3\.0 +1 +"
        r"latency p50 +1\.00 ms +≤ 0\.800 ms +\+25 % +fail",
        done.out,
    )
    assert "99 % bounds 0.960 ms to 1.04 ms are over it" in done.out
    assert "are broken: 1 fail. See what changed: edgekit compare BASELINE RESULT" in done.sentence


def test_a_failing_instruction_budget_names_the_emulated_cpu(tmp_path):
    done = check(tmp_path, '[[budget]]\ninstructions = "1.1 M"', EMULATED, code=1)
    assert "instructions 1.140 M, limit ≤ 1.100 M, over by +3.66 % (qemu cortex-a72)" in done.out
    assert "ms" not in done.out.replace("items", "")


def test_a_combination_that_the_newest_session_lost_is_missing(tmp_path):
    lost = session(
        timed(MS, file="float32.tflite"),
        created="2026-03-02T00:00:00Z",
        partial="int8.tflite: does not load",
        ended="failed",
    )
    done = check(tmp_path, '[[budget]]\nartefact = "int8.tflite"\nsize = "1 MB"', REAL, lost, code=3)
    assert "1 missing, 1 pass" in done.out
    assert "the session on rpi4 (results/1.json) is not complete: int8.tflite: does not load" in done.out


def test_cpus_and_pace_are_shown_where_they_were_chosen(tmp_path):
    (measured,) = REAL.measurements
    pinned = replace(REAL, measurements=(replace(measured, affinity=(3, 2)),), fps=30.0)
    done = check(tmp_path, '[[budget]]\nfps = 30\nlatency_p50 = "1 ns"', pinned, REAL, code=1)
    assert (
        "int8.tflite · litert 2.3.0 · 1 thread on CPUs 2, 3 at 30 per second: latency p50 1.00 ms" in done.out
    )
    assert "1 fail\n" in done.out


def test_what_is_missing_is_asked_for_as_its_budget_has_it(tmp_path):
    budget = '[[budget]]\ndevice = "rpi4"\nruntime = "litert without XNNPACK"\nfps = 30\nlatency_p50 = "1 ns"'
    done = check(tmp_path, budget, REAL, code=3)
    assert "edgekit bench --device rpi4 --fps 30 --no-xnnpack" in done.err


def test_a_malformed_file_names_line_and_key(tmp_path):
    done = check(tmp_path, '[[budget]]\nsize = "1 MB"\nlatncy_p50 = "1 ms"', REAL, code=2)
    assert "budgets.toml, line 3: unknown key 'latncy_p50'. Did you mean 'latency_p50'?" in done.sentence


@pytest.mark.parametrize("name", ["missing.json", "no result.json"])
def test_a_result_that_cannot_be_read_is_named(tmp_path, name):
    (tmp_path / "no result.json").write_text("{}")
    done = check(tmp_path, GENEROUS, REAL, code=2, arguments=["results/0.json", name])
    assert name in done.sentence


def test_without_results_or_budgets_the_way_to_them_is_named(tmp_path):
    assert "edgekit check --update --write" in run("check", cwd=tmp_path, code=2).sentence
    (tmp_path / "budgets.toml").write_text(GENEROUS)
    assert "Make one: edgekit bench" in run("check", cwd=tmp_path, code=2).sentence


def test_json_holds_every_verdict_and_the_exit_code(tmp_path):
    done = check(tmp_path, '[[budget]]\nsize = "1 B"\naccuracy = "1 %"', REAL, code=1, arguments=["--json"])
    record = json.loads(done.out)
    assert (record["schema"], record["exit_code"]) == ("edgekit.check/1", 1)
    assert [(each["metric"], each["verdict"], each["measured"]) for each in record["verdicts"]] == [
        ("size", "fail", 992_616),
        ("accuracy", "pass", 0.992),
    ]
    assert record["verdicts"][0]["margin"] == 992_615


def test_junit_and_summary_are_written_with_hostile_names(tmp_path):
    hostile = "a|b</testcase>\x1b`$(touch pwned)`.tflite"
    result = session(timed(MS, MS, file=hostile), timed(MS, MS))
    step = tmp_path / "step.md"
    step.write_text("before\n")
    done = check(
        tmp_path,
        '[[budget]]\nsize = "1 B"',
        result,
        code=1,
        arguments=["--junit", "out/check.xml"],
        GITHUB_STEP_SUMMARY=str(step),
    )
    (suite,) = ET.fromstring((tmp_path / "out/check.xml").read_bytes())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "2", "0")
    assert {
        case.get("name").count("a|b</testcase>\\x1b`$(touch pwned)`.tflite")
        for case in suite.iter("testcase")
    } == {0, 1}
    text = step.read_text()
    assert text.startswith("before\n## edgekit check: 2 fail")
    assert "a\\|b\\</testcase\\>" in text
    assert "\x1b" not in text + done.out
    assert not (tmp_path / "pwned").exists()


def test_a_named_summary_is_written_instead_of_the_steps(tmp_path):
    step = tmp_path / "step.md"
    arguments = ["--summary", "summary.md"]
    check(tmp_path, GENEROUS, REAL, code=0, arguments=arguments, GITHUB_STEP_SUMMARY=str(step))
    assert (tmp_path / "summary.md").read_text().startswith("## edgekit check: 4 pass")
    assert not step.exists()


def test_a_summary_that_cannot_be_written_is_3(tmp_path):
    done = check(tmp_path, GENEROUS, REAL, code=3, arguments=["--junit", "budgets.toml/x.xml"])
    assert "budgets.toml" in done.sentence


def test_update_proposes_and_write_writes(tmp_path):
    budgets = '# ours\n[[budget]]\nlatency_p50 = "1 ns"  # hoped\n'
    done = check(tmp_path, budgets, REAL, code=0, arguments=["--update"])
    assert '-latency_p50 = "1 ns"  # hoped\n+latency_p50 = "1.25 ms"  # hoped\n' in done.out
    assert (tmp_path / "budgets.toml").read_text() == budgets
    run("check", "--update", "--write", cwd=tmp_path)
    assert (tmp_path / "budgets.toml").read_text() == budgets.replace("1 ns", "1.25 ms")
    run("check", cwd=tmp_path)


def test_update_begins_a_file_that_then_passes(tmp_path):
    saved(tmp_path, REAL, EMULATED)
    done = run("check", "--update", cwd=tmp_path)
    assert done.out.startswith("--- /dev/null\n+++ b/budgets.toml\n")
    assert not (tmp_path / "budgets.toml").exists()
    run("check", "--update", "--write", cwd=tmp_path)
    assert "pass" in run("check", cwd=tmp_path).out


def test_what_an_update_cannot_mend_it_says(tmp_path):
    budgets = '[[budget]]\ndevice = "rpi5"\nsize = "1 MB"\n[[budget]]\nsize = "1 B"\n'
    done = check(tmp_path, budgets, REAL, code=3, arguments=["--update"])
    assert "no result has the device 'rpi5'" in done.sentence
    assert '+size = "992616 B"' in done.out
    done = check(tmp_path, GENEROUS, REAL, code=2, arguments=["--write"])
    assert "--write goes with --update" in done.sentence


def test_an_unchanged_model_passes_twenty_times_of_twenty(tmp_path):
    """Counts as two runs of an emulated board give them: 0.01 % apart."""
    budget = (
        '[[budget]]\ninstructions = 1140213\ntolerance = "0.1 %"\nsize = "992616 B"\naccuracy = "99.2 %"\n'
    )
    results = [
        replace(board(counted(1_140_213 + 6 * i, 1_140_213 - 6 * i), device=f"board{i}"), seed=i)
        for i in range(20)
    ]
    assert "60 pass" in check(tmp_path, budget, *results, code=0).out


@pytest.mark.parametrize(
    "changed",
    [
        {"counts": (1_142_000,)},
        {"counts": (2_580_000,), "version": "2.2.0"},
        {"counts": (1_140_213,), "size": 3_338_912},
        {"counts": (1_140_213,), "wrong": 5},
    ],
    ids=["one extra layer", "an older runtime", "float instead of int8", "one more image wrong"],
)
def test_a_planted_regression_is_caught(tmp_path, changed):
    budget = (
        '[[budget]]\ninstructions = 1140213\ntolerance = "0.1 %"\nsize = "992616 B"\naccuracy = "99.2 %"\n'
    )
    counts = changed.pop("counts")
    assert "1 fail" in check(tmp_path, budget, board(counted(*counts, **changed)), code=1).out
