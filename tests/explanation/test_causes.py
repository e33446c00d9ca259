"""What breakdowns come to, in sentences with figures."""

from support.breakdowns import breakdown, operator

from edgekit.explanation import causes, differences, line_up
from edgekit.results import Runtime


def told(first, second):
    return "\n".join(differences(first, second, line_up(first.operators, second.operators)))


def conv(instructions, work=1_000_000, **fields):
    return operator("CONV_2D", instructions, work, **fields)


def test_shares_are_given_by_what_operators_do():
    found = breakdown(
        conv(700_000), operator("DEPTHWISE_CONV_2D", 200_000, 90_000), operator("QUANTIZE", 99_000)
    )
    sentence = causes(found)[0]
    assert sentence == (
        "Of 1.00 M instructions: convolutions 70.0%; depthwise convolutions 20.0%; "
        "conversions between float and integer 9.9% (1 QUANTIZE)."
    )


def test_an_activation_that_is_not_fused_is_called_so():
    assert (
        "not fused into what they follow) 4.8% (2 Clip)"
        in causes(breakdown(conv(950_000), operator("Clip", 25_000), operator("Clip", 25_000), call=40_000))[
            0
        ]
    )


def test_the_dearest_operator_is_compared_with_its_kind():
    found = breakdown(conv(300_000, 200_000, shape=(1, 16, 16, 16)), conv(300_000), conv(300_000))
    assert (
        "CONV_2D 16×16×16 alone takes 33.3%: 1.50 instructions per multiply-add, "
        "the other convolutions 0.300." in causes(found)
    )


def test_the_cost_of_a_call_is_told_where_it_counts():
    assert any("Calling the runtime takes 25.0%" in s for s in causes(breakdown(conv(3000), call=1000)))
    assert not any("Calling" in s for s in causes(breakdown(conv(300_000), call=1000)))


def test_dot_products_are_told_by_the_cpu_and_the_rate():
    slow, fast = (
        breakdown(conv(300_000)),
        breakdown(conv(90_000), features=("asimd", "asimddp"), cpu="Cortex-A76"),
    )
    unused = breakdown(conv(300_000), features=("asimd", "asimddp"), cpu="Cortex-A76")
    assert causes(slow)[-1] == (
        "Cortex-A72 has no dot-product instructions: litert 2.3.0's int8 convolutions take 0.300 "
        "instructions per multiply-add, 0.300 at best."
    )
    assert "int8 convolutions use Cortex-A76's dot-product instructions: 0.090" in causes(fast)[-1]
    assert "do not seem to use them: they take 0.300" in causes(unused)[-1]


def test_nothing_is_said_about_dot_products_where_it_cannot_be_known():
    for found in (
        breakdown(conv(300_000), quantized=False),
        breakdown(conv(300_000), features=("avx2",)),
        breakdown(conv(9_000, 30_000)),  # a small convolution's rate is not its kernel's
    ):
        assert not any("dot-product" in sentence for sentence in causes(found))


def test_a_difference_is_told_by_kind_and_by_operator():
    first = breakdown(conv(600_000), operator("DEPTHWISE_CONV_2D", 100_000, 90_000), call=0)
    second = breakdown(conv(200_000), operator("DEPTHWISE_CONV_2D", 110_000, 90_000), call=0)
    text = told(first, second)
    assert "B takes 55.7% fewer than A: 0.310 M instructions instead of 0.700 M." in text
    assert "convolutions 0.400 M fewer (0.600 → 0.200); depthwise convolutions 0.010 M more" in text
    assert "The operators that differ most: CONV_2D 8×8×4 0.600 → 0.200 M" in text


def test_what_only_one_side_executes_is_named():
    first = breakdown(conv(500_000), operator("TRANSPOSE", 50_000), operator("TRANSPOSE", 50_000))
    second = breakdown(conv(500_000))
    assert "Only A executes 2 TRANSPOSE (16.6%)." in told(first, second)


def test_int8_and_float_are_compared_by_the_multiply_add():
    real = breakdown(conv(350_000), quantized=False, file="digits/float32.tflite")
    assert "in int8 and in float: convolutions 0.270 and 0.350." in told(real, breakdown(conv(270_000)))


def test_models_that_differ_are_called_so():
    assert "The models differ: B makes 2.00 times the multiply-adds (2.00 M, A 1.00 M)." in told(
        breakdown(conv(300_000)), breakdown(conv(600_000, 2_000_000))
    )


def test_the_same_is_called_the_same():
    both = breakdown(conv(300_000))
    other = breakdown(conv(300_000), runtime=Runtime("litert", "2.1.0"))
    assert told(both, other).startswith("Both take the same: 0.301 M instructions instead of 0.301 M.")
