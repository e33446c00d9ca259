"""The simulated device, and the benchmark's copy of edgekit's rule, which judges many sessions at once."""

import sys

import numpy as np
import pytest
from support.benchmarks import BENCHMARKS, script
from support.sessions import repeats_of

from edgekit.comparison.together import REPEATS, blocked_change, planned_looks


@pytest.fixture(scope="module")
def verdicts():
    sys.path.insert(0, str(BENCHMARKS))
    yield script("verdicts")
    sys.path.remove(str(BENCHMARKS))


SHAPES = (
    *("quiet", "drift", "bursts", "autocorrelated", "heavy tails", "bimodal", "slow cores", "step"),
    "neighbour",
)


def test_every_shape_of_noise_is_here(verdicts):
    assert tuple(verdicts.SHAPES) == SHAPES


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_seeded_and_slows_the_candidate_by_the_ratio(verdicts, shape):
    plain, slower, other = (
        verdicts.session(shape, ratio=ratio, comparisons=60, repeats=8, seed=seed)
        for ratio, seed in ((1, 3), (1.5, 3), (1, 4))
    )
    assert plain[0].shape == plain[1].shape == (60, 8, 32)
    assert np.array_equal(plain[0], slower[0])
    assert np.allclose(1.5 * plain[1], slower[1])
    assert not np.array_equal(plain[0], other[0])
    assert np.median(plain[1]) / np.median(plain[0]) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("shape", ["drift", "slow cores", "neighbour"])
@pytest.mark.parametrize("ratio", [1, 1.1])
def test_the_vectorised_rule_is_the_rule(verdicts, shape, ratio):
    """Session by session, at the looks at which `edgekit compare` would stop."""
    sides = verdicts.session(shape, ratio=ratio, comparisons=25, repeats=24, seed=5)
    words, spent = verdicts.edgekit(*sides)
    looks = planned_looks(REPEATS["standard"], 1)
    for index in range(25):
        before, after = (repeats_of(1e6 * side[index]) for side in sides)
        for look in looks:
            change = blocked_change(before[: 2 * look], after[: 2 * look], looks=len(looks), cells=1)
            if change.word != "inconclusive":
                break
        assert (words[index], spent[index]) == (change.word, change.repeats)


def test_no_limit_is_broken_and_the_page_has_what_was_found(verdicts):
    page = (BENCHMARKS.parent / "docs" / "comparing.md").read_text(encoding="utf-8")
    row, broken = verdicts.judge("drift", verdicts.COMPARISONS, 1)
    assert broken == []
    assert row in page


def test_a_broken_limit_is_named(verdicts, monkeypatch):
    monkeypatch.setattr(verdicts, "FOUND", 1.1)
    _, broken = verdicts.judge("quiet", 50, 1)
    assert any("10 % found" in line for line in broken)
    assert any("false alarms" in line for line in broken), "50 comparisons bound nothing by 1 %"
