"""A metric over the commits of a real repository."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.commands import run
from support.repositories import git, made
from support.sessions import session, timed

import edgekit
from edgekit.errors import UnavailableError, UsageError
from edgekit.results import Finding, Repository, write_result


def names(series):
    return [value.commit[:7] or value.created for value in series.values]


def test_a_commit_that_made_a_file_larger_is_named(project):
    commits = [project.commit(f"change {day}", day) for day in range(2, 8)]
    for day, commit in enumerate(commits, start=2):
        project.git("checkout", "-q", commit)
        project.measured(day=day, size=1_000_000 if day < 5 else 1_100_000)
    project.git("checkout", "-q", "main")

    (series,) = edgekit.history(metric="size").series
    (step,) = series.steps

    assert [value.value for value in series.values] == [1e6] * 3 + [1.1e6] * 3
    assert (step.after.commit, step.until.commit, step.likeliest.commit) == (
        commits[2],
        commits[3],
        commits[3],
    )
    assert project.git("log", "--format=%s", step.commits) == "change 5\n"


def test_a_noisy_step_is_named_with_its_range_size_and_interval(project):
    random = np.random.default_rng(0)
    commits = []
    for day in range(1, 29):
        commits.append(project.commit(f"change {day}", day))
        project.measured((1.0 if day < 15 else 1.10) * random.lognormal(0, 0.01), day=day)

    (series,) = edgekit.history().series
    (step,) = series.steps

    json.loads(run("history", "--json", cwd=project.folder).out)
    assert 0.08 < step.change.low < step.change.size < step.change.high < 0.12
    assert "change 15" in project.git("log", "--format=%s", step.commits).splitlines()
    assert step.likeliest.commit == commits[14]


def test_commits_are_in_the_order_of_their_ancestry_whatever_their_dates_say(project):
    commits = [project.commit(f"change {n}", day) for n, day in enumerate((20, 5, 28, 1))]
    for commit, day in zip(reversed(commits), (1, 2, 3, 4), strict=True):
        project.git("checkout", "-q", commit)
        project.measured(day=day)
    project.git("checkout", "-q", "main")

    (series,) = edgekit.history().series

    assert names(series) == [commit[:7] for commit in commits]


def test_several_sessions_of_a_commit_are_one_value_and_a_dirty_one_is_another(project):
    for ms in (1.0, 3.0, 1.2):
        project.measured(ms)
    (project.folder / "model.txt").write_text("changed")
    project.measured(2.0)

    (series,) = edgekit.history().series

    assert [(round(value.value / 1e6, 3), value.dirty, len(value.results)) for value in series.values] == [
        (1.2, False, 3),
        (2.0, True, 1),
    ]
    assert (series.values[0].low / 1e6, series.values[0].high / 1e6) == (1.0, 3.0)


def test_a_commit_of_another_branch_is_left_out_and_counted(project):
    project.measured(day=1)
    project.git("checkout", "-q", "-b", "side")
    project.commit("aside", 2)
    project.measured(5.0, day=2)
    project.git("checkout", "-q", "main")

    found = edgekit.history()

    assert len(found.series[0].values) == 1
    assert found.notes == ("1 measurement left out: of commits outside the checked-out history.",)


def test_commits_that_a_shallow_clone_lacks_are_placed_by_date(project, tmp_path, monkeypatch):
    for day in (1, 2, 3):
        project.commit(f"change {day}", day)
        project.measured(day=4 - day)
    git(tmp_path, "clone", "-q", "--depth", "1", project.folder.as_uri(), "shallow")
    monkeypatch.chdir(tmp_path / "shallow")

    found = edgekit.history(results=project.folder / "results")

    assert [value.committed[8:10] for value in found.series[0].values] == ["01", "02", "03"]
    assert found.notes == (
        "2 commits not in this clone, placed by date. A shallow clone is completed by: git fetch --unshallow",
    )


def test_results_of_no_commit_are_placed_by_date_among_the_others(project):
    project.commit("early", 2)
    project.measured(day=2)
    project.measured(day=3, repository=None)
    project.commit("late", 4)
    project.measured(day=4)

    found = edgekit.history()

    assert [value.date[8:10] for value in found.series[0].values] == ["02", "03", "04"]
    assert found.notes == ("1 measurement of no known commit, placed by date.",)


def test_outside_of_any_repository_results_are_in_the_order_of_their_dates(project, tmp_path, monkeypatch):
    project.commit("late", 9)
    project.measured(day=9)
    project.measured(day=2, repository=None)
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")

    found = edgekit.history(results=project.folder / "results")

    assert [value.date[8:10] for value in found.series[0].values] == ["02", "09"]
    assert "Ordered by date: these commits are not in a repository here." in found.notes


def test_what_else_changed_with_a_step_is_said(project):
    project.measured(day=1, counts=(1000, 1000), source="qemu cortex-a72", version="2.2.0")
    project.commit("next", 2)
    project.measured(day=2, counts=(1200, 1200), source="qemu cortex-a72", version="2.3.0")

    (series,) = edgekit.history(metric="instructions").series
    (step,) = series.steps

    assert step.also == ("runtime: litert 2.2.0 → litert 2.3.0",)
    assert step.change.size == pytest.approx(0.2)


def test_an_invalid_measurement_is_left_out_and_counted(project):
    project.measured(day=1)
    project.measured(9.0, day=2, flaw=Finding("invalid", "throttled", "It was throttled."))

    found = edgekit.history()

    assert [value.value for value in found.series[0].values] == [1e6]
    assert found.notes == ("1 invalid measurement left out.",)
    (size,) = edgekit.history(metric="size").series[0].values
    assert len(size.results) == 2, "a size does not depend on times"


def test_where_all_are_invalid_that_is_said(project):
    project.measured(flaw=Finding("invalid", "throttled", "It was throttled."))
    with pytest.raises(UnavailableError, match="Every measurement of latency p50 is invalid: throttled"):
        edgekit.history()


def test_devices_files_runtimes_and_threads_are_series_of_their_own(project):
    for more in ({}, {"threads": 4}, {"file": "float32.tflite"}, {"runtime": "tflite-runtime"}):
        project.measured(**more)
    project.measured(device="rpi5")

    found = edgekit.history()

    assert len(found.series) == 5
    assert len(edgekit.history(device="rpi5").series) == 1
    assert len(edgekit.history("mobilenet*", device="rpi*").series) == 5


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"metric": "p51"}, r"no metric 'p51'. Did you mean 'p50'"),
        ({"device": "rpi5"}, r"of the device 'rpi5'. Did you mean 'rpi4'\? There is rpi4"),
        ({"model": "nothing"}, r"of the model 'nothing'.*There is mobilenet"),
        ({"plot": "history.gif"}, r"'history.gif' does not say which format.*\.svg or \.png"),
        ({"results": "nowhere"}, r"nowhere cannot be read"),
    ],
)
def test_what_cannot_be_answered_is_said_with_what_can(project, asked, words):
    project.measured()
    with pytest.raises(UsageError, match=words):
        edgekit.history(**asked)


def test_a_metric_that_no_result_has_is_said_with_those_there_are(project):
    project.measured()
    with pytest.raises(
        UnavailableError, match=r"No result has instructions\. There is latency_p50.*--metric"
    ):
        edgekit.history(metric="instructions")


def test_an_empty_folder_says_what_to_do(project):
    (Path("results") / "broken.json").write_text("{")
    with pytest.raises(UsageError, match=r"holds no result. 1 file cannot be read. Make one: edgekit bench"):
        edgekit.history()


def test_the_command_shows_the_step_and_the_commits_to_look_at(project):
    commits = [project.commit(f"change {day}", day) for day in range(2, 6)]
    for day, commit in enumerate(commits, start=2):
        project.git("checkout", "-q", commit)
        project.measured(day=day, size=1_000_000 if day < 4 else 1_250_000)
    (Path("results") / "newer.json").write_text('{"schema": "edgekit.result/99"}')
    project.git("checkout", "-q", "main")

    done = run("history", "--metric", "size", "--device", "rpi4", cwd=project.folder)

    between = f"{commits[1][:10]}..{commits[2][:10]}"
    assert done.code == 0, done.err
    assert f"step +25.0 %, 1,000,000 B → 1,250,000 B, in {between}" in done.out
    assert "not read newer.json: has schema 'edgekit.result/99'" in done.out
    assert f"Next: git log {between}" in done.err
    shown = json.loads(run("history", "--metric", "size", "--json", cwd=project.folder).out)
    assert shown["series"][0]["steps"][0]["commits"] == between
    assert shown["series"][0]["values"][0]["commit"] == commits[0]
    assert shown["unreadable"][0]["file"] == "newer.json"


def test_hostile_names_are_only_names(project):
    hostile = "\x1b[31m$(touch pwned);<script>|`"
    project.measured(
        model=hostile, device="rpi4", repository=Repository("--output=pwned", "x", hostile, True)
    )
    project.measured(model=hostile, repository=Repository("f" * 40, None, hostile, None))

    done = run("history", "--plot", "plot.svg", cwd=project.folder)

    assert done.code == 0, done.err
    assert "\x1b[31m" not in done.out
    assert not Path("pwned").exists()
    assert "<script>" not in Path("plot.svg").read_text()


@pytest.mark.parametrize("name", ["plot.svg", "plot.png"])
def test_a_plot_has_every_series(project, name):
    for day in (1, 2):
        project.measured(day=day, size=day * 1000)
        project.commit(f"after {day}", day + 1)

    edgekit.history(metric="size", plot=name)

    drawn = Path(name).read_bytes()
    assert drawn.startswith(b"\x89PNG" if name.endswith("png") else b"<svg")
    if name.endswith("svg"):
        assert "int8.tflite" in drawn.decode()
        assert "+100 %" in drawn.decode()


def test_a_repository_of_another_project_is_not_asked_for_these_commits(project, tmp_path, monkeypatch):
    project.measured()
    monkeypatch.chdir(made(tmp_path / "another"))

    found = edgekit.history(results=project.folder / "results")

    assert len(found.series[0].values) == 1


def test_two_results_of_one_session_are_both_counted(project):
    result = session(timed(1e6, 1e6, samples=8), created="2026-01-01T00:00:00Z")
    for name in ("a", "b"):
        write_result(Path("results") / f"{name}.json", result)

    assert len(edgekit.history().series[0].values) == 2
