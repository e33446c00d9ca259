"""What changed in a series is found once, and kept in edgekit's cache."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgekit.timeline import known
from edgekit.timeline.known import known_changes

SLOWER = [*np.exp(0.01 * np.random.default_rng(0).standard_normal(30)) * np.repeat([1.0, 1.1], 15)]


@pytest.fixture
def looked(tmp_path, monkeypatch):
    """How many series were searched; with a cache of their own."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    searched = []
    real = known.changes

    def remember(values, **named):
        searched.append(len(values))
        return real(values, **named)

    monkeypatch.setattr(known, "changes", remember)
    return searched


def database():
    return Path(os.environ["EDGEKIT_CACHE"]) / "history" / "changes.sqlite"


def found(values=SLOWER, share=False):
    with known_changes() as changes:
        return changes.of(values, exact=False, share=share)


def test_the_same_values_are_searched_once(looked):
    first, then = found(), found()

    assert first == then
    assert 14 <= first[0].at <= 16
    assert looked == [30]


def test_other_values_and_the_same_as_shares_are_searched(looked):
    found()
    found(SLOWER[:-1])
    found([value / 2 for value in SLOWER], share=True)
    found([value / 2 for value in SLOWER])

    assert looked == [30, 29, 30, 30]


def test_series_without_a_change_are_known_too(looked):
    flat = SLOWER[:15]

    assert found(flat) == found(flat) == ()
    assert looked == [15]


@pytest.mark.parametrize(
    "damage", [b"no database at all, but long enough to look at" * 99, "truncate", "rows"]
)
def test_what_is_damaged_is_found_again(looked, damage):
    whole = found()
    if damage == "truncate":
        database().write_bytes(database().read_bytes()[:5000])
    elif damage == "rows":
        with known_changes() as changes:
            changes._kept.execute("UPDATE changes SET found = x'c1'")
            changes._kept.commit()
    else:
        database().write_bytes(damage)

    assert found() == whole
    assert looked == [30, 30]

    found()
    del looked[:]
    assert found() == whole
    assert looked == [], "it is whole again"


def test_a_cache_that_cannot_be_written_only_costs_time(looked, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "file"))

    assert found() == found() != ()
    assert looked == [30, 30]


def test_only_the_newest_series_are_kept(looked, monkeypatch):
    monkeypatch.setattr(known, "_MOST", 2)
    for last in (30, 29, 28):
        found(SLOWER[:last])

    found(SLOWER[:29])
    found(SLOWER[:28])
    found(SLOWER[:30])

    assert looked == [30, 29, 28, 30]


def test_two_at_once_lose_nothing(looked):
    with known_changes() as one, known_changes() as other:
        one.of(SLOWER, exact=False, share=False)
        other.of(SLOWER[:29], exact=False, share=False)

    found(), found(SLOWER[:29])
    assert looked == [30, 29]


def test_a_history_that_is_known_needs_none_of_the_libraries_that_search(project):
    for day in range(1, 13):
        project.commit(f"change {day}", day)
        project.measured(1.0 if day < 7 else 1.2, day=day)
    program = "import sys, edgekit; print(len(edgekit.history().series[0].steps), *sys.modules)"
    command = [sys.executable, "-c", program]
    first, then = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(2)
    )

    assert {"ruptures", "scipy.stats"} <= set(first)
    assert not {"ruptures", "scipy.stats", "scipy"} & set(then)
    assert first[0] == then[0]


def test_what_is_the_same_on_every_run_is_never_kept(looked):
    with known_changes() as changes:
        assert [each.at for each in changes.of([1.0, 1.0, 2.0], exact=True, share=False)] == [2]
    with known_changes() as changes:
        changes.of([1.0, 1.0, 2.0], exact=True, share=False)
    assert looked == [3, 3]
