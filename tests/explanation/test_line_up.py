"""Two lists of operators side by side."""

from hypothesis import given
from hypothesis import strategies as st
from support.breakdowns import operator

from edgekit.explanation import line_up

OPS = st.lists(
    st.tuples(
        st.sampled_from(["CONV_2D", "Conv", "DEPTHWISE_CONV_2D", "Transpose", "SOFTMAX"]), st.integers(0, 3)
    ),
    max_size=12,
)


@given(OPS, OPS)
def test_every_operator_appears_once_and_in_its_order(first, second):
    sides = [[operator(op, 10, 1000 * work) for op, work in side] for side in (first, second)]
    pairs = line_up(*sides)
    assert [pair.first for pair in pairs if pair.first] == sides[0]
    assert [pair.second for pair in pairs if pair.second] == sides[1]
    assert all(pair.first or pair.second for pair in pairs)
    assert sum(pair.more for pair in pairs) == 10 * (len(second) - len(first))


def test_layers_pair_by_their_work_whatever_they_are_called():
    tflite = [operator("CONV_2D", 50, 900), operator("DEPTHWISE_CONV_2D", 20, 90), operator("SOFTMAX", 1)]
    onnx = [operator("Transpose", 4), operator("QLinearConv", 40, 900), operator("QLinearConv", 30, 90)]
    onnx.append(operator("Softmax", 2))
    names = [(p.first and p.first.op, p.second and p.second.op) for p in line_up(tflite, onnx)]
    assert names == [
        (None, "Transpose"),
        ("CONV_2D", "QLinearConv"),
        ("DEPTHWISE_CONV_2D", "QLinearConv"),
        ("SOFTMAX", "Softmax"),
    ]


def test_an_activation_that_one_side_fuses_stands_alone():
    fused = [operator("CONV_2D", 50, 900), operator("CONV_2D", 50, 700)]
    unfused = [operator("CONV_2D", 50, 900), operator("RELU6", 9), operator("CONV_2D", 50, 700)]
    assert [pair.more for pair in line_up(fused, unfused)] == [0, 9, 0]


def test_models_of_different_width_pair_by_what_their_operators_do():
    narrow = [operator("CONV_2D", 50, 900), operator("DEPTHWISE_CONV_2D", 20, 90)]
    wide = [operator("CONV_2D", 90, 3600), operator("DEPTHWISE_CONV_2D", 40, 180)]
    assert [pair.more for pair in line_up(narrow, wide)] == [40, 20]
