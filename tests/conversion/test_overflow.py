"""The portable int8 ONNX file is right on processors that add two products in 16 bits."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from support.sixteen_bits import overflowing

from edgekit.conversion.feed import Feed
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.onnx_files import may_overflow
from edgekit.data import load_dataset
from edgekit.inspection import inspect_bytes

ONNX = FORMATS["onnx"]


@pytest.fixture(scope="module")
def portable(converted):
    return (converted.folder / "int8.onnx").read_bytes()


@pytest.fixture(scope="module")
def digits(converted):
    return load_dataset("digits", resolution=32)


def warned(data):
    return may_overflow(data, inspect_bytes(data, "int8.onnx"))


def test_no_pair_overflows_on_any_calibration_image(portable, digits):
    images = Feed(digits.calibration, digits.preprocessing)
    found = overflowing(portable, images)
    assert len(found) == 28
    assert set(found.values()) == {(0, 0)}, "none comes near"
    assert not warned(portable)


def test_optimized_and_literal_execution_give_the_same_answers(portable, digits):
    fast, literal = (ONNX.load(portable, optimise=optimise) for optimise in (True, False))
    feed = Feed(digits.evaluation, digits.preprocessing)
    differing = sum(
        int(fast.outputs(image)[0].argmax() != literal.outputs(image)[0].argmax()) for image in feed
    )
    assert differing <= 0.001 * len(feed)


def test_planted_overflow_is_found_and_warned_of(portable, calibration):
    """Two neighbouring weights of the first layer are the largest there are: white overflows with them."""
    model = onnx.load_model_from_string(portable)
    made = {node.output[0]: node.input[0] for node in model.graph.node}
    layer = next(node for node in model.graph.node if node.op_type == "Conv")
    weights = next(t for t in model.graph.initializer if t.name == made[layer.input[1]])
    values = numpy_helper.to_array(weights).copy()
    values[0, :2] = 127
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    planted = model.SerializeToString()
    images = list(replace(calibration, limit=2))
    found = overflowing(planted, images)
    assert found[layer.output[0]][0] > 0
    assert sum(lost for lost, _ in found.values()) == found[layer.output[0]][0]
    assert warned(planted)
    black = [np.full_like(images[0], -1.0)]
    assert overflowing(planted, black)[layer.output[0]][0] == 0
