"""Two sides, cell by cell: what is called slower, what is refused, what cannot be told."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy.stats import mannwhitneyu
from support.sessions import EVALUATION, MS, board, counted, noise, predicted, session, timed

from edgekit import stats
from edgekit.comparison import Only, compare
from edgekit.errors import UsageError
from edgekit.results import Finding

HOT = Finding("invalid", "throttled", "The firmware reports throttling.", "Add a fan.")
TEN = range(10)


def around(level: float, spread: float = 0.005, repeats: int = 10, seed: int = 0) -> list[float]:
    return (level * MS * np.random.default_rng(seed).lognormal(0, spread, repeats)).tolist()


def only(before, after, **named):
    found = compare(before, after, **named)
    assert len(found.pairs) == 1
    return found.pairs[0]


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (20, 20, "same"),
        (20, 20.6, "same"),
        (20, 22, "slower"),
        (20, 18, "faster"),
        (9, 9.9, "slower"),
        (2, 2.2, "slower"),  # however short it is
        (0.05, 0.4, "slower"),
        (0.8, 0.4, "faster"),
    ],
)
def test_a_change_of_time_is_called_by_its_size(before, after, word):
    found = only(session(timed(*around(before))), session(timed(*around(after, seed=1))))
    assert (found.word, found.latency.word) == (word, word)
    assert found.latency.low <= found.latency.ratio <= found.latency.high


def test_a_difference_that_the_clock_cannot_tell_is_none():
    def coarse(level, seed):
        measured = timed(*around(level, seed=seed))
        clocked = tuple(
            replace(r, samples_ns=tuple(round(ns, -3) for ns in r.samples_ns)) for r in measured.repeats
        )
        return session(replace(measured, repeats=clocked))

    found = only(coarse(0.010, 0), coarse(0.0115, 1))  # a clock of 1 µs
    assert (found.word, found.latency.reason) == (
        "same",
        "differs by less than 2 steps of the clock (2000 ns)",
    )
    assert only(coarse(0.010, 0), coarse(0.0145, 1)).word == "slower"


def test_a_noisy_device_must_change_by_twice_its_spread():
    before, after = around(20, 0.05), around(22, 0.05, seed=1)
    found = only(session(timed(*before)), session(timed(*after)))
    assert found.latency.delta == pytest.approx(
        2 * max(np.std(x, ddof=1) / np.mean(x) for x in (before, after)), rel=1e-2
    )
    assert found.word == "inconclusive"


@pytest.mark.parametrize(("stored", "delta", "word"), [(0.01, 0.05, "slower"), (0.08, 0.16, "inconclusive")])
def test_a_change_must_exceed_twice_the_devices_stored_noise(stored, delta, word):
    before, after = session(timed(*around(20))), session(timed(*around(22, seed=1)), noise=noise(stored))
    found = only(before, after)
    assert (found.latency.delta, found.word) == (pytest.approx(delta), word)


def test_noise_is_that_of_as_many_threads():
    stored = replace(noise(0.01), measured=(*noise(0.01).measured, *noise(0.3, threads=4).measured))
    sides = (session(timed(*around(level, seed=level), threads=4), noise=stored) for level in (20, 24))
    assert only(*sides).latency.delta == pytest.approx(0.6)
    assert (stored.spread(1), stored.spread(4), stored.spread(2)) == (0.01, 0.3, 0.3)


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ({}, []),
        ({"created": "2026-01-30T00:00:00Z"}, []),
        ({"created": "2026-01-29T00:00:00Z"}, ["is 31 days old, and valid for 30"]),
        ({"system": "Linux 6.1.0"}, ["with the kernel Linux 6.1.0, but this is Linux 6.6.51"]),
    ],
)
def test_noise_that_is_old_or_of_another_kernel_says_so(planted, words):
    side = session(timed(*around(20)), timed(*around(20), threads=4), noise=noise(0.02, **planted))
    notes = [note for note in compare(side, across="threads").notes if "noise" in note]
    for word, note in zip(words, notes, strict=True):
        assert word in note
        assert "edgekit devices noise rpi4" in note


@pytest.mark.parametrize("repeats", [1, 2, 5])
def test_fewer_than_six_repeats_a_side_tell_nothing(repeats):
    before, after = session(timed(*around(20, repeats=repeats))), session(timed(*around(40)))
    for pair in (only(before, after), only(after, before)):
        assert pair.word == "inconclusive"
        assert f"6 repeats on each side are needed, there are {repeats}" in pair.latency.reason
        assert pair.latency.p is None
    six = only(session(timed(*around(20, repeats=6))), session(timed(*around(40, repeats=6))))
    assert six.word == "slower"


def test_many_cells_at_once_need_more_repeats():
    files = [f"{name}.tflite" for name in "abcdef"]
    few, many = (
        [
            session(
                *(timed(*around(level, repeats=repeats, seed=i), file=file) for i, file in enumerate(files))
            )
            for level in (20, 40)
        ]
        for repeats in (6, 10)
    )
    words = [pair.word for pair in compare(*few).pairs]
    assert words == ["inconclusive"] * 6
    reason = compare(*few).pairs[0].latency.reason
    assert "6 cells tested together need more repeats: p is 0.013 (Holm)" in reason
    assert [pair.word for pair in compare(*many).pairs] == ["slower"] * 6


def test_the_same_file_measured_again_is_never_called_slower():
    """Twenty pairs of sessions of one truth, five cells each."""
    words = []
    for seed in range(20):
        sides = [
            session(
                *(
                    timed(*around(20, 0.02, seed=(seed, side, i)), file=f"{i}.tflite", samples=16)
                    for i in range(5)
                )
            )
            for side in (0, 1)
        ]
        words += [pair.word for pair in compare(*sides).pairs]
    assert len(words) == 100
    assert not {"slower", "faster"} & {*words}


def test_a_planted_slowdown_is_always_found():
    for seed in range(20):
        before, after = (
            session(timed(*around(level, 0.01, seed=(seed, level)), samples=16)) for level in (20, 23)
        )
        assert only(before, after).word == "slower"


def test_instructions_are_compared_exactly():
    before = board(counted(1_140_000, 1_140_010, 1_140_020))
    for count, word, code in ((1_140_900, "same", 0), (1_142_000, "more", 1), (1_138_000, "fewer", 0)):
        found = compare(before, board(counted(count)))
        (pair,) = found.pairs
        assert (pair.word, pair.latency, found.exit_code) == (word, None, code)
        assert pair.instructions.ratio == pytest.approx(count / 1_140_010)


def test_a_counters_spread_can_hide_a_change():
    wide = tuple(range(1_000_000, 1_100_000, 2_000))
    before = session(timed(*around(20), counts=wide))
    pair = only(before, session(timed(*around(20), counts=wide)))
    assert pair.instructions.word == "inconclusive"
    more = only(before, session(timed(*around(20), counts=tuple(x + 200_000 for x in wide))))
    assert more.instructions.word == "more"


def test_counts_of_different_kinds_are_not_compared():
    real = session(timed(*around(20), counts=(9, 9)), device="rpi4")
    pair = only(real, board(counted(9, 9)), across="device")
    assert (pair.latency, pair.instructions, pair.word) == (None, None, "missing")
    assert compare(real, board(counted(9, 9)), across="device").exit_code == 3


def test_times_of_an_emulated_device_are_not_compared():
    emulated = board(timed(*around(20)))
    assert only(emulated, emulated).latency is None


def test_an_invalid_side_makes_a_pair_invalid_and_never_slower():
    before, after = session(timed(*around(20))), session(timed(*around(40), flaw=HOT))
    for sides, name in (((before, after), "candidate"), ((after, before), "baseline")):
        found = compare(*sides)
        assert (found.pairs[0].word, found.exit_code) == ("invalid", 4)
        assert found.pairs[0].invalid.startswith(f"{name}: throttled")


@pytest.mark.parametrize(
    ("after", "word", "code"), [(2_000, "more", 1), (1_000, "invalid", 4), (500, "invalid", 4)]
)
def test_more_instructions_are_found_however_throttled_the_device_was(after, word, code):
    before = session(timed(*around(20), counts=(1_000,) * 5))
    slow = session(timed(*around(40), counts=(after,) * 5, flaw=HOT))
    found = compare(before, slow)
    assert (found.pairs[0].word, found.exit_code) == (word, code)
    assert found.pairs[0].latency is None
    assert found.pairs[0].instructions.ratio == after / 1_000
    assert found.pairs[0].invalid.startswith("candidate: throttled")


def test_a_measurement_that_failed_has_no_instructions_to_compare():
    failed = Finding("invalid", "failed", "The runtime ended.")
    before, after = (session(timed(*around(20), counts=(n,) * 5, flaw=failed)) for n in (1_000, 2_000))
    assert only(before, after).word == "invalid"
    assert only(before, after).instructions is None


def test_predictions_are_compared_on_the_same_images():
    sound, worse = timed(*around(20), wrong=0), timed(*around(20), wrong=10)
    agreement = only(session(sound), session(worse)).agreement
    assert (agreement.n, agreement.same, agreement.drop) == (500, 0.98, 0.02)
    assert agreement.low > 0
    other = replace(worse, accuracy=replace(predicted(10), evaluation_sha256="f" * 64))
    assert only(session(sound), session(other)).agreement is None
    unlabelled = [replace(session(side), evaluations=()) for side in (sound, worse)]
    assert (only(*unlabelled).agreement.same, only(*unlabelled).agreement.drop) == (0.98, None)
    assert EVALUATION.sha256 == sound.accuracy.evaluation_sha256


@pytest.mark.parametrize(
    ("change", "words", "hint"),
    [
        (
            lambda r: replace(r, device=replace(r.device, profile="rpi5")),
            "'rpi4' and 'rpi5'",
            "--across device",
        ),
        (lambda r: replace(r, device=replace(r.device, cpu="Cortex-A76")), "Cortex-A76", "--across device"),
        (
            lambda r: replace(r, before=replace(r.before, governor="powersave")),
            "powersave",
            "--across device",
        ),
        (lambda r: replace(r, fps=10.0), "--fps", "Measure both sides alike"),
        (lambda r: with_cell(r, affinity=(0,)), "affinity", "Measure both sides alike"),
        (lambda r: with_cell(r, input_sha256="b" * 64), "timed input", "Measure both sides alike"),
        (lambda r: with_runtime(r, version="2.2.0"), "'2.3.0' and '2.2.0'", "--across runtime"),
        (lambda r: with_runtime(r, delegate="GPU"), "'XNNPACK' and 'GPU'", "--across runtime"),
        (lambda r: with_runtime(r, options={"x": "1"}), "'x': '1'", "--across runtime"),
    ],
)
def test_unlike_things_are_refused_and_how_to_compare_them_is_said(change, words, hint):
    result = session(timed(*around(20)))
    with pytest.raises(UsageError) as refused:
        compare(result, change(result))
    assert words in refused.value.what
    assert hint in refused.value.hint


def with_cell(result, **changed):
    return replace(result, measurements=tuple(replace(m, **changed) for m in result.measurements))


def with_runtime(result, **changed):
    return with_cell(result, runtime=replace(result.measurements[0].runtime, **changed))


def test_what_cannot_be_compared_is_named_and_the_rest_is_judged():
    """As in the demo's result: this runtime has XNNPACK for float files and none for int8 ones."""
    both = session(
        timed(*around(20), file="float32.tflite"),
        timed(*around(10)),
        *(
            with_runtime(session(timed(*around(20), file="float32.tflite", runtime="old")), delegate=None)
        ).measurements,
        timed(*around(10), runtime="old"),
    )
    found = compare(both, across="artefact")
    assert [(pair.runtime, pair.word) for pair in found.pairs] == [("litert 2.3.0", "faster")]
    (reason,) = found.unlike
    assert "float32.tflite · old 2.3.0 · 1 thread → " in reason
    assert "runtime delegate: None and 'XNNPACK'" in reason
    assert found.exit_code == 3
    chosen = compare(both, across="artefact", only=Only(runtimes=("litert",)))
    assert (chosen.unlike, chosen.exit_code) == ((), 0)


def test_every_runtime_has_a_first_file_of_its_own_to_compare_others_with():
    both = session(
        timed(*around(20), file="float32.tflite"),
        timed(*around(10)),
        timed(*around(20), file="float32.tflite", version="2.2.0"),
        timed(*around(10), version="2.2.0"),
        timed(*around(20), file="float32.onnx", runtime="onnxruntime"),
        timed(*around(10), file="int8.onnx", runtime="onnxruntime"),
    )
    found = compare(both, across="artefact")
    assert [(pair.artefact, pair.runtime) for pair in found.pairs] == [
        ("float32.tflite → int8.tflite", "litert 2.3.0"),
        ("float32.tflite → int8.tflite", "litert 2.2.0"),
        ("float32.onnx → int8.onnx", "onnxruntime 2.3.0"),
    ]
    assert (found.missing, found.new, found.unlike, found.exit_code) == ((), (), (), 0)
    named = compare(both, across="artefact", against="float32.tflite")
    assert len(named.pairs) == 2
    assert [label.split(" ")[0].rpartition("/")[2] for label in named.new] == ["float32.onnx", "int8.onnx"]


@pytest.mark.parametrize(
    ("only", "left"),
    [
        (Only(runtimes=("litert",)), 2),
        (Only(runtimes=("litert==2.2.0",), threads=(1,)), 1),
        (Only(artefacts=("float32.tflite",)), 1),
        (Only(threads=("all",)), 1),
    ],
)
def test_only_what_is_named_is_compared(only, left):
    every = session(
        timed(*around(20)),
        timed(*around(20), threads=4, version="2.2.0", runtime="other"),
        timed(*around(20), version="2.2.0"),
        timed(*around(20), file="float32.tflite", runtime="other"),
    )
    assert len(compare(every, every, only=only).pairs) == left


@pytest.mark.parametrize(
    ("only", "words"),
    [
        (Only(runtimes=("litter",)), "no runtime litter.*litert"),
        (Only(threads=(3,)), "no threads 3"),
        (Only(artefacts=("int4.tflite",)), "no artefact int4.tflite"),
    ],
)
def test_a_name_that_no_cell_has_is_refused(only, words):
    result = session(timed(*around(20)))
    with pytest.raises(UsageError) as refused:
        compare(result, result, only=only)
    assert re.search(words, f"{refused.value.what} {refused.value.hint}")


def test_what_is_named_may_differ():
    result = session(timed(*around(20)))
    pi5 = replace(result, device=replace(result.device, profile="rpi5", cpu="Cortex-A76"))
    assert only(result, pi5, across="device").device == "rpi4 → rpi5"
    assert only(result, with_runtime(result, version="2.2.0"), across="runtime").runtime == (
        "litert 2.3.0 → litert 2.2.0"
    )
    other = session(timed(*around(20), runtime="onnxruntime", file="int8.onnx"))
    with pytest.raises(UsageError, match=r"Nothing can be compared.*--across"):
        compare(result, other)
    renamed = session(timed(*around(20), model="newer"))
    assert only(result, renamed, across="model").model.endswith("→ newer")


def test_another_files_content_is_what_is_compared():
    before, after = (session(timed(*around(20), sha256=letter * 64)) for letter in "ab")
    assert only(before, after).changed
    assert not only(before, before).changed


def test_cells_without_a_counterpart_are_named_and_do_not_pass():
    one, two = timed(*around(20)), timed(*around(30), file="float32.tflite")
    lost = compare(session(one, two), session(one))
    assert [label.split(" ")[0].rpartition("/")[2] for label in lost.missing] == ["float32.tflite"]
    assert (lost.new, lost.exit_code) == ((), 3)
    gained = compare(session(one), session(one, two))
    assert (len(gained.new), gained.missing, gained.exit_code) == (1, (), 0)


def test_versions_side_by_side_are_paired_by_version():
    both = session(timed(*around(20)), timed(*around(30), version="2.2.0"))
    found = compare(both, both)
    assert sorted(pair.runtime for pair in found.pairs) == ["litert 2.2.0", "litert 2.3.0"]
    assert {pair.word for pair in found.pairs} == {"same"}
    new = compare(both, session(timed(*around(20))))
    assert [pair.runtime for pair in new.pairs] == ["litert 2.3.0"]
    assert len(new.missing) == 1


def test_one_result_is_compared_within_itself():
    result = session(
        timed(*around(20), model="old"),
        timed(*around(24, seed=1), model="new"),
        timed(*around(20), model="old", threads=4),
        timed(*around(20, seed=1), model="new", threads=4),
    )
    found = compare(result, across="model")
    assert [(pair.model, pair.threads, pair.word) for pair in found.pairs] == [
        ("old → new", "1", "slower"),
        ("old → new", "4", "same"),
    ]
    turned = compare(result, across="model", against="new")
    assert [pair.word for pair in turned.pairs] == ["faster", "same"]
    threads = compare(result, across="threads")
    assert {pair.threads for pair in threads.pairs} == {"1 → 4"}


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({}, "a session has one device"),
        ({"across": "device"}, "a session has one device"),
        ({"across": "runtime"}, "only one runtime: litert 2.3.0"),
        ({"across": "model", "against": "none"}, "has only one model"),
    ],
)
def test_one_result_without_two_sides_is_refused(named, words):
    with pytest.raises(UsageError, match=words):
        compare(session(timed(*around(20))), **named)


def test_a_baseline_that_is_not_there_is_refused():
    result = session(timed(*around(20)), timed(*around(20), threads=4))
    with pytest.raises(UsageError, match="no threads '2'"):
        compare(result, across="threads", against="2")
    with pytest.raises(UsageError, match="within one result"):
        compare(result, result, against="2")


def test_what_a_reader_should_know_is_said():
    before, after = session(timed(*around(20))), session(timed(*around(20)), partial="Interrupted.")
    after = replace(after, device=replace(after.device, system="Linux 7.0.0"))
    notes = compare(before, after).notes
    assert [note.split(" ")[0] for note in notes] == ["The", "Measured", "The"]
    assert "candidate is not complete: Interrupted." in notes[0]
    assert "Linux 6.6.51 to Linux 7.0.0" in notes[2]
    assert compare(board(counted(1)), board(counted(1))).notes == ()


SIDES = st.lists(st.integers(1, 10**6), min_size=1, max_size=10)


@settings(deadline=None)
@given(SIDES, SIDES)
def test_the_rank_test_is_scipys_whatever_the_ties(before, after):
    p = stats.mann_whitney(before, after)
    assert 0 <= p <= 1
    if len({*before, *after}) == len(before) + len(after):
        assert p == pytest.approx(mannwhitneyu(before, after, method="exact").pvalue)
    assert stats.mann_whitney([5] * len(before), [5] * len(after)) == 1


def test_holm_gives_the_textbooks_adjustment():
    # step-down: 4 · .005, 3 · .01, then what was reached before is kept
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([]) == []
    assert stats.holm([0.9, 0.8]) == [1, 1]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_and_keeps_the_order(values):
    adjusted = stats.holm(values)
    assert all(after >= before for before, after in zip(values, adjusted, strict=True))
    in_order = [after for _, after in sorted(zip(values, adjusted, strict=True))]
    assert all(a <= b for a, b in pairwise(in_order))


def test_the_bootstrap_interval_is_the_same_every_time_and_scales():
    before, after = around(20, 0.02), around(22, 0.02, seed=1)
    first = stats.ratio_bootstrap(before, after)
    assert stats.ratio_bootstrap(before, after) == first
    assert stats.ratio_bootstrap(before, [2 * x for x in after]) == pytest.approx([2 * x for x in first])
    with pytest.raises(ValueError, match="baseline above 0"):
        stats.ratio_bootstrap([0, 1], [1, 1])


def test_the_bootstrap_interval_covers_the_true_ratio():
    random = np.random.default_rng(4)
    rounds, held = 60, 0
    for _ in range(rounds):
        before, after = random.lognormal(0, 0.02, 10), 1.1 * random.lognormal(0, 0.02, 10)
        _, low, high = stats.ratio_bootstrap(before, after)
        held += low <= 1.1 <= high
    assert held >= 0.95 * rounds  # percentile intervals of ten values fall a little short of 99 %


@pytest.mark.parametrize("confidence", [0.95, 0.99, 0.999])
@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 30, 101])
def test_students_quantile_is_scipys(confidence, freedom):
    from scipy.special import stdtrit

    assert stats._student(confidence, freedom) == pytest.approx(stdtrit(freedom, confidence), rel=1e-10)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 10**9), min_size=64, max_size=150), st.sampled_from([50, 90]))
def test_a_percentile_of_ordered_samples_is_the_percentile(samples, q):
    assert stats.ordered_percentile(sorted(samples), q) == pytest.approx(stats.percentile(samples, q))
    assert stats.ordered_percentile(sorted(samples)[:63], 90) is None


def test_counts_with_another_c_library_are_not_compared():
    older, newer = board(counted(1_000_000)), board(counted(990_000))
    newer = replace(newer, device=replace(newer.device, libc="glibc 2.41"))
    older = replace(older, device=replace(older.device, libc="glibc 2.36"))
    with pytest.raises(UsageError, match=r"device libc: 'glibc 2\.36' and 'glibc 2\.41'"):
        compare(older, newer)
