"""Rows are computed from raw samples, and from nothing else."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from support.simulated import BUSY, EVALUATION, HOT, IMAGES, joined, simulate

from edgekit import stats
from edgekit.artefact import Head
from edgekit.reporting.formats import REPORT_FORMATS
from edgekit.reporting.report import Report
from edgekit.reporting.rows import findings, rows
from edgekit.results import Accuracy, Repeat


def one(result, **changed):
    """Keep a result's first measurement, with changes."""
    measurement = msgspec.structs.replace(result.measurements[0], **changed)
    return msgspec.structs.replace(result, measurements=(measurement,))


def repeat(*samples: int) -> Repeat:
    return Repeat(0, import_ns=1, load_ns=10, first_ns=100, warmup_runs=10, samples_ns=samples)


def test_a_runtime_without_its_delegate_is_another_one():
    [measurement] = one(simulate()).measurements
    runtime = msgspec.structs.replace(measurement.runtime, xnnpack=False)
    [usual], [without] = rows(one(simulate())), rows(one(simulate(), runtime=runtime))
    assert without.runtime == f"{usual.runtime} without XNNPACK"


def test_p50_is_the_median_of_the_repeats_medians_with_their_range():
    [row] = rows(one(simulate(), repeats=(repeat(1, 2, 90), repeat(5, 5), repeat(7, 9, 11))))
    assert row.latency.p50 == stats.Spread(5.0, 2.0, 9.0)
    assert row.latency.medians == (2.0, 5.0, 9.0)
    assert (row.latency.repeats, row.latency.samples) == (3, 8)


def test_tail_percentiles_are_of_all_samples_and_their_range_is_across_repeats():
    first, second = range(100, 200), range(300, 400)
    [row] = rows(one(simulate(), repeats=(repeat(*first), repeat(*second))))
    assert row.latency.p90 == np.percentile([*first, *second], 90)
    assert row.latency.p90_range == (np.percentile(first, 90), np.percentile(second, 90))
    assert row.latency.p99 is None  # 200 samples are too few
    assert row.latency.p99_range is None


def test_a_range_needs_every_repeat_to_be_long_enough():
    [row] = rows(one(simulate(), repeats=(repeat(*range(64)), repeat(*range(63)))))
    assert row.latency.p90 is not None
    assert row.latency.p90_range is None


def test_outliers_are_counted_within_their_repeat_and_kept():
    [row] = rows(one(simulate(), repeats=(repeat(10, 11, 12, 500), repeat(500, 501, 502))))
    assert row.latency.outliers == 1
    assert row.latency.samples == 7


def test_a_measurement_without_repeats_has_no_times():
    [row] = rows(one(simulate(), repeats=(), memory=None, accuracy=None, instructions=None))
    assert (row.latency, row.load, row.first, row.memory, row.accuracy, row.instructions) == (None,) * 6


def test_the_models_own_memory_is_its_peak_over_the_baseline():
    result = simulate()
    for row in rows(result):
        measurement = result.measurements[row.index]
        assert row.memory.model == measurement.memory.peak - measurement.memory.baseline > 0


def test_the_drop_is_paired_with_the_keras_model_over_the_same_images():
    result = simulate()
    row = next(row for row in rows(result) if row.artefact == "int8.onnx")
    # Keras gets the first 2 images wrong, int8.onnx the first 5
    expected = stats.paired_drop([False] * 2 + [True] * (IMAGES - 2), [False] * 5 + [True] * (IMAGES - 5))
    assert (row.accuracy.drop, *row.accuracy.drop_interval) == pytest.approx(expected)
    assert row.accuracy.drop == pytest.approx(3 / IMAGES)
    assert row.accuracy.agreement == (IMAGES - 3) / IMAGES
    assert row.accuracy.interval == stats.wilson(IMAGES - 5, IMAGES)


def test_without_the_keras_models_predictions_the_drop_has_no_interval():
    result = simulate(evaluations=())
    for row in rows(result):
        assert row.accuracy.drop == pytest.approx((IMAGES - 2) / IMAGES - row.accuracy.value)
        assert (row.accuracy.drop_interval, row.accuracy.agreement) == (None, None)


def without_classes(result):
    """The same session, over images whose classes are not known."""
    replace = msgspec.structs.replace
    return replace(
        result,
        references=tuple(replace(each, accuracy=None, keras_accuracy=None) for each in result.references),
        evaluations=tuple(replace(each, labels=(-1,) * len(each.labels)) for each in result.evaluations),
        measurements=tuple(
            replace(each, accuracy=each.accuracy and replace(each.accuracy, correct=None))
            for each in result.measurements
        ),
    )


def test_images_without_classes_have_agreement_in_place_of_accuracy():
    result = without_classes(simulate())
    row = next(row for row in rows(result) if row.artefact == "int8.onnx")
    seen = row.accuracy
    assert (seen.value, seen.interval, seen.drop, seen.drop_interval, seen.on_host) == (None,) * 5
    assert seen.agreement == (IMAGES - 3) / IMAGES
    for ending in (".csv", ".md", ".json", ".html"):
        assert REPORT_FORMATS[ending].render(Report([result]))


def test_of_several_labels_those_that_are_right_are_counted():
    result = simulate()
    evaluation = msgspec.structs.replace(
        result.evaluations[0], labels=(0b101,) * IMAGES, head=Head("multilabel"), classes=3
    )
    accuracy = Accuracy(IMAGES, IMAGES - 2, EVALUATION, (0b101,) * (IMAGES - 2) + (0b100, 0b010))
    found = one(msgspec.structs.replace(result, evaluations=(evaluation,)), accuracy=accuracy)
    [row] = rows(found)
    assert row.accuracy.by_label == pytest.approx(1 - 4 / (3 * IMAGES))
    assert row.accuracy.value == (IMAGES - 2) / IMAGES


@pytest.mark.parametrize("predictions", [(), (1, 2, 3)])
def test_predictions_of_other_images_are_not_paired(predictions):
    result = simulate()
    [row] = rows(one(result, accuracy=Accuracy(IMAGES, 450, EVALUATION, predictions)))
    assert row.accuracy.drop_interval is None
    [row] = rows(
        one(result, accuracy=msgspec.structs.replace(result.measurements[0].accuracy, evaluation_sha256="f"))
    )
    assert row.accuracy.drop_interval is None


def test_rows_come_by_threads_and_the_fastest_first():
    found = [(row.threads, row.latency.p50.value) for row in rows(simulate())]
    assert found == sorted(found)
    assert {threads for threads, _ in found} == {1, 4}


def test_a_row_knows_its_measurement():
    result = simulate()
    for row in rows(result):
        measurement = result.measurements[row.index]
        assert (row.artefact, row.threads) == (measurement.artefact.file, measurement.threads)
        medians = [np.median(each.samples_ns) for each in measurement.repeats]
        assert row.latency.p50.value == np.median(medians)


def test_findings_are_gathered_by_check_and_the_invalidating_come_first():
    flawed = {
        ("float32.tflite", "litert", 1): (BUSY,),
        ("int8.onnx", "onnxruntime", 4): (HOT,),
        ("int8.tflite", "litert", 1): (BUSY, HOT),
    }
    hot, busy = findings(rows(simulate(flawed=flawed)))
    assert (hot.kind, hot.code, len(hot.seen)) == ("invalid", "clock-moved", 2)
    assert (busy.kind, busy.advice, len(busy.seen)) == ("warning", BUSY.advice, 2)
    assert hot.seen[1] == ("int8.onnx · onnxruntime 1.23.2 · 4 threads", HOT.message)


@pytest.mark.parametrize(("found", "state"), [((), "ok"), ((BUSY,), "warning"), ((BUSY, HOT), "invalid")])
def test_a_rows_state_is_its_worst_finding(found, state):
    [row] = rows(one(simulate(), findings=found))
    assert row.state == state
    assert row.valid == (state != "invalid")


def test_with_several_sets_a_findings_place_names_its_set():
    flawed = {("int8.onnx", "onnxruntime", 1): (HOT,)}
    both = joined(simulate(set_name="a", threads=(1,), flawed=flawed), simulate(set_name="b", threads=(1,)))
    [hot] = findings(rows(both))
    assert hot.seen == (("a/int8.onnx · onnxruntime 1.23.2 · 1 thread", HOT.message),)


def warned(count, *, threads=(1, 4)):
    """A session of which the first `count` measurements share a warning, and the last has one of its own."""
    result = simulate(threads=threads)
    own = replace(BUSY, code="outliers")
    last = len(result.measurements) - 1
    return replace(
        result,
        measurements=tuple(
            replace(m, findings=(BUSY,) * (i < count) + (own,) * (i == last))
            for i, m in enumerate(result.measurements)
        ),
    )


def test_what_most_rows_are_warned_about_is_said_once_and_marks_none():
    computed = rows(warned(10))
    busy, own = sorted(findings(computed), key=lambda found: found.code)
    assert len(busy.seen) == len(own.seen) == 1
    assert busy.seen[0][0].startswith(f"10 of {len(computed)} measurements, such as ")
    assert [row.state for row in computed].count("warning") == 1
    assert sum(len(row.findings) for row in computed) == 11, "every row still has its own"


def test_what_half_the_rows_are_warned_about_marks_each():
    computed = rows(warned(len(rows(simulate())) // 2))
    assert len(findings(computed)[0].seen) == len(computed) // 2
    assert [row.state for row in computed].count("warning") == len(computed) // 2 + 1


def test_what_makes_most_rows_invalid_marks_each():
    result = simulate()
    hot = replace(result, measurements=tuple(replace(m, findings=(HOT,)) for m in result.measurements))
    assert {row.state for row in rows(hot)} == {"invalid"}
    assert len(findings(rows(hot))[0].seen) == len(result.measurements)
