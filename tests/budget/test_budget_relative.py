"""Limits relative to a baseline: `latency_p50 = "+5 %"`."""

import json

import pytest
from msgspec.structs import replace
from support.commands import run
from support.sessions import MS, board, counted, noise, saved, session, timed

import edgekit
from edgekit.budget import read_baseline, read_budgets
from edgekit.errors import RecordError, UsageError
from edgekit.results import Finding, write_result

LEVELS = (1.00, 1.01, 0.99, 1.0, 1.005, 0.995, 1.0, 1.01)  # of eight repeats
HOT = Finding("invalid", "throttled", "The firmware reports throttling.", "Add a fan.")


def times(factor=1.0, levels=LEVELS, **named):
    return session(timed(*(MS * factor * level for level in levels), **named))


def judged(folder, limits, now, before, **named):
    """Judge a result by limits relative to another; return the verdicts."""
    (folder / "budgets.toml").write_text(f"[[budget]]\n{limits}\n")
    found = edgekit.check(now, budgets=folder / "budgets.toml", baseline=before, **named)
    return found.verdicts


def only(*given, **named):
    (verdict,) = judged(*given, **named)
    return verdict


@pytest.mark.parametrize(
    ("factor", "word", "why"),
    [
        (1.00, "pass", ""),
        (0.80, "pass", ""),
        (1.20, "fail", "is above +5.0 %"),
        (1.05, "inconclusive", "straddles the limit"),
    ],
)
def test_a_time_is_judged_by_the_interval_of_its_change(tmp_path, factor, word, why):
    verdict = only(tmp_path, 'latency_p50 = "+5 %"', times(factor, seed=1), times())

    assert verdict.verdict == word, verdict
    assert why in verdict.reason
    assert verdict.limit == pytest.approx(1.05 * verdict.baseline)
    assert verdict.low < verdict.measured < verdict.high


def test_p90_is_judged_by_each_repeats_own_p90(tmp_path):
    verdict = only(tmp_path, 'latency_p90 = "+5 %"', times(1.2, seed=1), times())

    assert verdict.verdict == "fail"
    assert verdict.baseline > MS * 1.01


def test_a_noisy_night_is_inconclusive_and_not_a_fail(tmp_path):
    night = times(1.10, levels=(0.8, 1.5, 1.0, 1.3, 0.9, 1.2, 1.0, 1.4))

    assert only(tmp_path, 'latency_p50 = "+5 %"', night, times()).verdict == "inconclusive"


def test_few_repeats_decide_nothing_and_the_verdict_says_how_many_would(tmp_path):
    verdict = only(tmp_path, 'latency_p50 = "+5 %"', times(2.0, levels=LEVELS[:5]), times())

    assert verdict.verdict == "inconclusive"
    assert "6 repeats on each side are needed, there are 5: edgekit bench --repeats 10" in verdict.reason


def test_known_noise_of_the_device_keeps_a_small_change_from_failing(tmp_path):
    now = times(1.15, seed=1)
    known = replace(now, noise=noise(0.10))

    assert only(tmp_path, 'latency_p50 = "+5 %"', now, times()).verdict == "fail"
    verdict = only(tmp_path, 'latency_p50 = "+5 %"', known, times())
    assert verdict.verdict == "inconclusive"
    assert "over the limit, but not wholly above +20.0 %, twice what like repeats differ by" in verdict.reason


def test_many_cells_are_tested_together_so_that_one_of_them_does_not_fail_by_chance(tmp_path):
    def cells(*factors):
        levels = LEVELS[:6]
        return session(
            *(timed(*(MS * f * level for level in levels), file=f"{i}.tflite") for i, f in enumerate(factors))
        )

    one = only(tmp_path, 'latency_p50 = "+5 %"', cells(1.3), cells(1.0))
    many = judged(tmp_path, 'latency_p50 = "+5 %"', cells(1.3, *[1.0] * 9), cells(*[1.0] * 10))

    assert one.verdict == "fail"
    assert many[0].verdict == "inconclusive"
    assert "10 cells tested together need more repeats" in many[0].reason


@pytest.mark.parametrize(
    ("limit", "now", "word"),
    [
        ('instructions = "+0.1 %"', counted(1_001_000), "pass"),
        ('instructions = "+0.1 %"', counted(1_001_001), "fail"),
        ('size = "+0 %"', counted(1, size=1_000), "pass"),
        ('size = "+0 %"', counted(1, size=1_001), "fail"),
        ('size = "+10%"', counted(1, size=1_001), "pass"),
    ],
)
def test_what_is_the_same_on_every_run_is_taken_as_it_is(tmp_path, limit, now, word):
    before = board(counted(1_000_000, size=1_000))

    assert only(tmp_path, limit, board(now), before).verdict == word


def test_memory_may_grow_by_so_much(tmp_path):
    assert only(tmp_path, 'peak_memory = "+10 %"', times(), times()).verdict == "pass"


@pytest.mark.parametrize(
    ("wrong", "limit", "word"),
    [
        (4, "-0 pp", "pass"),
        (6, "-0.5 pp", "pass"),
        (8, "-0.5 pp", "inconclusive"),  # 0.8 pp of 500 images
        (60, "-0.5 pp", "fail"),
        (0, "\N{MINUS SIGN}0.5 pp", "pass"),
    ],
)
def test_lost_accuracy_fails_only_where_the_images_can_tell(tmp_path, wrong, limit, word):
    verdict = only(tmp_path, f'accuracy = "{limit}"', times(wrong=wrong), times(wrong=4))

    assert verdict.verdict == word, verdict
    assert ("500 images do not decide" in verdict.reason) is (word == "inconclusive")


def test_agreement_is_judged_likewise(tmp_path):
    assert only(tmp_path, 'agreement = "-1 pp"', times(wrong=100), times(wrong=4)).verdict == "fail"


def test_without_a_baseline_it_is_a_first_run_that_passes_and_says_how_to_keep_one(tmp_path):
    (path,) = saved(tmp_path, times())
    (tmp_path / "budgets.toml").write_text('baseline = "base line.json"\n[[budget]]\nlatency_p50 = "+5 %"\n')
    environment = {"GITHUB_STEP_SUMMARY": "", "COLUMNS": "200"}

    done = run("check", cwd=tmp_path, **environment)

    assert "1 first" in done.out
    assert "There is no baseline base line.json yet, so this is a first run." in done.out
    assert f"To have one: cp {path.relative_to(tmp_path)} 'base line.json'" in done.out
    (tmp_path / "base line.json").write_bytes(path.read_bytes())
    done = run("check", "--json", cwd=tmp_path, code=0, **environment)
    record = json.loads(done.out)
    assert [each["verdict"] for each in record["verdicts"]] == ["pass"]
    assert record["notes"] == []


def test_an_option_names_another_baseline_and_a_relative_name_is_from_the_budgets_folder(tmp_path):
    ci, other = tmp_path / "ci", tmp_path / "other.json"
    ci.mkdir()
    write_result(ci / "base.json", times())
    write_result(other, times(0.5))
    (path,) = saved(tmp_path, times())
    (ci / "budgets.toml").write_text('baseline = ["base.json"]\n[[budget]]\nlatency_p50 = "+5 %"\n')
    arguments = ("check", path, "--budgets", ci / "budgets.toml")

    assert read_baseline(ci / "budgets.toml") == (ci / "base.json",)
    run(*arguments, cwd=tmp_path, GITHUB_STEP_SUMMARY="")
    failed = run(*arguments, "--baseline", other, cwd=tmp_path, code=1, GITHUB_STEP_SUMMARY="", COLUMNS="200")
    assert "(+5 %)" in failed.out


def test_a_new_cell_is_first_and_one_that_is_gone_is_missing(tmp_path):
    before = session(timed(MS, MS), timed(MS, MS, file="old.tflite"))
    now = session(timed(MS, MS), timed(MS, MS, file="new.tflite"))

    found = judged(tmp_path, 'size = "+0 %"', now, before)

    assert [(each.artefact, each.verdict) for each in found] == [
        ("int8.tflite", "pass"),
        ("new.tflite", "first"),
        ("old.tflite", "missing"),
    ]
    assert found[2].reason == "in the baseline, and not measured"


def test_a_new_version_of_the_runtime_is_held_to_the_old_ones_figures(tmp_path):
    verdict = only(tmp_path, 'latency_p50 = "+5 %"', times(1.3, version="2.4.0", seed=1), times())

    assert verdict.verdict == "fail"


def test_unlike_devices_are_not_compared(tmp_path):
    other = times()
    other = replace(other, device=replace(other.device, cpu="Cortex-A53"))

    verdict = only(tmp_path, 'latency_p50 = "+5 %"', times(), other)

    assert verdict.verdict == "missing"
    assert "device cpu: 'Cortex-A53' and 'Cortex-A72'" in verdict.reason


@pytest.mark.parametrize(("now", "before"), [(HOT, None), (None, HOT)])
def test_what_cannot_be_trusted_on_either_side_is_invalid(tmp_path, now, before):
    verdict = only(tmp_path, 'latency_p50 = "+5 %"', times(2.0, flaw=now), times(flaw=before))

    assert verdict.verdict == "invalid"
    assert ("the baseline: throttled" in verdict.reason) is (before is not None)

    size = only(tmp_path, 'size = "+0 %"', times(2.0, flaw=now), times(flaw=before))
    assert size.verdict == "pass"  # it is the same whatever the times are


def test_accuracy_on_other_images_is_not_compared(tmp_path):
    now = times()
    (cell,) = now.measurements
    other = replace(now.evaluations[0], sha256="f" * 64)
    cell = replace(cell, accuracy=replace(cell.accuracy, evaluation_sha256="f" * 64))

    verdict = only(
        tmp_path, 'accuracy = "-1 pp"', replace(now, measurements=(cell,), evaluations=(other,)), times()
    )

    assert (verdict.verdict, verdict.reason) == ("missing", "the baseline's is of other images")


def test_update_leaves_relative_limits_alone_and_says_what_they_need(tmp_path):
    write_result(tmp_path / "base.json", times())
    saved(tmp_path, times(2.0, size=500))
    text = 'baseline = "base.json"\n\n[[budget]]\nlatency_p50 = "+5 %"\nlatency_p90 = "1 ms"\n'
    (tmp_path / "budgets.toml").write_text(text)

    done = run("check", "--update", "--write", cwd=tmp_path, code=1)

    assert "latency p50" in done.sentence
    assert "If the change is intended, commit a new baseline" in done.sentence
    after = (tmp_path / "budgets.toml").read_text()
    assert 'latency_p50 = "+5 %"\n' in after
    assert 'latency_p90 = "1 ms"' not in after
    assert 'baseline = "base.json"' in after


def test_relative_limits_without_any_named_baseline_are_refused(tmp_path):
    with pytest.raises(UsageError, match="relative to a baseline, but names no baseline"):
        judged(tmp_path, 'size = "+5 %"', times(), None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[budget]]\nlatency_p50 = "-5 %"', "line 2: latency_p50: '-5 %' does not say how much worse"),
        ('[[budget]]\naccuracy = "+1 pp"', "Write it like '-0.5 pp'"),
        ('[[budget]]\naccuracy = "-1 %"', "Write it like '-0.5 pp'"),
        ('[[budget]]\naccuracy_drop = "+1 pp"', "to the float model already"),
        ('[[budget]]\nsize = "+5 %"\ntolerance = "0.1 %"', "says itself how much is tolerated"),
        ('[[budget]]\nsize = "+5 %"\nbaseline = "a.json"', "line 3: the baseline is that of the whole file"),
        ('baseline = 5\n[[budget]]\nsize = "+5 %"', "baseline: 5 is not the name of a file"),
        ('baseline = ""\n[[budget]]\nsize = "+5 %"', "is not the name of a file"),
    ],
)
def test_what_no_relative_limit_says_is_refused(tmp_path, text, words):
    (tmp_path / "budgets.toml").write_text(text)

    with pytest.raises(RecordError) as refused:
        read_budgets(tmp_path / "budgets.toml")
    assert words in str(refused.value)


def test_a_baseline_that_is_no_result_is_named(tmp_path):
    (tmp_path / "base.json").write_text("{}")

    with pytest.raises(RecordError, match="base"):
        judged(tmp_path, 'size = "+5 %"', times(), tmp_path / "base.json")
