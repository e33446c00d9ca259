"""Devices side by side: like is matched with like, and nothing else is ever divided."""

import msgspec
import pytest
from support.simulated import (
    DEVICE,
    EVALUATION,
    HOT,
    IMAGES,
    digest,
    emulated,
    joined,
    judged,
    on_host,
    retimed,
    simulate,
)

from edgekit.reporting.agreement import agreement, versions, versions_sentences
from edgekit.reporting.kinds import cpu_words
from edgekit.reporting.report import Report
from edgekit.reporting.rows import rows
from edgekit.reporting.session import Session
from edgekit.reporting.side_by_side.columns import fitted, table, threads_of
from edgekit.reporting.side_by_side.summary import summarise
from edgekit.reporting.table import NONE
from edgekit.results import Accuracy
from edgekit.stats import ratio_range

INT8 = ("int8.tflite", "litert", 1)
LAB = msgspec.structs.replace(DEVICE, profile="lab", emulated=True)


def said(*results):
    return summarise(Report(results).side_by_side)


def line(found, device, file="int8.tflite", runtime="litert 2.3.0", threads=1):
    [only] = [
        each
        for each in found.lines
        if (each.device, each.row.artefact, each.row.runtime, each.row.threads)
        == (device, file, runtime, threads)
    ]
    return only


def other_cpus(result, cpus):
    return msgspec.structs.replace(result, device=msgspec.structs.replace(result.device, cpus=cpus))


def with_version(result, name, version):
    measurements = tuple(
        msgspec.structs.replace(m, runtime=msgspec.structs.replace(m.runtime, version=version))
        if m.runtime.name == name
        else m
        for m in result.measurements
    )
    return msgspec.structs.replace(result, measurements=measurements)


def test_the_ratio_is_to_the_first_device_named_with_the_range_the_repeats_allow():
    found = Report([on_host(), simulate()]).side_by_side
    host, pi = line(found, "host"), line(found, "rpi4")
    expected = ratio_range(pi.row.latency.p50, host.row.latency.p50)
    assert (pi.time.value, pi.time.low, pi.time.high) == expected
    assert pi.time.value == pytest.approx(10, rel=0.05)
    assert host.time is None
    assert found.devices == ("host", "rpi4")
    swapped = line(Report([simulate(), on_host()]).side_by_side, "host")
    assert swapped.time.value == pytest.approx(1 / pi.time.value)


def test_another_file_or_another_version_of_the_runtime_is_not_matched():
    pi = with_version(simulate(threads=(1,)), "litert", "2.1.0")
    found = Report([on_host(threads=(1,)), pi]).side_by_side
    assert {len(cell) for cell in found.cells if cell[0].row.runtime.startswith("litert")} == {1}
    assert {len(cell) for cell in found.cells if cell[0].row.runtime.startswith("onnx")} == {2}
    assert line(found, "rpi4", runtime="litert 2.1.0").time is None
    assert Report([on_host(), simulate(set_name="other")]).side_by_side is None


def test_a_file_is_matched_by_its_hash_whatever_its_set_is_called():
    pi = simulate(threads=(1,))
    elsewhere = tuple(
        msgspec.structs.replace(m, artefact=msgspec.structs.replace(m.artefact, set="copy", file="x.tflite"))
        for m in pi.measurements
    )
    found = Report([on_host(threads=(1,)), msgspec.structs.replace(pi, measurements=elsewhere)]).side_by_side
    assert all(len(cell) == 2 for cell in found.cells)
    assert {each.row.name for each in found.lines} == {m.artefact.file for m in pi.measurements}


def test_all_cpus_are_matched_where_they_differ_in_number_and_the_numbers_are_shown():
    found = Report([on_host(), simulate()]).side_by_side
    cell = next(c for c in found.cells if c[0].row.threads == 16 and c[0].row.artefact == "int8.onnx")
    assert [(each.device, each.row.threads) for each in cell] == [("host", 16), ("rpi4", 4)]
    assert threads_of(cell) == "all CPUs: 16 and 4 threads"
    shown = table(found)
    column = next(c for c in shown.columns if c.key == "threads")
    assert [column.cell(each) for each in cell] == ["16", "4"]


def test_a_thread_count_that_is_not_all_cpus_is_matched_with_the_same_number_only():
    found = Report([on_host(threads=(1, 8)), simulate()]).side_by_side
    assert all(len(cell) == 1 for cell in found.cells if cell[0].row.threads in (4, 8))
    unknown = Report([other_cpus(on_host(), None), simulate()]).side_by_side
    assert all(len(cell) == 1 for cell in unknown.cells if cell[0].row.threads in (4, 16))


def test_equal_thread_counts_are_matched_before_all_cpus_are():
    found = Report([on_host(threads=(1, 4, 16)), simulate()]).side_by_side
    fours = [cell for cell in found.cells if cell[0].row.threads == 4]
    assert fours
    assert all([each.device for each in cell] == ["host", "rpi4"] for cell in fours)
    assert all(len(cell) == 1 for cell in found.cells if cell[0].row.threads == 16)


def test_pinned_cpus_are_all_there_are():
    pinned = tuple(msgspec.structs.replace(m, affinity=(2, 3)) for m in simulate(threads=(2,)).measurements)
    pi = msgspec.structs.replace(simulate(threads=(2,)), measurements=pinned)
    found = Report([on_host(threads=(16,)), pi]).side_by_side
    assert all([each.row.threads for each in cell] == [16, 2] for cell in found.cells)


def test_nothing_that_was_measured_is_missing_from_the_table():
    sessions = [on_host(threads=(1, 8)), simulate(), emulated()]
    found = Report(sessions).side_by_side
    assert len(found.lines) == sum(len(each.measurements) for each in sessions)
    assert len(table(found).cells) == len(found.lines)


@pytest.mark.parametrize("sessions", [(on_host, simulate), (simulate, on_host)])
def test_an_invalid_measurement_enters_no_ratio(sessions):
    first, second = (make(threads=(1,), flawed={INT8: (HOT,)}) for make in sessions)
    found = Report([first, second]).side_by_side
    assert all(
        each.time is None for each in found.lines if each.row.artefact == "int8.tflite" and not each.row.valid
    )
    cell = next(cell for cell in found.cells if not cell[0].row.valid)
    assert [each.time for each in cell] == [None, None]


def test_times_of_zero_enter_no_ratio():
    found = Report([retimed(on_host()), simulate()]).side_by_side
    assert all(each.time is None for each in found.lines)


def test_an_emulated_devices_times_enter_no_ratio_from_either_side():
    lab = simulate(device=LAB)
    for sessions in ([on_host(), lab], [lab, on_host()], [lab, simulate(), on_host()]):
        found = Report(sessions).side_by_side
        assert found.name(found.bases.times) != "lab"
        assert all(each.time is None for each in found.lines if each.device == "lab")
    found = Report([lab, simulate(), on_host()]).side_by_side
    assert found.name(found.bases.times) == "rpi4"
    assert line(found, "host").time.value < 1
    text = " ".join(said(on_host(), lab))
    assert "lab has no ratio of times to host, since its times are an emulator's." in text
    assert "times as long" not in text


def test_spaced_inferences_are_not_divided_by_those_back_to_back():
    spaced = simulate(fps=10.0)
    assert all(each.time is None for each in Report([on_host(), spaced]).side_by_side.lines)
    assert "rpi4 and host spaced inferences differently, so their times are not compared." in said(
        on_host(), spaced
    )
    assert line(Report([on_host(fps=10.0), spaced]).side_by_side, "rpi4").time


def test_counts_of_another_architecture_or_counter_are_not_divided():
    a72, a76 = emulated(), emulated("cortex-a76", "rpi5-emulated")
    found = Report([on_host(), simulate(), a72, a76]).side_by_side
    assert found.name(found.bases.counts) == "rpi4-emulated"
    assert all(each.count is None for each in found.lines if each.device in ("host", "rpi4"))
    assert line(found, "rpi5-emulated").count.value == pytest.approx(0.4, rel=0.001)
    assert Report([on_host(), simulate()]).side_by_side.bases.counts is None


def test_a_throttled_run_keeps_its_counts():
    hot = simulate(threads=(1,), flawed={INT8: (HOT,)})
    twin = msgspec.structs.replace(
        simulate(threads=(1,)), device=msgspec.structs.replace(DEVICE, profile="rpi4b")
    )
    there = line(Report([twin, hot]).side_by_side, "rpi4")
    assert there.time is None
    assert there.count


def test_answers_are_compared_image_by_image():
    found = Report([on_host(), judged(simulate(), 3, "int8.tflite")]).side_by_side
    answers = line(found, "rpi4").answers
    assert (answers.images, answers.same, answers.differing) == (IMAGES, IMAGES - 3, 3)
    assert answers.text == "497 of 500 (99.40 %)"
    assert line(found, "rpi4", "int8.onnx", "onnxruntime 1.23.2").answers.text == "500 of 500 (100 %)"
    assert line(found, "host").answers is None


def test_as_many_right_answers_are_not_the_same_answers():
    one = Accuracy(4, 2, EVALUATION, (0, 1, 2, 3))
    other = Accuracy(4, 2, EVALUATION, (1, 0, 2, 3))
    assert agreement(one, other).same == 2


def test_agreement_is_100_percent_only_where_every_answer_is_the_same():
    many = tuple(range(100_000))
    one = Accuracy(100_000, 0, EVALUATION, many)
    other = Accuracy(100_000, 0, EVALUATION, (*many[:-1], 0))
    assert agreement(one, other).text == "99,999 of 100,000 (99.99 %)"
    assert agreement(one, one).percent == "100"


@pytest.mark.parametrize(
    "other",
    [
        None,
        Accuracy(2, 1, "f" * 64, (0, 1)),
        Accuracy(3, 1, EVALUATION, (0, 1, 2)),
        Accuracy(2, 1, EVALUATION, ()),
        Accuracy(0, 0, EVALUATION, ()),
    ],
)
def test_answers_to_other_images_are_not_compared(other):
    assert agreement(Accuracy(2, 1, EVALUATION, (0, 1)), other) is None
    assert agreement(other, Accuracy(2, 1, EVALUATION, (0, 1))) is None


def test_other_evaluation_images_are_mentioned():
    pi = simulate()
    elsewhere = tuple(
        msgspec.structs.replace(m, accuracy=msgspec.structs.replace(m.accuracy, evaluation_sha256="f" * 64))
        for m in pi.measurements
    )
    pi = msgspec.structs.replace(pi, measurements=elsewhere)
    assert all(each.answers is None for each in Report([on_host(), pi]).side_by_side.lines)
    assert "rpi4 saw other evaluation images than host; answers are not compared." in said(on_host(), pi)


def test_the_sentences_tell_ratio_and_agreement():
    sentences = said(on_host(threads=(1,)), simulate(threads=(1,)))
    assert sentences[0].startswith("On rpi4 an inference takes ")
    assert sentences[0].endswith("times as long as on host (8 measurements on as many threads).")
    assert sentences[1] == "rpi4, same answers as host: 500 of 500 (100 %) in each of 8 measurements."
    sentences = said(on_host(threads=(1,)), judged(simulate(threads=(1,)), 2, "int8.onnx"))
    assert sentences[1] == "rpi4, same answers as host: 500 of 500 (100 %) in 7 of 8 measurements."
    assert sentences[2] == (
        "rpi4, same answers as host: 498 of 500 (99.60 %) for int8.onnx with onnxruntime 1.23.2 on 1 thread."
    )


def test_a_ratio_on_unequal_thread_counts_is_in_the_table_and_in_no_sentence():
    sentences = said(on_host(), simulate())
    assert "(8 measurements on as many threads)" in sentences[0]
    cell = next(
        cell for cell in Report([on_host(), simulate()]).side_by_side.cells if cell[0].row.threads == 16
    )
    assert cell[1].time.value == pytest.approx(10 * 4**0.7, rel=0.05)


def test_what_limits_a_session_is_told_with_its_device():
    text = said(on_host(), simulate(partial="the device went away", flawed={INT8: (HOT,)}))
    assert "rpi4: The session ended early: the device went away." in text
    assert "rpi4: 1 of 16 measurements is invalid and left out of the comparisons." in text


def test_sessions_on_one_device_are_told_apart():
    found = Report([simulate(), simulate(created="2026-03-02T00:00:00Z"), on_host()]).side_by_side
    assert found.devices == ("rpi4 #1", "rpi4 #2", "host")


def test_two_versions_of_a_runtime_are_compared_in_their_answers():
    old = judged(with_version(simulate(threads=(1,)), "litert", "2.1.0"), 5, "int8.tflite")
    old = msgspec.structs.replace(
        old, measurements=tuple(m for m in old.measurements if m.runtime.name == "litert")
    )
    both = joined(simulate(threads=(1,)), old)
    seen = {(v.file, v.versions): v.answers.same for v in versions(both)}
    assert seen == {
        ("float32.tflite", ("2.3.0", "2.1.0")): 500,
        ("float16.tflite", ("2.3.0", "2.1.0")): 500,
        ("int8.tflite", ("2.3.0", "2.1.0")): 495,
    }
    sentence = "litert 2.1.0, same answers as 2.3.0: 495 of 500 (99.00 %) at least, for int8.tflite."
    assert versions_sentences(both) == [sentence]
    assert Session(both).summary[-1] == sentence
    assert f"rpi4: {sentence}" in said(on_host(), both)


def test_different_runtimes_are_not_versions_of_one():
    assert versions(simulate()) == ()


def test_the_table_has_one_unit_and_a_line_a_device():
    found = Report([on_host(), simulate(), emulated()]).side_by_side
    shown = table(found)
    assert [c.key for c in shown.columns[:5]] == ["artefact", "runtime", "threads", "device", "valid"]
    assert {c.unit for c in shown.columns if c.key == "p50"} == {"µs"}
    by_key = {column.key: column for column in shown.columns}
    board = line(found, "rpi4-emulated")
    assert [by_key[key].cell(board) for key in ("p50", "spread", "time_ratio")] == [NONE] * 3
    assert by_key["answers"].cell(board) == "500/500"
    assert by_key["time_ratio"].title == "× host"


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_the_table_fits_and_keeps_what_was_compared(width):
    found = Report([on_host(), judged(simulate(), 1)]).side_by_side
    shown = fitted(found, width)
    widths = [
        max(
            len(text)
            for cell in (c.short or c.title, c.unit, *(c.cell(each) for each in shown.rows))
            for text in cell.split("\n")
        )
        + 2
        for c in shown.columns
    ]
    assert sum(widths) <= width
    assert {"device", "p50", "time_ratio", "answers", "top1"} <= {c.key for c in shown.columns}


def test_times_and_counts_both_stay_where_a_device_has_only_one_of_them():
    shown = fitted(Report([on_host(), emulated()]).side_by_side, 60)
    assert {"p50", "instructions", "device"} <= {column.key for column in shown.columns}


def test_names_of_files_tell_their_sets_where_there_are_several():
    host = joined(on_host(set_name="a", threads=(1,)), on_host(set_name="b", threads=(1,)))
    found = Report([host, simulate(set_name="b", threads=(1,))]).side_by_side
    assert {each.row.name for each in found.lines if each.device == "rpi4"} == {
        f"b/{m.artefact.file}" for m in simulate().measurements
    }
    assert digest("aint8.onnx") in {each.row.sha256 for each in found.lines}


def test_rows_are_those_of_the_sessions():
    pi = simulate()
    found = Report([on_host(), pi]).side_by_side
    mine = {each.row.index: each.row for each in found.lines if each.device == "rpi4"}
    assert [mine[row.index].latency for row in rows(pi)] == [row.latency for row in rows(pi)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("qemu cortex-a72", "an emulated Cortex-A72"),
        ("perf_event_open", "perf_event_open"),
        ("qemu", "qemu"),
    ],
)
def test_a_source_of_counts_in_words(source, words):
    assert cpu_words(source) == words
