"""The summary says what the data support and no more."""

import msgspec
import pytest
from support.simulated import HOT, IMAGES, digest, joined, retimed, simulate

from edgekit.reporting.session import Session
from edgekit.results import Accuracy


def large(result):
    return Session(result).headlines


def said(result):
    return " ".join(Session(result).summary)


def test_a_clear_difference_is_told_with_its_range():
    text = said(simulate())
    assert "Fastest is int8.tflite with litert 2.3.0 on 4 threads: 0.3" in text
    assert "int8.tflite with litert 2.3.0 on 1 thread is 2.4× faster than float32.tflite (2." in text
    assert "and is 70 % smaller" in text
    assert "int8.tflite with litert 2.3.0 on 1 thread is 1.5× faster than tflite-runtime 2.14.0" in text


def test_repeats_that_scatter_show_no_clear_difference():
    text = said(simulate(spread=0.5))
    assert "shows no clear difference in speed to float32.tflite" in text
    assert "faster than float32" not in text
    assert not any(headline.what == "faster" for headline in large(simulate(spread=0.5)))


def test_a_difference_below_five_percent_is_none():
    # float16 and float32 lie 1 % apart: without int8 the fastest has company
    result = simulate(spread=1e-4)
    files = tuple(m for m in result.measurements if m.artefact.precision != "int8" and m.threads == 1)
    text = said(msgspec.structs.replace(result, measurements=files))
    assert "with no clear difference to float16.tflite with litert 2.3.0 on 1 thread and" in text


def test_two_repeats_are_too_few_to_compare():
    text = said(simulate(repeats=2))
    assert "cannot be compared in speed with float32.tflite (fewer than 3 repeats)" in text
    assert "faster than" not in text


def test_invalid_measurements_are_counted_and_left_out():
    flawed = {("int8.tflite", "litert", threads): (HOT,) for threads in (1, 4)}
    text = said(simulate(flawed=flawed))
    assert text.startswith("2 of 16 measurements are invalid and left out of the comparisons.")
    assert "int8.tflite with litert" not in text
    assert "int8.tflite with tflite-runtime 2.14.0 on 1 thread is 1.6× faster" in text


def test_when_all_are_invalid_nothing_is_compared():
    result = simulate()
    hot = tuple(msgspec.structs.replace(m, findings=(HOT,)) for m in result.measurements)
    result = msgspec.structs.replace(result, measurements=hot)
    assert Session(result).summary == ("No measurement is valid, so no times are compared.",)
    assert large(result) == ()


@pytest.mark.parametrize("repeat", [None, 0])
def test_times_of_zero_are_told_and_not_compared(repeat):
    result = retimed(simulate(), repeat=repeat)
    assert Session(result).summary == (
        "Times of 0 ns are below what the device's clock can tell and are not compared.",
    )
    assert large(result) == ()


def test_an_emulators_times_are_not_compared():
    emulated = msgspec.structs.replace(simulate().device, emulated=True)
    assert Session(simulate(device=emulated)).summary == (
        "The device is emulated: its times are the emulator's, not the board's.",
    )


def test_a_session_that_ended_early_says_why():
    assert (
        Session(simulate(partial="the device went away.")).summary[0]
        == "The session ended early: the device went away."
    )


def test_a_session_without_measurements_says_so():
    assert Session(simulate(measurements=())).summary == ("Nothing was measured.",)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (
            4,
            "; a drop in accuracy of 0.40 pp is not significant on 500 images (95 % CI",
        ),
        (60, "; it loses 11.60 pp of accuracy (95 % CI of the drop 9."),
        (0, "; a gain in accuracy of 0.40 pp is not significant on 500 images"),
    ],
)
def test_a_drop_is_called_one_only_when_the_images_can_show_it(wrong, expected):
    result = simulate()
    labels = result.evaluations[0].labels
    predictions = tuple((label + (i < wrong)) % 10 for i, label in enumerate(labels))
    accuracy = Accuracy(IMAGES, IMAGES - wrong, result.evaluations[0].sha256, predictions)
    changed = tuple(
        msgspec.structs.replace(m, accuracy=accuracy) if m.artefact.precision == "int8" else m
        for m in result.measurements
    )
    assert expected in said(msgspec.structs.replace(result, measurements=changed))


def test_a_measurement_without_the_keras_model_tells_its_accuracy():
    assert "; it has 99.20 % top-1 accuracy." in said(simulate(evaluations=(), references=()))


def test_sets_are_never_compared_with_each_other():
    quick, slow = simulate(set_name="a", threads=(1,)), simulate(set_name="b", threads=(1,), speed=100)
    both = joined(quick, slow)
    assert len(Session(both).summary) == len(Session(quick).summary) + len(Session(slow).summary)


def test_headlines_are_the_fastest_pairs():
    faster, smaller, drop = large(simulate())
    assert (faster.value, faster.what) == ("2.4×", "faster")
    assert (smaller.value, smaller.what) == ("70 %", "smaller file")
    assert (drop.value, drop.what) == ("0.40 pp", "drop in accuracy")
    assert "not significant on 500 images" in drop.about


def namesake(**changed):
    """A session whose files have the usual set and file names, but another content."""
    result = simulate(**changed)
    measurements = tuple(
        msgspec.structs.replace(
            m, artefact=msgspec.structs.replace(m.artefact, sha256=digest("other" + m.artefact.file))
        )
        for m in result.measurements
    )
    return msgspec.structs.replace(result, measurements=measurements)


def test_with_several_sets_every_sentence_and_headline_names_its_set():
    both = joined(simulate(set_name="a", threads=(1,)), simulate(set_name="b", threads=(1,), speed=2))
    sentences = Session(both).summary
    assert len(sentences) == 8
    assert all(("a/" in sentence) != ("b/" in sentence) for sentence in sentences)
    assert all("a/int8.tflite" in headline.about for headline in large(both))
    assert [s[:21] for s in sentences if "Fastest" in s] == ["Fastest of its set is"] * 2
    assert "a/" not in said(simulate(set_name="a"))


def test_files_of_sets_that_share_a_name_are_not_compared_with_each_other():
    both = joined(simulate(threads=(1,)), namesake(threads=(1,), speed=50))
    text = said(both)
    assert "faster than float32" not in text
    assert large(both) == ()
    for runtime in ("litert 2.3.0", "tflite-runtime 2.14.0"):
        assert f"than {runtime}" not in " ".join(s for s in Session(both).summary if f"with {runtime}" in s)
    slower = digest("otherint8.tflite")[:7]
    assert f"int8.tflite ({slower}) with litert 2.3.0 on 1 thread is 1.5× faster than tflite-runtime" in text


def test_int8_is_compared_with_float32_of_the_same_runtime_version_only():
    def version(result, number):
        return tuple(
            msgspec.structs.replace(m, runtime=msgspec.structs.replace(m.runtime, version=number))
            for m in result.measurements
        )

    result = simulate(threads=(1,))
    small = tuple(m for m in version(result, "1.0") if m.artefact.precision == "int8")
    other = tuple(m for m in version(result, "2.0") if m.artefact.precision == "float32")
    assert "float32" not in said(msgspec.structs.replace(result, measurements=small + other))
