"""How far two executions' outputs agree, and how that is said."""

import hashlib
import math

import numpy as np
import pytest
from msgspec.structs import replace
from support.sessions import MS, session, timed

from edgekit.comparison import compare
from edgekit.outputs import cosine_text, difference
from edgekit.reporting.report import Report
from edgekit.results import Output


def output(*values, name="y", size=0, step=None, shape=None):
    known = [value for value in values if value is not None]
    digest = hashlib.sha256(repr(values).encode()).hexdigest()
    top = int(np.argmax(known)) if len(values) > 1 and shape is None else None
    return Output(
        name, "float32", shape or (1, len(values)), size or len(values), values, top, step, sha256=digest
    )


def measured(*outputs, runtime="litert", **named):
    found = timed(MS, MS, MS, runtime=runtime, file="any.tflite", model="files", wrong=None, **named)
    return replace(found, outputs=outputs)


def test_the_same_values_are_identical():
    found = difference(measured(output(0.25, 0.5)), measured(output(0.25, 0.5)))
    assert (found.text, found.least, found.identical, found.same_top) == ("identical", "0", True, True)


def test_the_figures_are_those_of_the_output_that_differs_most():
    one = measured(output(3.0, 4.0), output(100.0, 0.0, name="z"))
    other = measured(output(4.0, 3.0), output(100.5, 0.0, name="z"))
    found = difference(one, other)
    assert (found.output, found.largest, found.relative) == ("y", 1.0, 0.25)
    assert found.cosine == pytest.approx(24 / 25)
    assert (found.top, found.same_top) == ((1, 2), False)
    assert found.text == "largest difference 1, cosine 0.960000, another top-1"


def test_of_a_sample_the_difference_is_a_lower_bound_and_said_to_be():
    found = difference(measured(output(1.0, 2.0, size=9)), measured(output(1.0, 2.25, size=9)))
    assert (found.sampled, found.least) == (True, "≥ 0.25")


def test_a_quantized_output_differs_by_steps():
    found = difference(measured(output(0.0, 0.5, step=0.25)), measured(output(0.0, 0.75, step=0.25)))
    assert found.text == "largest difference 0.25 (1 step), cosine 1.000000, same top-1"


def test_a_value_that_is_finite_on_one_side_alone_differs_by_all():
    found = difference(measured(output(1.0, None)), measured(output(1.0, 2.0)))
    assert math.isinf(found.largest)
    assert "not finite" in found.text
    assert difference(measured(output(1.0, None)), measured(output(1.5, None))).largest == 0.5


def test_unlike_things_are_not_compared():
    one = measured(output(1.0, 2.0))
    assert difference(one, replace(one, input_sha256="b" * 64)) is None
    assert difference(one, measured(output(1.0, 2.0, 3.0))) is None
    assert difference(one, measured()) is None


def test_a_cosine_is_1_only_where_it_is():
    assert [cosine_text(value) for value in (1.0, 0.9999999, 0.5)] == ["1.000000", "0.999999", "0.500000"]


def test_a_session_compares_with_the_runtime_that_ran_the_file_first():
    first = measured(output(0.5, 0.25))
    other = measured(output(0.5, 0.375), runtime="tflite-runtime", version="2.14.0")
    shown = Report((session(first, other),)).sessions[0]
    columns = {column.key: column for column in shown.table.columns}
    texts = {row.runtime: columns["difference"].cell(row) for row in shown.rows}
    assert texts == {"litert 2.3.0": "–", "tflite-runtime 2.14.0": "0.12"}
    sentence = "tflite-runtime 2.14.0, outputs against litert 2.3.0: largest difference 0.12,"
    assert any(said.startswith(sentence) for said in shown.sentences)


def test_devices_side_by_side_compare_with_the_first_one():
    here = session(measured(output(0.5, 0.25)), device="host")
    there = session(measured(output(0.5, 0.3125)), device="rpi4")
    found = Report((here, there)).side_by_side
    assert [line.outputs and line.outputs.largest for line in found.lines] == [None, 0.0625]
    assert found.name(found.bases.outputs) == "host"


def test_compare_says_how_far_outputs_agree():
    found = compare(session(measured(output(0.5, 0.25))), session(measured(output(0.5, 0.3125))))
    assert found.pairs[0].outputs.largest == 0.0625
    assert any(
        "One session of both is more certain: edgekit compare OLD_FILE NEW_FILE" in note
        for note in found.notes
    )


def test_files_of_no_set_are_not_taken_for_conversions_of_one_model():
    small = timed(MS, MS, MS, file="classifier.tflite", model="files")
    other = timed(9 * MS, 9 * MS, 9 * MS, file="detector.tflite", model="files")
    large = replace(other, artefact=replace(other.artefact, precision="float32"))
    said = Report((session(small, large),)).sessions[0]
    assert said.headlines == ()
    assert not any("faster than detector.tflite" in sentence for sentence in said.sentences)
