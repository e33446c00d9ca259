"""The interval of a ratio from blocks A B B A, and the looks at which a verdict may be reached."""

from itertools import permutations, product

import numpy as np
import pytest
from support.sessions import repeats_of

from edgekit import stats
from edgekit.comparison.together import LOOKS, blocked_change, planned_looks, tail


def test_the_distribution_is_what_counting_every_order_gives():
    orders = [sum(b > a for a in order[:2] for b in order[2:]) for order in permutations(range(4))]
    sums = [sum(blocks) for blocks in product(orders, repeat=2)]
    counted = [np.mean([each <= u for each in sums]) for u in range(9)]
    assert stats._below(2) == pytest.approx(counted)


@pytest.mark.parametrize(
    ("blocks", "tail", "cut"), [(3, 0.004, 0), (3, 0.005, 1), (4, 0.005, 2), (1, 0.2, 1)]
)
def test_the_interval_is_cut_off_where_the_test_would_reject(blocks, tail, cut):
    assert stats.cut_off(blocks, tail) == cut


def test_too_few_blocks_bound_nothing():
    found = stats.blocked_ratio([1, 1], [2, 2], 0.005)
    assert (found.ratio, found.low, found.high) == (2, 0, float("inf"))


@pytest.mark.parametrize("sides", [([], []), ([1], [1]), ([1, 1], [1, 1, 1, 1]), ([0, 1], [1, 1])])
def test_what_is_not_in_blocks_is_refused(sides):
    with pytest.raises(ValueError, match=r"blocks|above 0"):
        stats.blocked_ratio(*sides, 0.005)


def test_equal_sides_show_no_difference():
    assert stats.blocked_ratio([1] * 8, [1] * 8, 0.005) == stats.Blocked(1, 1, 1, 1)


def test_what_steps_between_blocks_cancels():
    step = np.repeat([1, 1, 5, 5], 2) * (1 + np.arange(8) / 1e4)
    found = stats.blocked_ratio(step.tolist(), (1.1 * step).tolist(), 0.005)
    assert found.low == pytest.approx(1.1, rel=1e-3)
    assert found.high == pytest.approx(1.1, rel=1e-3)


def test_the_interval_misses_the_truth_as_seldom_as_it_says():
    random, missed = np.random.default_rng(5), 0
    for _ in range(1_000):
        before, after = random.lognormal(0, 0.05, 8), 1.1 * random.lognormal(0, 0.05, 8)
        found = stats.blocked_ratio(before.tolist(), after.tolist(), 0.05)
        missed += not found.low <= 1.1 <= found.high
    assert missed <= 130  # of 1,000: 10 %, and three standard deviations


def test_a_burst_does_not_count_as_the_spread_of_like_repeats():
    random = np.random.default_rng(2)
    sides = random.lognormal(0, 0.02, (2, 200))
    assert stats.like_spread(*sides.tolist()) == pytest.approx(0.02, rel=0.1)
    sides[0, :20] *= 3
    assert stats.like_spread(*sides.tolist()) < 0.03


@pytest.mark.parametrize(
    ("repeats", "cells", "looks"),
    [(24, 1, LOOKS), (16, 1, (4, 6, 8)), (16, 6, (6, 8)), (8, 1, (4,)), (3, 1, (1,)), (24, 40, (6, 8, 12))],
)
def test_a_look_that_could_not_decide_is_not_planned(repeats, cells, looks):
    assert planned_looks(repeats, cells) == looks


def test_all_looks_and_cells_share_one_percent():
    assert 2 * 3 * 6 * tail(3, 6) == pytest.approx(0.01)


def judge(ratio, spread, tick=1, **named):
    random = np.random.default_rng(3)
    levels = (1e6 * random.lognormal(0, spread, (16, 1)) for _ in range(2))
    within = np.linspace(0.7, 1.3, 64)
    sides = (
        np.rint(level * factor * within / tick) * tick
        for level, factor in zip(levels, (1, ratio), strict=True)
    )
    return blocked_change(*map(repeats_of, sides), looks=3, cells=1, **named)


@pytest.mark.parametrize(
    ("ratio", "spread", "named", "word", "reason"),
    [
        (1.2, 0.01, {}, "slower", ""),
        (0.8, 0.01, {}, "faster", ""),
        (1.01, 0.01, {}, "same", ""),
        (1.2, 0.01, {"noise": 0.11}, "inconclusive", "slower, but not certainly by 22%"),
        (1.0, 0.1, {}, "inconclusive", "reaches beyond 5%"),
        (1.2, 0.01, {"tick": 2e5}, "same", "2 steps of the clock"),
    ],
)
def test_a_change_is_called_by_its_interval(ratio, spread, named, word, reason):
    change = judge(ratio, spread, **named)
    assert (change.word, change.repeats, change.by) == (word, 16, "p50")
    assert reason in change.reason


def shared(ratio, busy, seed=4):
    """Two sides on a computer whose neighbour takes 45 % of the speed for parts of each repeat."""
    random = np.random.default_rng(seed)
    for factor in (1, ratio):
        taken = random.random((16, 100)) < random.choice(busy, (16, 1))
        yield repeats_of(1e5 * factor * np.where(taken, 1.45, 1.0) * random.lognormal(0, 0.005, (16, 100)))


def test_where_a_neighbour_disturbs_the_medians_the_fastest_inferences_are_judged():
    slower, same = (blocked_change(*shared(r, (0.1, 0.9)), looks=3, cells=1) for r in (1.1, 1.0))
    assert (slower.word, slower.by, same.word) == ("slower", "fastest", "same")
    assert slower.ratio == pytest.approx(1.1, rel=0.01)
    assert slower.baseline == pytest.approx(1e5, rel=0.02)
    assert "something else disturbed the medians" in slower.reason


def test_a_median_that_is_undisturbed_is_judged_however_far_sides_are_apart():
    assert blocked_change(*shared(8, (0.1,)), looks=3, cells=1).by == "p50"


def test_the_fastest_inferences_decide_nothing_that_the_medians_contradict():
    """The candidate doubles all but its fastest inferences by its own doing, and both sides are disturbed."""
    before, after = shared(1, (0.1, 0.9))
    doubled = [np.sort(each.samples_ns) * np.where(np.arange(100) < 5, 1, 2) for each in after]
    found = blocked_change(before, repeats_of(np.asarray(doubled)), looks=3, cells=1)
    assert (found.word, found.by) == ("inconclusive", "fastest")
    assert "contradict" in found.reason


def test_which_side_a_repeat_is_of_does_not_enter_what_is_judged():
    random = np.random.default_rng(7)
    before, after = random.lognormal(0, 0.1, (2, 8))
    swapped = before.copy(), after.copy()
    for block, (i, j) in enumerate(random.integers(0, 2, (4, 2))):
        one, other = 2 * block + i, 2 * block + j
        swapped[0][one], swapped[1][other] = after[other], before[one]
    assert stats.unevenness(*swapped) == pytest.approx(stats.unevenness(before, after))
