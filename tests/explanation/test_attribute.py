"""From counts to instructions by operator."""

from pathlib import Path

import pytest

from edgekit.errors import InvalidError
from edgekit.explanation.answers import Calibration, Node, Operators
from edgekit.explanation.attribute import from_parts, from_profile, grouped_convolutions
from edgekit.explanation.calibration import INPUTS, MANY, chains, profile_cost
from edgekit.inspection import inspect_file
from edgekit.visit.answers import Runtime

MODELS = Path(__file__).parent.parent / "support" / "models"
RUNTIME = Runtime("onnxruntime", "1.31.1", None, {})


def answer(**fields):
    return Operators(RUNTIME, "perf_event_open", (100_000, 103_000, 100_016), **fields)


def node(name, op, microseconds, inputs=1):
    shapes = tuple({"float": (1, 4)} for _ in range(inputs))
    return Node(name, op, shapes, ({"float": (1, 4)},), microseconds)


def calibration(inputs, *, call=30_000, own=2_000, constant=21_000, per_input=1_800):
    """What a runtime would answer whose profile adds these instructions."""
    shown = own + constant + per_input * inputs
    nodes = tuple(node(f"n{i}", "Neg", (shown // 1000,) * 3, inputs) for i in range(MANY))
    return Calibration((call + own, call + own + 3000), (call + MANY * own,), nodes)


def test_a_part_costs_its_least_count_less_the_call():
    inspection = inspect_file(MODELS / "int8.tflite")
    counts = [(5_000, 5_016), *((9_000 + i, 8_000 + i) for i in range(len(inspection.layers)))]
    call, operators = from_parts(answer(cuts=tuple(counts)), inspection)
    assert call == 5_000
    assert [o.instructions for o in operators] == [3_000 + i for i in range(len(inspection.layers))]
    assert [o.op for o in operators] == [layer.op for layer in inspection.layers]


def test_a_part_that_does_not_run_alone_is_left_to_the_remainder():
    inspection = inspect_file(MODELS / "int8.tflite")
    counts = [(5_000,), (), *((9_000,) for _ in inspection.layers[1:])]
    _, operators = from_parts(answer(cuts=tuple(counts)), inspection)
    assert (operators[0].instructions, operators[0].counted, operators[0].rate) == (0, False, None)
    assert all(o.counted for o in operators[1:])


@pytest.mark.parametrize("cuts", [(), ((5_000,),), ((), (1,), (1,), (1,), (1,))])
def test_an_answer_about_other_parts_is_invalid(cuts):
    with pytest.raises(InvalidError, match="parts of"):
        from_parts(answer(cuts=cuts), inspect_file(MODELS / "int8.tflite"))


def test_what_the_profile_adds_is_found_from_the_chains():
    cost = profile_cost([calibration(inputs) for inputs in INPUTS])
    assert cost.call == 30_000
    assert cost.constant == pytest.approx(21_000, abs=1000)  # the profile rounds to microseconds
    assert cost.of(8) == pytest.approx(21_000 + 8 * 1_800, abs=1000)


def test_the_chains_run_and_their_nodes_are_not_merged():
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    for inputs, pair in zip(INPUTS, chains(), strict=True):
        for nodes, text in zip((1, MANY), pair, strict=True):
            session = onnxruntime.InferenceSession(
                bytes.fromhex(text), options, providers=["CPUExecutionProvider"]
            )
            out = session.run(None, {"t0": np.full((1, 4), 2, np.float32)})[0]
            assert out.tolist() == [[2.0 if inputs > 1 else 2.0 * (-1) ** nodes] * 4]


def test_a_profile_is_freed_of_what_it_adds_and_named_after_the_file():
    path = MODELS / "int8.onnx"
    inspection = inspect_file(path)
    grouped = grouped_convolutions(path)
    convolutions = [layer for layer in inspection.layers if layer.op == "Conv"]
    depthwise = next(layer for layer in convolutions if layer.name in grouped)
    nodes = (
        node("quantize", "QuantizeLinear", (30, 31, 90), 3),
        node(depthwise.name + "_token_3", "QLinearConv", (50, 50, 51), 8),
    )
    found = answer(nodes=nodes, calibration=tuple(calibration(i) for i in INPUTS))
    call, (first, second) = from_profile(found, inspection, grouped)
    assert call == 30_000
    assert first.instructions == pytest.approx(31_000 - 26_400, abs=1000)  # the median: 90 was interrupted
    assert second.instructions == pytest.approx(50_000 - 35_400, abs=1000)
    assert (second.kind, second.multiply_adds) == ("depthwise convolution", depthwise.multiply_adds)
    assert second.name == depthwise.name
    assert first.multiply_adds == 0


def test_a_profile_without_operators_is_invalid():
    with pytest.raises(InvalidError, match="names no operator"):
        from_profile(answer(), inspect_file(MODELS / "int8.onnx"), ())
