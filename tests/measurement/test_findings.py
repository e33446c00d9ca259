"""What makes a measurement invalid, and what its reader should know."""

import msgspec
import pytest

from edgekit.measurement.findings import Context, findings
from edgekit.measurement.request import Schedule
from edgekit.results import Accuracy, Artefact, Device, Environment, Measurement, Reference, Repeat, Runtime

SCHEDULE = Schedule(repeats=3, min_runs=128, min_seconds=2)
BOARD = Device("rpi4", "aarch64", "Linux", transport="ssh")
EMULATED = msgspec.structs.replace(BOARD, emulated=True)
QUIET = Environment("2026-01-02T03:04:05Z", other_cpus=0.0)


def repeat(position, ms=1.0, samples=None, **fields):
    values = samples or [round(ms * 1e6) + i % 9 for i in range(128)]
    return Repeat(position, 10**8, 10**7, 10**6, 10, tuple(values), other_cpus=0.0, **fields)


def measurement(*repeats, **fields):
    artefact = Artefact("tiny", "int8.tflite", "a" * 64, 1000, "tflite", "int8")
    chosen = repeats or tuple(repeat(i) for i in range(3))
    return Measurement(artefact, Runtime("litert", "2.3.0"), 1, tuple(chosen), **fields)


def judge(measured, **context):
    fields = {"schedule": SCHEDULE, "device": BOARD, "before": QUIET, "after": QUIET, **context}
    return {finding.code: finding for finding in findings(measured, Context(**fields))}


def test_a_quiet_measurement_has_nothing_to_say():
    assert judge(measurement()) == {}


@pytest.mark.parametrize(("fastest", "codes"), [(0.78, []), (0.76, ["slowed"])])
def test_a_median_far_above_the_fastest_sample_is_suspect(fastest, codes):
    samples = [round(fastest * 1e6), *[10**6] * 127]
    found = judge(measurement(repeat(0, samples=samples), repeat(1, samples=samples), repeat(2)))
    assert [code for code in found if code == "slowed"] == codes
    if codes:
        assert found["slowed"].kind == "warning"
        assert "1.32 times the fastest sample (limit 1.3)" in found["slowed"].message


def test_a_throttled_board_is_invalid():
    before, after = (msgspec.structs.replace(QUIET, throttled=bits) for bits in (0x0, 0x50000))
    found = judge(measurement(), before=before, after=after)["throttled"]
    assert found.kind == "invalid"
    assert "under-voltage and throttling" in found.message
    assert "0x50000" in found.message


def test_a_throttle_of_long_ago_does_not_count():
    hot_once = msgspec.structs.replace(QUIET, throttled=0x50000)
    assert judge(measurement(), before=hot_once, after=hot_once) == {}


def test_a_board_that_is_throttled_all_along_is_invalid():
    hot = msgspec.structs.replace(QUIET, throttled=0x50005)
    assert judge(measurement(), before=hot, after=hot)["throttled"].kind == "invalid"


def test_a_clock_that_moved_is_invalid():
    repeats = [repeat(0, frequency_khz=(1_800_000, 1_800_000)), repeat(1, frequency_khz=(1_800_000, 600_000))]
    found = judge(measurement(*repeats, repeat(2)))["clock-moved"]
    assert found.kind == "invalid"
    assert "600 and 1800 MHz" in found.message


def test_a_clock_that_only_trembles_is_fine():
    repeats = [repeat(i, frequency_khz=(1_800_000, 1_790_000)) for i in range(3)]
    assert judge(measurement(*repeats)) == {}


@pytest.mark.parametrize(("ms", "kind"), [(1.05, None), (1.12, "warning"), (1.4, "invalid")])
def test_repeats_that_disagree_warn_and_then_invalidate(ms, kind):
    found = judge(measurement(repeat(0), repeat(1), repeat(2, ms)))
    assert (found["noisy"].kind if found else None) == kind


def test_a_cpu_quota_that_stopped_the_measurement_is_named_instead_of_other_programs():
    samples = [1_000_000] * 120 + [80_000_000] * 8
    limited = msgspec.structs.replace(QUIET, cpu_quota=0.2)
    repeats = [repeat(i, samples=samples, quota_stops=(8, 640_000_000)) for i in range(3)]
    found = judge(measurement(*repeats), before=limited)
    assert found["cpu-quota"].kind == "invalid"
    assert "of 0.2 CPUs stopped the measured process 24 times, for 1.9 s in all" in found["cpu-quota"].message
    assert "--cpus" in found["cpu-quota"].advice
    assert found["outliers"].advice == found["cpu-quota"].advice


def test_a_quota_that_hardly_stopped_anything_is_a_warning():
    repeats = [repeat(0, quota_stops=(1, 100_000)), repeat(1), repeat(2)]
    assert judge(measurement(*repeats))["cpu-quota"].kind == "warning"


def test_other_programs_at_work_are_a_warning_with_their_amount():
    busy = msgspec.structs.replace(repeat(1), other_cpus=0.8)
    found = judge(measurement(repeat(0), busy, repeat(2)))["busy"]
    assert found.kind == "warning"
    assert "0.8 CPUs" in found.message


def test_a_device_that_was_busy_at_the_start_is_a_warning():
    busy = msgspec.structs.replace(QUIET, other_cpus=1.5)
    assert "1.5 CPUs busy when the session began" in judge(measurement(), before=busy)["busy"].message


def test_repeats_that_are_missing_are_invalid():
    found = judge(measurement(repeat(0)))["incomplete"]
    assert found.kind == "invalid"
    assert "1 of 3" in found.message


def test_a_failure_is_told_instead():
    found = judge(measurement(repeat(0)), failure="It crashed.")
    assert (found["failed"].kind, found["failed"].message) == ("invalid", "It crashed.")
    assert "incomplete" not in found


def test_a_repeat_that_hit_the_cap_is_a_warning_and_hardly_any_samples_are_invalid():
    few = measurement(*[repeat(i, samples=[10**6] * 60) for i in range(3)])
    assert judge(few)["too-few-samples"].kind == "warning"
    hardly = measurement(*[repeat(i, samples=[10**6] * 20) for i in range(3)])
    assert judge(hardly)["too-few-samples"].kind == "invalid"


@pytest.mark.parametrize(
    ("fps", "seconds", "warned"), [(10, 12.701, False), (10, 14, True), (None, 14, False)]
)
def test_a_pace_that_was_not_kept_is_a_warning_with_the_one_that_was(fps, seconds, warned):
    slow = msgspec.structs.replace(repeat(1), loop_ns=round(seconds * 1e9))
    found = judge(measurement(repeat(0), slow, repeat(2)), fps=fps)
    assert ("pace-missed" in found) == warned
    if warned:  # 128 inferences begin 127 periods apart
        assert "10 inferences per second were asked for; 9.072 were reached" in found["pace-missed"].message


def with_outliers(count):
    samples = [10**6 + i % 9 for i in range(128 - count)] + [5 * 10**6] * count
    return measurement(repeat(0, samples=samples), repeat(1), repeat(2))


def test_a_few_outliers_are_nothing_to_warn_about():
    assert judge(with_outliers(3)) == {}


def test_many_outliers_are_counted_and_kept():
    measured = with_outliers(4)
    found = judge(measured)["outliers"]
    assert found.kind == "warning"
    assert "4 of 384 samples (1.04%)" in found.message
    assert max(measured.repeats[0].samples_ns) == 5 * 10**6


REFERENCE = Reference("a" * 64, accuracy=0.99, keras_accuracy=0.99, target="arm64")


@pytest.mark.parametrize(("correct", "warned"), [(990, False), (986, False), (950, True), (1000, True)])
def test_another_accuracy_than_where_it_was_converted_is_a_warning(correct, warned):
    measured = measurement(accuracy=Accuracy(1000, correct, "e" * 64, (0,) * 1000))
    found = judge(measured, reference=REFERENCE)
    assert ("accuracy-differs" in found) == warned
    if warned:
        assert f"{correct / 10:.2f}%" in found["accuracy-differs"].message
        assert "99.00%" in found["accuracy-differs"].message


def test_two_images_of_a_few_are_no_difference():
    measured = measurement(accuracy=Accuracy(40, 38, "e" * 64, (0,) * 40))
    assert judge(measured, reference=msgspec.structs.replace(REFERENCE, accuracy=1.0)) == {}


def test_an_emulated_device_measures_no_times():
    assert judge(measurement(), device=EMULATED)["emulated"].kind == "warning"


def test_every_finding_says_what_to_do():
    hot = msgspec.structs.replace(QUIET, throttled=0x5, other_cpus=2.0)
    bad = measurement(repeat(0, frequency_khz=(1, 2)), repeat(1, 3.0, samples=[1, 2, 3, 900]))
    found = judge(bad, before=hot, after=hot, device=EMULATED)
    assert len(found) >= 7
    assert all(finding.advice and finding.message for finding in found.values())
