"""Where a series changed: steps that were planted, and noise that never did."""

import numpy as np
import pytest
from support.benchmarks import script

from edgekit.timeline.steps import changes

history = script("history")


@pytest.mark.parametrize("noise", ["normal", "heavy tails", "skewed"])
def test_nineteen_of_twenty_steps_of_5_percent_are_found(noise):
    hits, others = history.found(noise, 0.05, 100)

    assert hits >= 95
    assert others <= 5


def test_of_a_hundred_flat_series_at_most_one_is_said_to_have_changed():
    assert history.false_alarms("normal", 100) <= 1
    assert history.false_alarms("heavy tails", 100) <= 2


def test_several_steps_are_told_apart():
    random = np.random.default_rng(3)
    levels = np.repeat([1.0, 1.10, 1.02], 40)
    found = changes(levels * np.exp(0.02 * random.standard_normal(120)), exact=False, share=False)

    assert [(each.first <= at <= each.last) for each, at in zip(found, (40, 80), strict=True)] == [True] * 2
    assert [round(each.size, 2) for each in found] == pytest.approx([0.10, -0.07], abs=0.01)
    assert all(each.low < each.size < each.high for each in found)


def test_the_range_of_places_is_wider_where_the_step_is_smaller():
    random = np.random.default_rng(4)
    noise = np.exp(0.02 * random.standard_normal(100))
    wide = []
    for step in (0.03, 0.30):
        (found,) = changes(noise * np.where(np.arange(100) < 50, 1, 1 + step), exact=False, share=False)
        assert found.first <= found.at <= found.last
        wide.append(found.last - found.first)
    assert wide[0] > wide[1] == 0


def test_a_single_spike_is_not_a_step():
    values = np.exp(0.02 * np.random.default_rng(5).standard_normal(60))
    values[30] *= 3

    assert changes(values, exact=False, share=False) == ()


@pytest.mark.parametrize("count", range(7))
def test_a_few_values_say_nothing(count):
    assert changes([1.0, 1.0, 1.0, 5.0, 5.0, 5.0][:count], exact=False, share=False) == ()


def test_values_that_are_all_equal_or_zero_say_nothing():
    for values in ([1.0] * 50, [0.0] * 50):
        assert changes(values, exact=False, share=False) == changes(values, exact=True, share=False) == ()


def test_memory_in_whole_pages_is_noise_though_most_neighbours_are_equal():
    random = np.random.default_rng(6)
    values = 45e6 + 4096 * random.choice([0, 0, 0, 0, 1, -1], 100)

    assert changes(values, exact=False, share=False) == ()


def test_every_change_of_an_exact_value_is_a_step():
    (one, other) = changes([100.0, 100.0, 110.0, 110.0, 100.0], exact=True, share=False)

    assert (one.at, one.first, one.last, one.before, one.after) == (2, 2, 2, 100, 110)
    assert one.low == one.size == one.high == pytest.approx(0.1)
    assert other.size == pytest.approx(-1 / 11)


def test_an_exact_count_that_moves_by_less_than_a_thousandth_is_none():
    assert changes([1e6, 1e6 + 400, 1e6], exact=True, share=False) == ()


def test_a_step_of_a_share_is_a_difference():
    (only,) = changes([0.99, 0.99, 0.97], exact=True, share=True)

    assert only.size == pytest.approx(-0.02)
