"""Statistics against published figures, exact derivations and simulation."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from edgekit import stats

SAMPLES = st.lists(st.integers(1, 10**9), min_size=1, max_size=300)


def pairs(lost: int, gained: int, n: int) -> tuple[list[bool], list[bool]]:
    same = n - lost - gained
    return [True] * (lost + same) + [False] * gained, [False] * lost + [True] * (same + gained)


@given(st.integers(0, 400), st.integers(1, 400), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys_wilson(correct, extra, confidence):
    n = correct + extra
    expected = binomtest(correct, n).proportion_ci(confidence, method="wilson")
    assert stats.wilson(correct, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_gives_newcombes_published_figures():
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    assert stats.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert stats.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert stats.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert stats.wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_wilson_without_images_knows_nothing():
    assert stats.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("correct", "n"), [(-1, 5), (6, 5)])
def test_wilson_refuses_an_impossible_count(correct, n):
    with pytest.raises(ValueError, match="is not a share"):
        stats.wilson(correct, n)


@given(st.integers(1, 10_000), st.data())
def test_wilson_holds_the_share_and_stays_in_bounds(n, data):
    correct = data.draw(st.integers(0, n))
    low, high = stats.wilson(correct, n)
    assert 0 <= low <= correct / n <= high <= 1
    assert low < high


def test_paired_drop_gives_the_published_interval():
    # airway reactivity before and after a transplantation (1, 1, 7, 12), the example of
    # Fagerland, Lydersen & Laake, Statistics in Medicine 33 (2014): Tango −0.517 to −0.026
    assert stats.paired_drop(*pairs(1, 7, 21)) == pytest.approx((-6 / 21, -0.517, -0.026), abs=5e-4)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 400), st.sampled_from([0.9, 0.95, 0.99]))
@settings(max_examples=60, deadline=None)
def test_the_ends_of_a_paired_interval_are_where_the_score_test_turns(lost, gained, same, confidence):
    n = lost + gained + same
    if n == 0:
        return
    _, low, high = stats.paired_drop(*pairs(lost, gained, n), confidence)
    z = stats._z(confidence)
    for end in (low, high):
        if abs(end) < 1 - 1e-9:
            assert abs(score(lost, gained, n, end)) == pytest.approx(z, rel=1e-3)


def score(lost: int, gained: int, n: int, drop: float) -> float:
    """The score statistic, its nuisance parameter found by brute maximisation of the likelihood."""
    from scipy.optimize import minimize_scalar

    def unlikelihood(share: float) -> float:
        cells = ((lost, share + drop), (gained, share), (n - lost - gained, 1 - 2 * share - drop))
        return -sum(count * np.log(p) for count, p in cells if count)

    edge = 1e-13
    bounds = (max(0.0, -drop) + edge, (1 - drop) / 2 - edge)
    share = minimize_scalar(unlikelihood, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    return (lost - gained - n * drop) / np.sqrt(n * (2 * share + drop - drop**2))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=300))
@settings(deadline=None)
def test_a_paired_interval_holds_the_drop_and_mirrors(rows):
    reference, candidate = zip(*rows, strict=True)
    drop, low, high = stats.paired_drop(reference, candidate)
    assert -1 <= low <= drop <= high <= 1
    assert low < high
    assert stats.paired_drop(candidate, reference) == pytest.approx((-drop, -high, -low))


@pytest.mark.parametrize("n", [1, 44, 10_000])
def test_without_a_difference_the_paired_interval_is_not_empty(n):
    half = 1.959964**2 / (n + 1.959964**2)
    assert stats.paired_drop([True] * n, [True] * n) == pytest.approx((0, -half, half), rel=1e-5)


def test_a_thousand_images_at_five_percent_disagreement_resolve_1_4_points():
    _, low, high = stats.paired_drop(*pairs(25, 25, 1000))
    assert (high - low) / 2 == pytest.approx(0.014, abs=5e-4)
    _, low, high = stats.paired_drop(*pairs(192, 193, 7700))
    assert (high - low) / 2 == pytest.approx(0.005, abs=5e-5)


def test_the_paired_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    truth, n, rounds = 0.01, 400, 2000
    seen = [stats.paired_drop(*pairs(a, b, n)) for a, b, _ in rng.multinomial(n, [0.03, 0.02, 0.95], rounds)]
    covered = sum(low <= truth <= high for _, low, high in seen)
    assert binomtest(covered, rounds, 0.95).pvalue > 0.001 or covered / rounds > 0.95


@pytest.mark.parametrize(
    ("reference", "candidate"), [([], []), ([True], [True, False]), ([[True]], [[True]])]
)
def test_paired_drop_refuses_what_is_not_paired(reference, candidate):
    with pytest.raises(ValueError, match="expected two equal"):
        stats.paired_drop(reference, candidate)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        stats.wilson(1, 2, confidence)


@pytest.mark.parametrize(("q", "floor"), [(90, 64), (95, 130), (99, 662)])
def test_the_floor_is_where_the_second_largest_sample_becomes_a_99_percent_bound(q, floor):
    # P(at most n − 2 samples lie below the percentile) ≥ .99, from the binomial law itself
    smallest = next(n for n in range(2, 2000) if binom.cdf(n - 2, n, q / 100) >= 0.99)
    assert stats.percentile_floor(q) == smallest == floor


@pytest.mark.parametrize(("q", "floor"), [(50, 1), (90, 64), (95, 130), (99, 662)])
def test_a_percentile_below_its_floor_is_insufficient(q, floor):
    samples = np.arange(floor)
    assert stats.percentile(samples[:-1], q) is None
    assert stats.percentile(samples, q) == np.percentile(samples, q)


@pytest.mark.parametrize("q", [0, 100, -5])
def test_the_ends_are_no_percentiles(q):
    with pytest.raises(ValueError, match="not a percentile"):
        stats.percentile([1, 2, 3], q)


@given(st.lists(st.integers(1, 10**9), min_size=662, max_size=700))
@settings(max_examples=20)
def test_percentiles_are_ordered_and_within_the_samples(samples):
    p50, p90, p99 = (stats.percentile(samples, q) for q in (50, 90, 99))
    assert min(samples) <= p50 <= p90 <= p99 <= max(samples)


def test_the_headline_is_the_median_of_the_repeats_medians():
    found = stats.median_of_medians([[1, 2, 300], [10, 10], [], [4, 5, 6]])
    assert found == stats.Spread(5.0, 2.0, 10.0)
    assert found.relative == pytest.approx(1.6)
    assert stats.median_of_medians([[], []]) is None


@given(st.lists(SAMPLES, min_size=1, max_size=6), st.randoms())
def test_the_headline_does_not_depend_on_order(repeats, random):
    shuffled = [random.sample(repeat, len(repeat)) for repeat in repeats]
    random.shuffle(shuffled)
    assert stats.median_of_medians(shuffled) == stats.median_of_medians(repeats)


@given(SAMPLES, SAMPLES)
def test_a_ratio_lies_within_what_its_repeats_allow(a, b):
    ratio, low, high = stats.ratio_range(stats.spread(a), stats.spread(b))
    assert low <= ratio <= high


def test_coefficient_of_variation_is_the_textbooks():
    assert stats.coefficient_of_variation([2, 4, 4, 4, 5, 5, 7, 9]) == pytest.approx(2.1380899 / 5)
    assert stats.coefficient_of_variation([3]) is None
    assert stats.coefficient_of_variation([]) is None


def test_outliers_lie_beyond_14_8_mad():
    # median 3, MAD 1: the limit is 17.8
    assert stats.outliers([1, 2, 3, 4, 17.8]).tolist() == [False] * 5
    assert stats.outliers([1, 2, 3, 4, 17.9]).tolist() == [False] * 4 + [True]
    assert stats.outliers([7, 7, 7, 8]).tolist() == [False] * 3 + [True]
    assert stats.outliers([]).tolist() == []


@given(SAMPLES, st.sampled_from([1, 2, 1024]), st.integers(0, 10**6))
def test_outliers_do_not_depend_on_the_unit_or_the_origin(samples, scale, shift):
    moved = [sample * scale + shift for sample in samples]
    assert stats.outliers(moved).tolist() == stats.outliers(samples).tolist()


def parted(values, places, penalty):
    """What PELT minimizes, written out."""
    levels = np.split(np.asarray(values), places)
    return sum(((level - level.mean()) ** 2).sum() for level in levels) + penalty * len(places)


@pytest.mark.parametrize("seed", range(20))
def test_no_other_partition_into_levels_costs_less(seed):
    random = np.random.default_rng(seed)
    values, penalty = random.normal(size=11) + 2 * (np.arange(11) >= 6), float(random.uniform(0.2, 4))
    found = stats.level_changes(values, shortest=1, penalty=penalty)

    every = (places for count in range(11) for places in combinations(range(1, 11), count))
    assert parted(values, found, penalty) == pytest.approx(min(parted(values, p, penalty) for p in every))


def test_no_level_is_shorter_than_allowed():
    values = np.random.default_rng(1).normal(size=60)
    places = stats.level_changes(values, shortest=5, penalty=0.01)
    assert len(places) > 5
    assert min(np.diff([0, *places, 60])) >= 5


def test_importing_the_statistics_is_light():
    program = "import sys, edgekit.stats; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "edgekit.errors"} & set(done.stdout.split())
