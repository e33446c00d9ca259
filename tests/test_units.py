import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit import units
from edgekit.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"), [("25 ms", 0.025), ("10s", 10.0), ("150 us", 150e-6), ("1 min", 60.0)]
)
def test_durations_are_read_as_seconds(text, value):
    assert units.parse_seconds(text) == pytest.approx(value)


@pytest.mark.parametrize(("text", "value"), [("40 MB", 40_000_000), ("1.5MiB", 1_572_864), ("0 B", 0)])
def test_sizes_are_read_as_bytes(text, value):
    assert units.parse_bytes(text) == value


def test_shares_are_read_as_fractions():
    assert units.parse_fraction("0.5 pp") == pytest.approx(0.005)
    assert units.parse_fraction("99 %") == pytest.approx(0.99)


@pytest.mark.parametrize("text", ["", "25", "ms", "25 parsec", "-1 ms", "1,5 ms", "nan ms", "25 MS"])
def test_anything_else_is_refused_with_what_was_received(text):
    with pytest.raises(UsageError, match="is not a duration") as caught:
        units.parse_seconds(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (123_456, "0.123"),
        (4_560_000, "4.56"),
        (78_900_000, "78.9"),
        (123_400_000, "123"),
        (18_167_400_000, "18,167"),
    ],
)
def test_latencies_show_three_significant_figures(nanoseconds, text):
    assert units.milliseconds(nanoseconds) == text


def test_differences_carry_a_sign_but_nothing_is_not_minus_nothing():
    assert units.points(0.0022) == "+0.22"
    assert units.points(-0.001) == "−0.10"
    assert units.points(-0.00001) == "0.00"


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_a_printed_duration_reads_back(value):
    assert units.parse_seconds(f"{value!r} s") == pytest.approx(value)
