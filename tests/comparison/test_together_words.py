"""The interval of a ratio from blocks A B B A, and the looks at which a verdict may be reached."""

from itertools import permutations, product

import numpy as np
import pytest

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


def judge(ratio, spread, **named):
    random = np.random.default_rng(3)
    before, after = (1e6 * random.lognormal(0, spread, 16) for _ in range(2))
    return blocked_change(before.tolist(), (ratio * after).tolist(), looks=3, cells=1, **named)


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
    assert (change.word, change.repeats) == (word, 16)
    assert reason in change.reason
