"""Which commit a result is of, in repositories as one meets them."""

import sys
import time
from pathlib import Path

import pytest
from support.repositories import commit, git, made

from edgekit import repository
from edgekit.repository import here
from edgekit.results import read_result

HOSTILE = "$(touch pwned);'\"&|<script>-ünïcode-\N{PILE OF POO}"


@pytest.fixture(autouse=True)
def no_ci(monkeypatch):
    for names in repository._CI:
        for name in names:
            monkeypatch.delenv(name, raising=False)


def test_commit_branch_and_date_of_a_clean_repository(tmp_path):
    folder = made(tmp_path / "project")

    found, why = here(folder)

    assert found.commit == git(folder, "rev-parse", "HEAD").strip()
    assert (found.committed, found.branch, found.dirty, why) == ("2026-01-01T00:00:00Z", "main", False, "")


def test_a_changed_tracked_file_is_dirty_and_a_new_result_is_not(tmp_path):
    folder = made(tmp_path / "project")
    (folder / "results").mkdir()
    (folder / "results" / "new.json").write_text("{}")
    assert here(folder)[0].dirty is False

    (folder / "model.txt").write_text("changed")

    assert here(folder)[0].dirty is True


def test_it_is_found_from_a_folder_within(tmp_path):
    folder = made(tmp_path / "project")
    (folder / "deep" / "er").mkdir(parents=True)

    assert here(folder / "deep" / "er") == here(folder)


def test_outside_of_any_repository_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert here(tmp_path) == (None, "")


def test_a_repository_without_a_commit_is_of_none(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")

    assert here(tmp_path) == (None, "")


def test_a_computer_without_git_goes_on_and_says_so(tmp_path, monkeypatch):
    folder = made(tmp_path / "project")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert here(folder) == (None, "Git cannot be run: No such file or directory.")


def test_a_damaged_repository_goes_on_and_says_why(tmp_path):
    folder = made(tmp_path / "project")
    (folder / ".git" / "HEAD").write_text("nonsense")

    found, why = here(folder)

    assert found is None
    assert why.startswith("Git says: not a git repository")


def test_git_that_hangs_is_gone_without(tmp_path, monkeypatch):
    folder = made(tmp_path / "project")
    (tmp_path / "git").write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(repository, "_SECONDS", 0.5)
    begun = time.monotonic()

    assert here(folder) == (None, "Git did not answer within 0 s.")
    assert time.monotonic() - begun < 10


def test_a_bare_clone_has_a_commit_and_no_files_to_be_dirty(tmp_path):
    folder = made(tmp_path / "project")
    git(tmp_path, "clone", "-q", "--bare", str(folder), "bare.git")

    found, why = here(tmp_path / "bare.git")

    assert (found.commit, found.branch, found.dirty, why) == (here(folder)[0].commit, "main", None, "")


def test_a_shallow_clone_and_a_work_tree_know_their_commit(tmp_path):
    folder = made(tmp_path / "project")
    commit(folder, "second")
    git(tmp_path, "clone", "-q", "--depth", "1", folder.as_uri(), "shallow")
    git(folder, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))

    assert here(tmp_path / "shallow") == here(folder)
    assert here(tmp_path / "side")[0].branch == "side"


def test_a_detached_commit_has_the_branch_that_ci_says(tmp_path, monkeypatch):
    folder = made(tmp_path / "project")
    git(folder, "checkout", "-q", "--detach")
    assert here(folder)[0].branch is None

    monkeypatch.setenv("GITHUB_REF_NAME", "12/merge")
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    assert here(folder)[0].branch is None, "it speaks of another commit"
    monkeypatch.setenv("GITHUB_SHA", here(folder)[0].commit)
    assert here(folder)[0].branch == "12/merge"
    monkeypatch.setenv("GITHUB_HEAD_REF", "faster")
    assert here(folder)[0].branch == "faster"


def test_a_hostile_branch_name_is_only_a_name(tmp_path):
    folder = made(tmp_path / "project")
    git(folder, "checkout", "-q", "-b", HOSTILE.replace(" ", "-"))

    assert here(folder)[0].branch == HOSTILE.replace(" ", "-")
    assert not list(tmp_path.rglob("pwned"))


def test_a_branch_name_in_no_encoding_is_read(tmp_path):
    folder = made(tmp_path / "project")
    git(folder, "checkout", "-q", "-b", b"caf\xe9")

    assert here(folder)[0].branch == r"caf\xe9"


def test_what_a_repository_would_have_run_is_not_run(tmp_path):
    folder = made(tmp_path / "project")
    program = tmp_path / "monitor"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned\n")
    program.chmod(0o755)
    git(folder, "config", "core.fsmonitor", str(program))

    assert here(folder)[0].dirty is False
    assert not (tmp_path / "pwned").exists()


def test_a_session_records_where_it_began(device, tiny, tmp_path, monkeypatch):
    from edgekit.measurement import BenchRequest, Schedule, Store, bench

    folder = made(tmp_path / "project")
    monkeypatch.chdir(folder)
    request = BenchRequest(artefacts=(tiny,), mode=Schedule(repeats=2, min_runs=128, min_seconds=0))
    store = Store(Path("result.json"))

    result = bench(request, transport=device, store=store)
    store.write(result)

    assert result.repository == here(folder)[0]
    assert read_result(Path("result.json")).repository == result.repository


def test_a_session_where_git_fails_says_so_and_measures(device, tiny, tmp_path, monkeypatch):
    from edgekit.measurement import BenchRequest, Schedule, bench
    from edgekit.progress import Recorder

    folder, notes = made(tmp_path / "project"), Recorder()
    (folder / ".git" / "HEAD").write_text("nonsense")
    monkeypatch.chdir(folder)
    request = BenchRequest(artefacts=(tiny,), mode=Schedule(repeats=2, min_runs=128, min_seconds=0))

    result = bench(request, notes, transport=device)

    assert result.repository is None
    assert result.measurements
    assert [note for note in notes.notes if note.startswith("The result does not record its commit")]
