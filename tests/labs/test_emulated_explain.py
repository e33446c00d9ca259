"""Operators counted on an emulated board by real runtimes: they explain the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekit.explanation import Breakdown, ExplainRequest, causes, differences, explain, line_up

TESTS = Path(__file__).parent.parent
CUT, PROFILED = (
    TESTS / "explanation" / "models" / "branches.tflite",
    TESTS / "support" / "models" / "int8.onnx",
)
# of the whole. These models are so small that what a call takes is half of it; a MobileNet's stays below 4 %.
UNEXPLAINED = 0.10


@pytest.fixture(scope="module")
def counted(qemu: None) -> tuple[Breakdown, ...]:
    """A file whose operators were cut out, and one that was profiled: one boot."""
    return explain(ExplainRequest(files=(CUT, PROFILED), devices=("rpi4-emulated",)))


@pytest.mark.parametrize("side", [0, 1], ids=["cut", "profiled"])
def test_the_operators_and_the_call_explain_the_whole(counted: tuple[Breakdown, ...], side: int) -> None:
    found = counted[side]
    assert found.whole > 10_000
    assert 0 < found.call < found.whole
    assert abs(found.remainder) <= UNEXPLAINED * found.whole
    assert all(operator.counted for operator in found.operators)


def test_a_convolution_takes_at_least_a_part_of_an_instruction_for_each_multiply_add(
    counted: tuple[Breakdown, ...],
) -> None:
    for found in counted:
        rates = [o.rate for o in found.operators if o.kind in ("convolution", "depthwise convolution")]
        assert rates
        assert all(rate is not None and 0.1 < rate < 1000 for rate in rates)


def test_the_board_and_its_counter_are_named(counted: tuple[Breakdown, ...]) -> None:
    assert {(found.cpu, found.source) for found in counted} == {("Cortex-A72", "qemu cortex-a72")}
    assert all("asimd" in found.features and "asimddp" not in found.features for found in counted)
    assert [found.method for found in counted] == ["parts", "profile"]


def test_what_it_comes_to_can_be_told(counted: tuple[Breakdown, ...]) -> None:
    first, second = counted
    assert any("Calling the runtime takes" in sentence for sentence in causes(second))
    pairs = line_up(first.operators, second.operators)
    assert differences(first, second, pairs)[0].startswith("B takes")
