"""`edgekit compare` as a person runs it: every verdict and every exit code."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import pytest
from msgspec.structs import replace
from support.artefact_sets import make_set
from support.commands import run
from support.pages import ROOT, verdicts
from support.sessions import MS, board, counted, noise, saved, session, timed

import edgekit
from edgekit.results import Finding, read_result

HOT = Finding("invalid", "throttled", "The firmware reports throttling.", "Add a fan.")
REAL = session(timed(MS, 1.01 * MS, 0.99 * MS, spread=0))


TIMED = session(timed(*[20 * MS + i * 1e4 for i in range(10)]), created="2026-02-01T00:00:00Z")
COUNTED = board(counted(1_000_000))
CHANGES = [
    (TIMED, session(timed(*[20 * MS + i * 1e4 for i in range(10)])), 0, "same"),
    (TIMED, session(timed(*[24 * MS + i * 1e4 for i in range(10)])), 1, "slower"),
    (TIMED, session(timed(*[16 * MS + i * 1e4 for i in range(10)])), 0, "faster"),
    (TIMED, session(timed(*[24 * MS] * 3)), 4, "inconclusive"),
    (TIMED, session(timed(*[24 * MS] * 10, flaw=HOT)), 4, "invalid"),
    (COUNTED, board(counted(1_002_000)), 1, "more"),
    (COUNTED, board(counted(998_000)), 0, "fewer"),
    (COUNTED, board(counted(), device="rpi4-emulated"), 3, "missing"),
]


def test_every_verdict_that_the_page_names_is_reached_with_its_exit_code():
    reached = {word: code for _, _, code, word in CHANGES}
    assert reached == verdicts(ROOT / "docs" / "comparing.md", "What the words mean")


@pytest.mark.parametrize(("before", "after", "code", "word"), CHANGES)
def test_compare_says_what_changed(tmp_path, before, after, code, word):
    paths = saved(tmp_path, before, after)
    done = run("compare", *paths, cwd=tmp_path, code=code, COLUMNS="200")
    assert word in done.out
    record = json.loads(run("compare", *paths, "--json", cwd=tmp_path, code=code).out)
    assert [(pair["verdict"], record["exit_code"]) for pair in record["pairs"]] == [(word, code)]


def test_the_demos_files_are_judged_and_what_cannot_be_compared_is_listed_until_it_is_left_out(tmp_path):
    """This runtime has XNNPACK for float files, and none for int8 ones."""
    levels = [20 * MS + i * 1e4 for i in range(10)]
    new = [timed(*levels, file=file) for file in ("float32.tflite", "int8.tflite")]
    old = [timed(*levels, file=file, runtime="tflite-runtime") for file in ("float32.tflite", "int8.tflite")]
    old[1] = replace(old[1], runtime=replace(old[1].runtime, delegate=None))
    (path,) = saved(tmp_path, session(*new, *old))

    done = run("compare", path, "--across", "artefact", cwd=tmp_path, code=3, COLUMNS="200")
    assert re.search(r"float32.tflite → int8.tflite +litert 2.3.0 .* same", done.out)
    assert "not compared" in done.out
    assert "runtime delegate: 'XNNPACK' and None" in done.out
    only = ("--runtime", "litert", "--threads", "1")
    done = run("compare", path, "--across", "artefact", *only, cwd=tmp_path, COLUMNS="200")
    assert "not compared" not in done.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_comparison_that_is_ended_says_what_is_known_and_keeps_both_sides(tmp_path, number):
    make_set(tmp_path / "tiny", ("int8.tflite",))
    command = (sys.executable, "-m", "edgekit", "compare", "tiny", "tiny", "--runtime", "litert")
    with subprocess.Popen(command, cwd=tmp_path, stdout=PIPE, stderr=PIPE, text=True) as process:
        while len(list(tmp_path.glob("results/compared/*.json"))) < 2:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate()
    assert process.returncode == 128 + number, err
    how = "Interrupted." if number == signal.SIGINT else f"Ended by {number.name}."
    assert f"The session ended early: {how}" in " ".join(err.split())
    assert "invalid" in out
    kept = [read_result(path) for path in (tmp_path / "results" / "compared").glob("*.json")]
    assert [result.ended for result in kept] == ["interrupted"] * 2


def test_compare_of_unlike_devices_is_refused_until_it_is_asked_for(tmp_path):
    other = replace(REAL, device=replace(REAL.device, profile="rpi5"))
    paths = saved(tmp_path, REAL, other)
    refused = run("compare", *paths, cwd=tmp_path, code=2)
    assert "not comparable (" in refused.sentence
    assert "--across device" in refused.sentence
    assert (
        "rpi4 → rpi5" in run("compare", *paths, "--across", "device", cwd=tmp_path, code=4, COLUMNS="200").out
    )


def test_compare_within_one_result_and_with_a_cell_missing(tmp_path):
    both = board(counted(1_000_000), counted(2_000_000, runtime="tflite-runtime", version="2.14.0"))
    (path,) = saved(tmp_path, both)
    done = run("compare", path, "--across", "runtime", cwd=tmp_path, code=1, COLUMNS="200")
    assert "litert 2.3.0 → tflite-runtime 2.14.0" in done.out
    turned = run(
        "compare",
        path,
        "--across",
        "runtime",
        "--against",
        "tflite-runtime 2.14.0",
        cwd=tmp_path,
        COLUMNS="200",
    )
    assert re.search(r"0\.5000.*fewer", turned.out)
    paths = saved(tmp_path, both, board(counted(1_000_000)))
    assert "missing" in run("compare", *paths, cwd=tmp_path, code=3).out


@pytest.mark.parametrize(
    ("across", "hint"),
    [
        ((), "See which operator: edgekit explain OLD_FILE NEW_FILE"),
        (("--across", "device"), "edgekit explain FILE --device rpi4-emulated --device rpi5-emulated"),
        (("--across", "runtime"), "edgekit explain FILE --runtime OLD --runtime NEW"),
    ],
)
def test_more_instructions_are_followed_by_where_to_see_which_operator_takes_them(tmp_path, across, hint):
    after = board(
        counted(2_000_000, version="2.4.0" if "runtime" in across else "2.3.0"),
        device="rpi5-emulated" if "device" in across else "rpi4-emulated",
    )
    paths = saved(tmp_path, board(counted(1_000_000)), after)
    done = run("compare", *paths, *across, cwd=tmp_path, code=1)
    assert hint in done.sentence
    assert "rigorous" not in done.sentence


def test_no_advice_is_given_between_times_and_counts(tmp_path):
    paths = saved(tmp_path, REAL, board(counted(1_000_000)))
    done = run("compare", *paths, "--across", "device", cwd=tmp_path, code=3)
    assert done.err == ""


def test_unsteady_times_are_followed_by_more_repeats_and_missing_counts_by_another_session(tmp_path):
    paths = saved(tmp_path, session(timed(*[20 * MS] * 3)), session(timed(*[24 * MS] * 3)))
    done = run("compare", *paths, cwd=tmp_path, code=4)
    assert "Next: edgekit compare BASELINE_SET NEW_SET --device rpi4" in done.sentence
    within = saved(tmp_path, session(*(timed(MS, MS, MS, file=file) for file in ("a.tflite", "b.tflite"))))
    done = run("compare", *within, "--across", "artefact", cwd=tmp_path, code=4)
    assert done.sentence == "Next: edgekit compare BASELINE_FILE NEW_FILE --device rpi4"
    both = board(counted(1_000_000), counted(2_000_000, runtime="tflite-runtime", version="2.14.0"))
    paths = saved(tmp_path, both, board(counted(1_000_000)))
    done = run("compare", *paths, cwd=tmp_path, code=3)
    assert done.sentence == "Next: edgekit compare BASELINE_SET NEW_SET --device rpi4-emulated"


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ({"created": "2026-01-29T00:00:00Z"}, "is 31 days old, and valid for 30"),
        ({"system": "Linux 6.1.0"}, "was measured with the kernel Linux 6.1.0, but this is Linux 6.6.51"),
        ({}, ""),
    ],
)
def test_delta_follows_the_devices_noise_and_old_noise_or_of_another_kernel_is_named(
    tmp_path, planted, words
):
    known = session(timed(*[20 * MS] * 8), noise=noise(0.09, **planted))
    (path,) = saved(tmp_path, known)
    (tmp_path / "budgets.toml").write_text('[[budget]]\nlatency_p50 = "1 s"\n')

    compared = run("compare", path, path, "--json", cwd=tmp_path, code=None)
    record = json.loads(compared.out)
    checked = run("check", path, cwd=tmp_path, code=None, COLUMNS="200", GITHUB_STEP_SUMMARY="")

    assert record["pairs"][0]["latency"]["delta"] == pytest.approx(0.18)
    assert any(words in note for note in record["notes"])
    assert words in checked.out
    assert ("edgekit devices noise rpi4" in checked.out) is bool(words)


def test_an_asterisk_is_explained_where_one_is_shown(tmp_path):
    paths = saved(tmp_path, board(counted(1_000_000)), board(counted(1_000_000, sha256="b" * 64)))
    assert "* the file itself differs\n" in run("compare", *paths, cwd=tmp_path, COLUMNS="200").out
    assert "*" not in run("compare", paths[0], paths[0], cwd=tmp_path, COLUMNS="200").out


def test_compare_measures_two_sets_until_it_is_certain(tmp_path, monkeypatch):
    """The only one here that is measured, with real processes, whatever else this computer does."""
    make_set(tmp_path / "tiny", ("int8.tflite",))
    short = edgekit.Schedule(repeats=8, min_runs=64, min_seconds=0, warmup_seconds=0)
    monkeypatch.chdir(tmp_path)
    found = edgekit.compare("tiny", "tiny", runtimes="litert", mode=short, command="edgekit compare")
    assert [(pair.runtime.split()[0], pair.threads) for pair in found.pairs] == [("litert", "1")]
    assert found.pairs[0].word in ("same", "inconclusive"), found.pairs
    kept = sorted((tmp_path / "results" / "compared").glob("*.json"))
    assert [each.path for each in found.results] == [Path("results", "compared", k.name) for k in kept[::-1]]
    again = json.loads(run("compare", *kept[::-1], "--json", cwd=tmp_path, code=None).out)
    assert again["pairs"][0]["latency"]["p"] == found.pairs[0].latency.p, "judged by the record, likewise"


@pytest.mark.parametrize(
    ("sides", "named", "words"),
    [
        (("tiny",), {}, "Name two: edgekit compare OLD NEW"),
        (("tiny", "results/0.json"), {}, "compared with each other"),
        (("tiny", "tiny"), {"across": "model"}, "--across and --against are for results"),
        (("results/0.json", "results/0.json"), {"device": "host"}, "without a device"),
    ],
)
def test_what_is_measured_and_what_is_read_are_kept_apart(tmp_path, monkeypatch, sides, named, words):
    make_set(tmp_path / "tiny", ("int8.tflite",))
    saved(tmp_path, REAL)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(edgekit.UsageError) as refused:
        edgekit.compare(*sides, **named)
    assert words in f"{refused.value.what} {refused.value.hint}"


def test_a_user_without_a_device_is_refused(tmp_path):
    saved(tmp_path, REAL)
    done = run("compare", "results/0.json", "results/0.json", "--user", "pi", cwd=tmp_path, code=2)
    assert "Name it with --device" in done.sentence
