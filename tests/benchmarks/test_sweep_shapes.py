"""Whether the trained sweep's order is judged as its script says."""

from support.benchmarks import script
from support.sweeps import planted

from edgekit.reporting.points import points

SHAPES = script("sweep_shapes")


def _disorder(sizes):
    return list(SHAPES.disorder(points(planted(sizes))))


def test_more_work_that_costs_more_and_is_right_more_often_is_in_order():
    assert (
        _disorder({(0.25, 32): (1, 200), (0.5, 32): (2, 100), (0.25, 48): (2, 150), (0.5, 48): (4, 50)}) == []
    )


def test_what_intervals_allow_is_in_order():
    assert _disorder({(0.25, 32): (1, 100), (0.5, 32): (1.001, 103)}) == []


def test_more_work_that_is_surely_faster_or_less_right_is_named():
    assert _disorder({(0.25, 32): (2, 100), (0.5, 48): (1, 200)}) == [
        "alpha 0.5 at 48 pixels is faster than alpha 0.25 at 32 pixels",
        "alpha 0.5 at 48 pixels is less often right than alpha 0.25 at 32 pixels",
    ]


def test_sizes_of_which_neither_is_larger_are_not_judged():
    assert _disorder({(0.25, 48): (2, 100), (0.5, 32): (1, 200)}) == []
