"""`edgekit compare` as a person runs it: every verdict and every exit code."""

import json
import re

import pytest
from msgspec.structs import replace
from support.commands import run
from support.sessions import MS, board, counted, saved, session, timed

from edgekit.results import Finding

HOT = Finding("invalid", "throttled", "The firmware reports throttling.", "Add a fan.")
REAL = session(timed(MS, 1.01 * MS, 0.99 * MS, spread=0))


@pytest.mark.parametrize(
    ("after", "code", "word"),
    [
        (session(timed(*[20 * MS + i * 1e4 for i in range(10)])), 0, "same"),
        (session(timed(*[24 * MS + i * 1e4 for i in range(10)])), 1, "slower"),
        (session(timed(*[16 * MS + i * 1e4 for i in range(10)])), 0, "faster"),
        (session(timed(*[24 * MS] * 3)), 4, "inconclusive"),
        (session(timed(*[24 * MS] * 10, flaw=HOT)), 4, "invalid"),
    ],
)
def test_compare_says_what_changed(tmp_path, after, code, word):
    before = session(timed(*[20 * MS + i * 1e4 for i in range(10)]), created="2026-02-01T00:00:00Z")
    paths = saved(tmp_path, before, after)
    done = run("compare", *paths, cwd=tmp_path, code=code, COLUMNS="200")
    assert word in done.out
    record = json.loads(run("compare", *paths, "--json", cwd=tmp_path, code=code).out)
    assert [(pair["verdict"], record["exit_code"]) for pair in record["pairs"]] == [(word, code)]


def test_compare_of_unlike_devices_is_refused_until_it_is_asked_for(tmp_path):
    other = replace(REAL, device=replace(REAL.device, profile="rpi5"))
    paths = saved(tmp_path, REAL, other)
    refused = run("compare", *paths, cwd=tmp_path, code=2)
    assert "unlike things are not compared" in refused.sentence
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
    assert "--mode rigorous" in run("compare", *paths, cwd=tmp_path, code=4).sentence
    both = board(counted(1_000_000), counted(2_000_000, runtime="tflite-runtime", version="2.14.0"))
    paths = saved(tmp_path, both, board(counted(1_000_000)))
    done = run("compare", *paths, cwd=tmp_path, code=3)
    assert done.sentence == "Next: edgekit bench BASELINE_SET NEW_SET --device rpi4-emulated"


def test_an_asterisk_is_explained_where_one_is_shown(tmp_path):
    paths = saved(tmp_path, board(counted(1_000_000)), board(counted(1_000_000, sha256="b" * 64)))
    assert "* the file itself differs\n" in run("compare", *paths, cwd=tmp_path, COLUMNS="200").out
    assert "*" not in run("compare", paths[0], paths[0], cwd=tmp_path, COLUMNS="200").out
