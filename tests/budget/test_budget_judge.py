"""Verdicts: what passes, fails, cannot be told, cannot be trusted, or was never measured."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from support.sessions import (
    MODEL,
    MS,
    as_edgekit_0_1_wrote_it,
    board,
    counted,
    noise,
    saved,
    session,
    timed,
)

import edgekit
from edgekit import results as records
from edgekit.budget import cells, exit_code, judge, read_budgets, read_cells
from edgekit.errors import RecordError
from edgekit.results import Finding

HOT = Finding("invalid", "throttled", "The firmware reports throttling.", "Add a fan.")
COUNTS = (1_140_213, 1_140_240, 1_140_198)


def verdicts(folder: Path, budgets: str, *results):
    (folder / "budgets.toml").write_text(budgets)
    return judge(read_budgets(folder / "budgets.toml"), read_cells(saved(folder, *results)))


def only(folder: Path, limits: str, *results):
    found = verdicts(folder, f"[[budget]]\n{limits}", *results)
    assert len(found) == 1
    return found[0]


EXACT = f'model = "{MODEL}"\nartefact = "int8.tflite"\nruntime = "litert==2.3.0"\nthreads = 1\nsize = "9 MB"'
LEVELS = tuple(MS * (1 + x) for x in (-0.01, 0.01, 0.0))  # t(.99, 2) · s / √3 = 4.02 %


@pytest.mark.parametrize(
    ("limit", "word"),
    [
        ("1.5 ms", "pass"),
        ("1.05 ms", "pass"),
        ("1.03 ms", "inconclusive"),
        ("1.00 ms", "inconclusive"),
        ("0.97 ms", "inconclusive"),
        ("0.95 ms", "fail"),
        ("0.1 ms", "fail"),
    ],
)
def test_a_time_is_judged_by_its_bounds(tmp_path, limit, word):
    result = session(timed(*LEVELS, spread=0))
    found = only(tmp_path, f'latency_p50 = "{limit}"', result)
    assert found.verdict == word
    assert (found.low, found.measured, found.high) == pytest.approx(
        (0.9598 * MS, 1.0 * MS, 1.0402 * MS), rel=1e-4
    )


@pytest.mark.parametrize(
    ("stored", "verdict", "half"),
    [(0.001, "pass", 0.0402), (0.05, "inconclusive", 2.3263 * 0.05 / 3**0.5), (None, "pass", 0.0402)],
)
def test_repeats_that_happen_to_be_alike_do_not_make_a_device_quieter(tmp_path, stored, verdict, half):
    result = session(timed(*LEVELS, spread=0), noise=noise(stored) if stored else None)
    found = only(tmp_path, 'latency_p50 = "1.05 ms"', result)
    assert found.verdict == verdict
    assert found.high == pytest.approx((1 + half) * MS, rel=1e-3)


def test_bounds_that_rest_on_old_noise_say_so(tmp_path):
    (tmp_path / "budgets.toml").write_text('[[budget]]\nlatency_p50 = "9 ms"\n')
    for planted, count in (({}, 0), ({"created": "2025-06-01T00:00:00Z"}, 1), ({"system": "Linux 5"}, 1)):
        result = session(timed(*LEVELS), timed(*LEVELS, threads=4), noise=noise(0.02, **planted))
        notes = edgekit.check(result, budgets=tmp_path / "budgets.toml").notes
        assert ["edgekit devices noise rpi4" in note for note in notes] == [True] * count


def test_what_is_inconclusive_says_how_many_repeats_would_tell(tmp_path):
    near = only(tmp_path, 'latency_p50 = "1.02 ms"', session(timed(*LEVELS, spread=0)))
    assert "with this spread 5 repeats would decide: --mode standard makes 5" in near.reason
    nearer = only(tmp_path, 'latency_p50 = "1.01 ms"', session(timed(*LEVELS, spread=0)))
    assert "with this spread 9 repeats would decide: --mode rigorous makes 10" in nearer.reason
    there = only(tmp_path, 'latency_p50 = "1.001 ms"', session(timed(*LEVELS, spread=0)))
    assert "even 10 repeats would not decide" in there.reason


def test_one_repeat_decides_nothing(tmp_path):
    found = only(tmp_path, 'latency_p50 = "9 s"', session(timed(MS)))
    assert (found.verdict, found.low) == ("inconclusive", None)
    assert "a single repeat shows no spread" in found.reason


def test_p90_below_its_floor_of_samples_decides_nothing(tmp_path):
    found = only(tmp_path, 'latency_p90 = "9 s"', session(timed(MS, MS, MS, samples=63)))
    assert found.verdict == "inconclusive"
    assert "63 samples, and p90 needs 64" in found.reason
    assert only(tmp_path, 'latency_p90 = "9 s"', session(timed(MS, MS, MS, samples=64))).verdict == "pass"


def test_p90_is_judged_by_the_slow_tenth(tmp_path):
    result = session(timed(MS, MS * 1.001, MS * 0.999, spread=0.2))
    budgets = '[[budget]]\nlatency_p50 = "1.15 ms"\nlatency_p90 = "1.15 ms"'
    p50, p90 = verdicts(tmp_path, budgets, result)
    assert (p50.verdict, p90.verdict) == ("pass", "fail")


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ('size = "992616 B"', "pass"),
        ('size = "992615 B"', "fail"),
        ('peak_memory = "45 MB"', "pass"),
        ('peak_memory = "44.9 MB"', "fail"),
        ('accuracy = "99.2 %"', "pass"),
        ('accuracy = "99.21 %"', "fail"),
        ('accuracy_drop = "0.6 pp"', "pass"),
        ('accuracy_drop = "0.59 pp"', "fail"),
        ('instructions = "1_140_213"', "refused"),
        ("instructions = 1_140_213", "pass"),
        ("instructions = 1_140_212", "fail"),
        ('instructions = "1.1397 M"\ntolerance = "0.1 %"', "pass"),
        ('instructions = "1.1390 M"\ntolerance = "0.1 %"', "fail"),
        ('size = "992000 B"\ntolerance = "0.1 %"', "pass"),
        ('size = "991000 B"\ntolerance = "0.1 %"', "fail"),
    ],
)
def test_what_is_the_same_on_every_run_is_judged_exactly(tmp_path, limits, word):
    measured = timed(MS, MS, MS, counts=COUNTS, source="qemu cortex-a72")
    if word == "refused":
        with pytest.raises(RecordError):
            only(tmp_path, limits, session(measured))
    else:
        assert only(tmp_path, limits, session(measured)).verdict == word


def test_the_drop_is_from_the_keras_model_on_the_same_images(tmp_path):
    found = only(tmp_path, 'accuracy_drop = "1 pp"', session(timed(MS, MS, wrong=6)))
    assert found.measured == pytest.approx((499 - 494) / 500)
    gained = only(tmp_path, 'accuracy_drop = "0 pp"', session(timed(MS, MS, wrong=0)))
    assert (gained.verdict, gained.measured) == ("pass", pytest.approx(-1 / 500))


def test_without_the_keras_models_predictions_the_references_accuracy_counts(tmp_path):
    result = session(timed(MS, MS, wrong=6))
    alone = msgspec.structs.replace(result, evaluations=())
    assert only(tmp_path, 'accuracy_drop = "1 pp"', alone).measured == pytest.approx(0.998 - 494 / 500)
    nothing = msgspec.structs.replace(alone, references=())
    assert only(tmp_path, 'accuracy_drop = "1 pp"', nothing).verdict == "missing"


def test_images_without_classes_are_judged_by_agreement(tmp_path):
    result = session(timed(MS, MS, wrong=6))
    (measured,) = result.measurements
    (truth,) = result.evaluations
    accuracy = msgspec.structs.replace(measured.accuracy, correct=None)
    result = msgspec.structs.replace(
        result,
        measurements=(msgspec.structs.replace(measured, accuracy=accuracy),),
        evaluations=(msgspec.structs.replace(truth, labels=(-1,) * len(truth.labels)),),
    )
    limits = '[[budget]]\naccuracy = "90 %"\naccuracy_drop = "9 pp"\nagreement = "98 %"'
    found = verdicts(tmp_path, limits, result)
    assert [each.verdict for each in found] == ["missing", "missing", "pass"]
    assert "`agreement` applies" in found[0].reason
    assert found[2].measured == pytest.approx(1 - 7 / 500)  # Keras has one wrong
    assert only(tmp_path, 'agreement = "98.7 %"', result).verdict == "fail"


def test_part_of_the_images_has_an_accuracy_and_no_drop(tmp_path):
    result = session(timed(MS, MS, wrong=6))
    (measured,) = result.measurements
    accuracy = msgspec.structs.replace(measured.accuracy, n=100, correct=99, predictions=(1,) * 100)
    part = msgspec.structs.replace(measured, accuracy=accuracy)
    result = msgspec.structs.replace(result, measurements=(part,))
    both = verdicts(tmp_path, '[[budget]]\naccuracy = "99 %"\naccuracy_drop = "9 pp"', result)
    assert [each.verdict for each in both] == ["pass", "missing"]
    assert "on 100 of 500 images" in both[0].reason


def test_a_counters_instructions_are_judged_with_their_spread(tmp_path):
    counts = tuple(range(1_000_000, 1_000_064))  # one a load; half the interval is 2.39 · 18.6 / √64
    result = session(timed(MS, MS, counts=counts))
    assert only(tmp_path, "instructions = 1_000_041", result).verdict == "pass"
    between = only(tmp_path, "instructions = 1_000_030", result)
    assert between.verdict == "inconclusive"
    assert (between.low, between.high) == (
        pytest.approx(1_000_025.9, abs=0.1),
        pytest.approx(1_000_037.1, abs=0.1),
    )
    assert "set a tolerance" in between.reason
    assert only(tmp_path, "instructions = 1_000_021", result).verdict == "fail"
    assert only(tmp_path, 'instructions = 999_999\ntolerance = "0.01 %"', result).verdict == "pass"


@pytest.mark.parametrize(
    ("limits", "stale"),
    [
        ('latency_p50 = "3 ms"', True),
        ('latency_p50 = "1.5 ms"', False),
        ('size = "2 MB"', True),
        ('size = "1.5 MB"', False),
        ('size = "994000 B"\ntolerance = "0.1 %"', True),
        ('size = "993000 B"\ntolerance = "0.1 %"', False),
        ('accuracy = "10 %"', False),
    ],
)
def test_a_limit_that_is_left_far_behind_is_reported_and_passes(tmp_path, limits, stale):
    found = only(tmp_path, limits, session(timed(MS, MS * 1.01, MS)))
    assert (found.verdict, found.stale, "tighten" in found.reason) == ("pass", stale, stale)


EVERYTHING = '[[budget]]\nlatency_p50 = "1 ns"\nsize = "1 B"\naccuracy = "100 %"\npeak_memory = "1 B"'


def test_a_measurement_that_failed_is_invalid_whatever_its_numbers(tmp_path):
    flaw = Finding("invalid", "failed", "The process was killed.")
    found = verdicts(tmp_path, EVERYTHING, session(timed(MS, MS, flaw=flaw)))
    assert [(each.verdict, each.measured) for each in found] == [("invalid", None)] * 4


@pytest.mark.parametrize("code", ["noisy", "throttled", "too-hot", "clock-moved", "cpu-quota"])
def test_where_only_times_cannot_be_trusted_the_rest_is_judged(tmp_path, code):
    noisy = session(timed(MS, MS, flaw=msgspec.structs.replace(HOT, code=code)))
    latency, *others = verdicts(tmp_path, EVERYTHING, noisy)
    assert (latency.verdict, latency.measured) == ("invalid", None)
    assert f"{code}: The firmware reports throttling. Add a fan." in latency.reason
    assert only(tmp_path, 'latency_p50 = "9 s"', noisy).verdict == "invalid"
    quiet = verdicts(tmp_path, EVERYTHING, session(timed(MS, MS)))[1:]
    assert [(each.metric, each.verdict, each.measured) for each in others] == [
        (each.metric, "fail", each.measured) for each in quiet
    ]


@pytest.mark.parametrize("limit", ["1 ns", "9 s"])
def test_an_emulated_device_neither_keeps_nor_breaks_a_limit_of_time(tmp_path, limit):
    emulated = board(counted(*COUNTS))
    with_times = board(timed(MS, MS, MS))  # as user-mode emulation gives them
    for result in (emulated, with_times):
        found = only(tmp_path, f'latency_p50 = "{limit}"', result)
        assert (found.verdict, found.measured) == ("missing", None)
        assert "rpi4-emulated is emulated: it has no times" in found.reason


def test_a_pattern_that_takes_in_an_emulated_device_judges_the_real_ones_times(tmp_path):
    budgets = '[[budget]]\ndevice = "rpi4*"\nlatency_p50 = "2 ms"\ninstructions = 1_200_000'
    found = verdicts(tmp_path, budgets, session(timed(MS, MS, counts=COUNTS)), board(counted(*COUNTS)))
    assert [(each.device, each.metric, each.verdict) for each in found] == [
        ("rpi4", "latency_p50", "pass"),
        ("rpi4", "instructions", "pass"),
        ("rpi4-emulated", "instructions", "pass"),
    ]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("device", "rpi5", "no result has the device 'rpi5'; there are rpi4: edgekit bench --device rpi5"),
        ("device", "pi*", "no result has the device 'pi*'; there are rpi4"),
        ("model", "xception", f"no result has the model 'xception'; there are {MODEL}"),
        ("artefact", "int8.onnx", "no result has the artefact 'int8.onnx'; there are int8.tflite"),
        ("runtime", "litert==9.*", "no result has the runtime 'litert==9.*'; there are litert==2.3.0"),
        ("runtime", "LiteRT", "no result has the runtime 'LiteRT'"),
    ],
)
def test_a_budget_that_matches_nothing_is_missing_and_says_at_what(tmp_path, key, value, words):
    found = only(tmp_path, f'{key} = "{value}"\nsize = "9 MB"', session(timed(MS, MS)))
    assert found.verdict == "missing"
    assert words in found.reason
    assert getattr(found, key) == value


def test_other_threads_are_missing(tmp_path):
    found = only(tmp_path, 'threads = 4\nsize = "9 MB"', session(timed(MS, MS)))
    assert (found.verdict, found.threads) == ("missing", 4)


def test_what_was_not_measured_is_missing(tmp_path):
    bare = session(timed(wrong=None, memory=False))
    keys = ('latency_p50 = "1 s"', 'peak_memory = "1 GB"', 'accuracy = "1 %"', "instructions = 9")
    found = verdicts(tmp_path, "\n".join(("[[budget]]", *keys)), bare)
    assert [(each.verdict, each.reason) for each in found] == [
        ("missing", "latency was not measured"),
        ("missing", "memory was not measured"),
        ("missing", "accuracy was not measured"),
        ("missing", "instructions were not counted"),
    ]


def test_a_pattern_is_missing_for_the_one_cell_that_lacks_the_metric(tmp_path):
    result = session(timed(MS, MS), timed(MS, MS, file="float32.tflite", memory=False))
    found = verdicts(tmp_path, '[[budget]]\npeak_memory = "60 MB"', result)
    assert {(each.artefact, each.verdict) for each in found} == {
        ("int8.tflite", "pass"),
        ("float32.tflite", "missing"),
    }


def test_every_table_that_matches_applies(tmp_path):
    budgets = (
        '[[budget]]\nname = "all"\nsize = "0.9 MB"\n'
        '[[budget]]\nname = "this"\nartefact = "int8*"\nsize = "1 MB"\naccuracy = "99 %"'
    )
    found = verdicts(tmp_path, budgets, session(timed(MS, MS)))
    assert [(each.budget, each.metric, each.verdict) for each in found] == [
        ("all", "size", "fail"),
        ("this", "size", "pass"),
        ("this", "accuracy", "pass"),
    ]


@pytest.mark.parametrize("name", ["a[1].tflite", "ünï.tflite", "x\ny.tflite", "-rf", "*.tflite", "[!a]"])
def test_a_name_matches_itself_whatever_is_in_it(tmp_path, name):
    import tomlkit

    found = only(
        tmp_path, f'artefact = {tomlkit.item(name).as_string()}\nsize = "9 MB"', session(timed(MS, file=name))
    )
    assert (found.verdict, found.artefact) == ("pass", name)


def test_of_several_sessions_the_newest_speaks_however_they_are_named(tmp_path):
    old = session(timed(MS, MS, size=1), created="2026-03-01T00:00:00Z")
    new = session(timed(MS, MS, size=2, version="2.4.0"), created="2026-03-02T00:00:00Z")
    for results in ((old, new), (new, old)):
        found = only(tmp_path, 'size = "9 MB"', *results)
        assert (found.measured, found.runtime) == (2, "litert 2.4.0")
    assert read_cells(saved(tmp_path, new, old)).superseded == 1


def test_of_sessions_of_the_same_second_the_last_named_speaks(tmp_path):
    one, other = session(timed(MS, MS, size=1)), session(timed(MS, MS, size=2))
    assert only(tmp_path, 'size = "9 MB"', one, other).measured == 2


def test_versions_side_by_side_in_one_session_are_all_judged(tmp_path):
    result = session(timed(MS, MS), timed(MS, MS, version="2.2.0"))
    found = verdicts(tmp_path, '[[budget]]\nruntime = "litert"\nsize = "9 MB"', result)
    assert {each.runtime for each in found} == {"litert 2.3.0", "litert 2.2.0"}
    assert only(tmp_path, 'runtime = "litert==2.2.*"\nsize = "9 MB"', result).runtime == "litert 2.2.0"


def without_xnnpack(measurement):
    runtime = msgspec.structs.replace(measurement.runtime, delegate=None, xnnpack=False)
    return msgspec.structs.replace(measurement, runtime=runtime)


def test_a_newer_result_without_xnnpack_does_not_speak_for_the_runtime_as_it_comes(tmp_path):
    slow = board(counted(1_400_000))
    off = board(without_xnnpack(counted(990_000)), created="2026-03-02T00:00:00Z")
    for runtime in ("litert", "litert==2.3.0", "litert*", "litert==2.*"):
        found = only(tmp_path, f'runtime = "{runtime}"\ninstructions = "1 M"', slow, off)
        assert (found.verdict, found.runtime, found.measured) == ("fail", "litert 2.3.0", 1_400_000)
        alone = only(tmp_path, f'runtime = "{runtime}"\ninstructions = "1 M"', off)
        assert (alone.verdict, alone.reason) == (
            "missing",
            "litert==2.3.0 was measured only with --no-xnnpack",
        )
    assert len(verdicts(tmp_path, '[[budget]]\nruntime = "*"\ninstructions = "1 M"', slow, off)) == 2


@pytest.mark.parametrize("runtime", ["litert", "litert==2.3.0", "lite*==2.*"])
@pytest.mark.parametrize("written", ['runtime = "{}"\nxnnpack = false', 'runtime = "{} without XNNPACK"'])
def test_a_budget_is_of_a_runtime_without_xnnpack_as_edgekit_0_1_wrote_it_too(tmp_path, runtime, written):
    slow, off = board(counted(1_400_000)), board(without_xnnpack(counted(990_000)))
    budget = f'{written.format(runtime)}\ninstructions = "1 M"'
    found = only(tmp_path, budget, slow, off)
    assert (found.verdict, found.runtime, found.xnnpack) == ("pass", "litert 2.3.0 without XNNPACK", False)
    missing = only(tmp_path, budget, slow)
    assert (missing.verdict, missing.runtime) == ("missing", f"{runtime} without XNNPACK")
    assert missing.reason == "litert==2.3.0 was measured without --no-xnnpack"


def test_results_of_edgekit_0_1_are_judged_as_those_of_today(tmp_path):
    measured = without_xnnpack(counted(990_000)), counted(1_400_000)
    limits = 'runtime = "litert"\nxnnpack = false\ninstructions = "1 M"\n[[budget]]\nlatency_p50 = "1 ms"'
    results = board(*measured), session(timed(MS, 1.1 * MS))
    today = verdicts(tmp_path, f"[[budget]]\n{limits}", *results)
    for path in (tmp_path / "results").iterdir():
        as_edgekit_0_1_wrote_it(path)
    first = judge(
        read_budgets(tmp_path / "budgets.toml"), read_cells(sorted((tmp_path / "results").iterdir()))
    )
    assert first == today
    assert {each.verdict for each in today} == {"pass", "inconclusive"}


def test_a_damaged_result_of_edgekit_0_1_is_named(tmp_path):
    (path,) = saved(tmp_path, session(timed(MS)))
    as_edgekit_0_1_wrote_it(path)
    record = json.loads(path.read_text())
    del record["device"]
    path.write_text(json.dumps(record))
    with pytest.raises(RecordError, match=r"0\.json is damaged"):
        read_cells([path])


@pytest.mark.parametrize(
    ("mirror", "record"),
    [
        (cells._Session, records.Result),
        (cells._Measurement, records.Measurement),
        (cells._Repeat, records.Repeat),
    ],
)
def test_what_is_read_of_a_result_is_what_its_record_has(mirror, record):
    theirs = {field.name: field for field in msgspec.structs.fields(record)}
    for mine in msgspec.structs.fields(mirror):
        same = theirs[mine.name]
        assert mine.required == same.required, mine.name
        if mine.type is msgspec.Raw or cells._Measurement in getattr(mine.type, "__args__", ()):
            continue  # decoded later, as the record has it
        assert msgspec.json.schema(mine.type) == msgspec.json.schema(same.type), mine.name
        assert mine.default == same.default, mine.name


def test_a_budget_is_of_one_pace(tmp_path):
    plain, spaced = session(timed(MS, MS)), session(timed(3 * MS, 3 * MS), fps=30.0, created="2026-03-02")
    both = '[[budget]]\nlatency_p50 = "2 ms"\n[[budget]]\nfps = 30\nlatency_p50 = "2 ms"'
    found = verdicts(tmp_path, both, plain, spaced)
    assert [(each.fps, round(each.measured / MS)) for each in found] == [(None, 1), (30, 3)]
    for results, limits, words in (
        ([spaced], 'size = "9 MB"', "measured at 30 inferences per second (--fps 30), not back to back"),
        ([plain], 'fps = 7.5\nsize = "9 MB"', "measured back to back, not at 7.5 inferences per second"),
        ([board(counted(9))], 'fps = 30\nsize = "9 MB"', "measured on an emulated board, which has no pace"),
    ):
        missing = only(tmp_path, limits, *results)
        assert (missing.verdict, words in missing.reason) == ("missing", True), missing.reason
    odd = board(timed(MS, MS), fps=30.0)  # an emulated processor that was timed
    assert only(tmp_path, 'size = "9 MB"', odd).verdict == "pass"


def test_cells_that_were_pinned_to_other_cpus_are_each_judged(tmp_path):
    def pinned(level, *cpus):
        return msgspec.structs.replace(timed(level, level * 1.001), affinity=cpus)

    results = [session(pinned(3 * MS)), session(pinned(MS, 2, 3), created="2026-03-02")]
    found = verdicts(tmp_path, '[[budget]]\nlatency_p50 = "2 ms"', *results)
    assert [(each.affinity, each.verdict) for each in found] == [((), "fail"), ((2, 3), "pass")]
    again = session(pinned(4 * MS, 3, 2), created="2026-03-03")
    assert only(tmp_path, 'latency_p50 = "1 ns"', again, results[1]).affinity == (2, 3)


def test_no_inference_takes_no_instructions(tmp_path):
    with pytest.raises(RecordError, match="damaged"):
        only(tmp_path, 'instructions = "1 M"', board(counted(0, 0, 0)))


def test_a_session_that_was_cut_short_does_not_pass_for_what_it_may_not_have_reached(tmp_path):
    cut = session(timed(MS, MS), partial="Interrupted.", ended="interrupted")
    done, rest = verdicts(tmp_path, '[[budget]]\nsize = "9 MB"', cut)
    assert (done.verdict, rest.verdict) == ("pass", "missing")
    assert "is not complete" in rest.reason
    assert "Interrupted." in rest.reason
    assert only(tmp_path, EXACT, cut).verdict == "pass"
    whole = session(timed(MS, MS), created="2026-03-02T00:00:00Z")
    assert only(tmp_path, 'size = "9 MB"', cut, whole).verdict == "pass"


LOST = "int8.tflite: does not load"
OTHER = timed(MS, MS, file="float32.tflite")


@pytest.mark.parametrize(
    "budget", [EXACT, EXACT.replace("threads = 1\n", ""), 'artefact = "int8*"\nsize = "9 MB"']
)
def test_a_cell_that_the_newest_session_lost_does_not_pass_by_an_older_one(tmp_path, budget):
    yesterday = session(timed(MS, MS), OTHER)
    today = session(OTHER, created="2026-03-02T00:00:00Z", partial=LOST, ended="failed")
    done, lost = verdicts(tmp_path, f"[[budget]]\n{budget}", yesterday, today)
    assert (done.verdict, lost.verdict) == ("pass", "missing")
    assert f"results/1.json) is not complete: {LOST}" in lost.reason
    later = session(OTHER, created="2026-03-03T00:00:00Z")  # supersedes all that today's session measured
    assert exit_code(verdicts(tmp_path, f"[[budget]]\n{budget}", yesterday, today, later)) == 3
    again = session(timed(MS, MS), created="2026-03-03T00:00:00Z")
    assert only(tmp_path, budget, yesterday, today, again).verdict == "pass"


def test_a_cell_that_one_device_lost_does_not_pass_by_another_device(tmp_path):
    budget = f'[[budget]]\ndevice = "rpi*-emulated"\n{EXACT}'
    both = [timed(wrong=None), timed(wrong=None, file="float32.tflite")]
    lost = board(both[1], partial=LOST, ended="failed")
    five = board(*both, device="rpi5-emulated")
    found = verdicts(tmp_path, budget, lost, five)
    assert [(each.device, each.verdict) for each in found] == [
        ("rpi5-emulated", "pass"),
        ("rpi*-emulated", "missing"),
    ]
    assert "the session on rpi4-emulated" in found[1].reason
    assert exit_code(verdicts(tmp_path, budget, board(*both), five)) == 0
    nothing = board(partial=LOST, ended="failed")
    assert exit_code(verdicts(tmp_path, budget, nothing, five)) == 3


def test_a_version_that_failed_does_not_pass_by_another_one(tmp_path):
    cut = session(timed(MS, MS, version="2.1.0"), partial="litert 2.3.0: does not load", ended="failed")
    for runtime in ("litert", "litert==2.*", "*"):
        found = verdicts(tmp_path, f"[[budget]]\n{EXACT.replace('litert==2.3.0', runtime)}", cut)
        assert [each.verdict for each in found] == ["pass", "missing"]
    lost = only(tmp_path, EXACT, cut)
    assert (lost.verdict, "litert 2.3.0: does not load" in lost.reason) == ("missing", True)
    assert only(tmp_path, EXACT.replace("2.3.0", "2.1.0"), cut).verdict == "pass"


def test_a_session_of_another_pace_or_device_that_was_cut_short_takes_nothing_away(tmp_path):
    named = {"created": "2026-03-02T00:00:00Z", "partial": LOST, "ended": "failed"}
    whole = session(timed(MS, MS))
    assert only(tmp_path, EXACT, whole, session(OTHER, fps=30.0, **named)).verdict == "pass"
    assert (
        only(tmp_path, 'device = "rpi4"\nsize = "9 MB"', whole, board(counted(9), **named)).verdict == "pass"
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["pass"], 0),
        (["pass", "fail", "missing", "invalid", "inconclusive"], 1),
        (["pass", "missing", "invalid", "inconclusive"], 3),
        (["pass", "invalid"], 4),
        (["inconclusive"], 4),
        ([], 3),
    ],
)
def test_the_worst_word_decides_the_exit_code(tmp_path, words, code):
    blank = only(tmp_path, 'size = "9 MB"', session(timed(MS, MS)))
    assert exit_code([msgspec.structs.replace(blank, verdict=word) for word in words]) == code


def test_a_damaged_repeat_is_refused_and_its_file_named(tmp_path):
    (path,) = saved(tmp_path, session(timed(MS, MS)))
    path.write_bytes(path.read_bytes().replace(b'"samples_ns": [', b'"samples_ns": [-5,'))
    (tmp_path / "budgets.toml").write_text('[[budget]]\nlatency_p50 = "1 ms"')
    with pytest.raises(RecordError, match=r"0\.json is damaged"):
        judge(read_budgets(tmp_path / "budgets.toml"), read_cells([path]))


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"schema": "edgekit.manifest/1"}', b'{"schema": "edgekit.result/99"}'],
)
def test_what_is_no_result_is_refused_and_named(tmp_path, content):
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"odd\.json"):
        read_cells([path])


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 2), min_size=2, max_size=10), st.floats(0.1, 5))
def test_a_verdict_on_a_time_never_contradicts_its_bounds(levels, limit):
    from edgekit import stats

    bounds = stats.repeat_bounds(levels)
    assert bounds.low <= bounds.value <= bounds.high
    wider = stats.repeat_bounds(levels, 0.999)
    assert wider.low <= bounds.low
    assert bounds.high <= wider.high


@pytest.mark.parametrize("repeats", [3, 5, 10])
def test_a_model_exactly_on_its_limit_fails_at_most_once_in_a_hundred_checks(repeats):
    from edgekit import stats

    random = np.random.default_rng(5)
    rounds = 4000
    draws = random.lognormal(0, 0.03, (rounds, repeats))
    over = sum(stats.repeat_bounds(each.tolist()).low > 1 for each in draws)
    under = sum(stats.repeat_bounds(each.tolist()).high <= 1 for each in draws)
    assert binomtest(over, rounds, 0.01, alternative="greater").pvalue > 0.001
    assert binomtest(under, rounds, 0.01, alternative="greater").pvalue > 0.001


def test_a_planted_slowdown_of_a_tenth_is_caught_and_its_absence_passes(tmp_path):
    """Budget 5 % over the truth, repeats within 1 %: what a quiet board does."""
    random = np.random.default_rng(9)
    words = {1.0: [], 1.1: []}
    for seed in range(40):
        for factor, said in words.items():
            levels = (factor * MS * random.lognormal(0, 0.01, 10)).tolist()
            result = session(timed(*levels, samples=64, seed=seed))
            said.append(only(tmp_path, 'latency_p50 = "1.05 ms"', result).verdict)
    assert words[1.0] == ["pass"] * 40
    assert words[1.1] == ["fail"] * 40
