"""What `edgekit explain` prints."""

import json

import pytest
from support.breakdowns import breakdown, operator

from edgekit.cli.show_explanation import show_explanation
from edgekit.explanation import as_record


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


CONV = operator("CONV_2D", 650_000, 2_000_000, (1, 16, 16, 16))
ALONE = breakdown(
    CONV, operator("PAD", 0, counted=False), operator("SOFTMAX", 1_300), call=4_960, remainder=-260
)


def lines(capsys):
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_every_operator_the_call_and_the_remainder_sum_up_to_the_inference(capsys):
    show_explanation([ALONE])
    found = lines(capsys)
    assert "digits/int8.tflite with litert 2.3.0 on rpi4-emulated" in found
    assert "CONV_2D 16×16×16 2,000.0 650.0 99.1 0.325" in found
    assert "PAD 8×8×4 – – 0.0 –" in found
    assert "the call itself 5.0 0.8" in found
    assert "not accounted for −0.3 −0.0" in found
    assert "one inference 656.0 100.0" in found
    assert any(line.endswith("These are counts, not times.") for line in found)


def test_large_counts_are_shown_in_millions(capsys):
    show_explanation([breakdown(operator("CONV_2D", 40_123_456, 100_000_000))])
    assert "CONV_2D 8×8×4 100.000 40.123 100.0 0.401" in lines(capsys)


def test_two_sides_are_lined_up_with_their_difference(capsys):
    onnx = breakdown(
        operator("Transpose", 20_000, shape=(1, 3, 32, 32)),
        operator("QLinearConv", 500_000, 2_000_000),
        operator("Softmax", 1_300),
        file="digits/int8.onnx",
    )
    show_explanation([ALONE, onnx])
    found = lines(capsys)
    assert "A digits/int8.tflite with litert 2.3.0 on rpi4-emulated" in found
    assert "B digits/int8.onnx with litert 2.3.0 on rpi4-emulated" in found
    assert "convolution 16×16×16 2,000.0 650.0 500.0 −150.0 0.325 0.250" in found
    assert "Transpose 3×32×32 – – 20.0 +20.0 – –" in found
    assert any(line.startswith("B takes 20.4% fewer than A") for line in found)


def test_the_record_is_json_and_complete():
    import msgspec

    record = json.loads(msgspec.json.encode(as_record([ALONE, ALONE])))
    assert record["schema"] == "edgekit.explanation/1"
    side = record["breakdowns"][0]
    assert side["whole"] == side["call"] + side["remainder"] + sum(
        o["instructions"] for o in side["operators"]
    )
    assert record["pairs"] == [[0, 0], [1, 1], [2, 2]]
    assert record["differences"]
    assert set(json.loads(msgspec.json.encode(as_record([ALONE])))) == {"schema", "breakdowns"}
