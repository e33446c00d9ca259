"""The index of a results folder: each file is read once, and nothing is ever lost."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support.repositories import git

import edgekit
from edgekit.errors import UsageError
from edgekit.timeline import index
from edgekit.timeline.index import look

RESULTS = Path("results")


@pytest.fixture
def read(monkeypatch):
    """The names of the files that are read."""
    names = []
    real = index.read_entries

    def remember(path):
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(index, "read_entries", remember)
    return names


def files(found):
    return sorted({entry.file for entry in found.entries})


def databases():
    return list((Path(os.environ["EDGEKIT_CACHE"]) / "history").glob("*.sqlite"))


def test_a_file_is_read_once(project, read):
    for day in (1, 2):
        project.measured(day=day)

    first, then = look(RESULTS), look(RESULTS)

    assert read == ["0000.json", "0001.json"]
    assert first == then
    assert files(first) == ["0000.json", "0001.json"]


def test_a_new_file_is_added_one_that_changed_read_again_and_one_that_is_gone_forgotten(project, read):
    for day in (1, 2):
        project.measured(day=day)
    look(RESULTS)
    del read[:]
    project.measured(day=3)
    project.written[0].unlink()
    os.utime(project.written[1], ns=(1, 1))

    found = look(RESULTS)

    assert read == files(found) == ["0001.json", "0002.json"]


def test_nothing_is_written_to_the_folder(project):
    project.measured()

    look(RESULTS)

    assert [path.name for path in RESULTS.iterdir()] == ["0000.json"]
    assert git(project.folder, "status", "--porcelain").split() == ["??", "results/"]


def test_what_cannot_be_read_is_named_each_time_and_the_rest_shown(project, read):
    project.measured()
    whole = project.written[0].read_bytes()
    (RESULTS / "truncated.json").write_bytes(whole[: len(whole) // 2])
    newer = json.loads(whole) | {"schema": "edgekit.result/99"}
    (RESULTS / "newer.json").write_text(json.dumps(newer))
    (RESULTS / "other.json").write_text('{"schema": "edgekit.manifest/1"}')
    (RESULTS / "empty.json").write_bytes(b"")
    (RESULTS / ".partial-1-abc").write_bytes(whole)
    (RESULTS / "a folder.json").mkdir()

    for _ in range(2):
        found = look(RESULTS)
        why = {each.file: each.why for each in found.unreadable}
        assert files(found) == ["0000.json"]
        assert sorted(why) == ["empty.json", "newer.json", "other.json", "truncated.json"]
        assert "this edgekit reads up to" in why["newer.json"]
        assert "Upgrade edgekit" in why["newer.json"]
        assert "is not an edgekit result" in why["empty.json"]
    assert len(read) == 5

    (RESULTS / "truncated.json").write_bytes(whole)
    assert files(look(RESULTS)) == ["0000.json", "truncated.json"], "it is whole now"


def test_results_of_edgekit_0_1_are_read(project):
    from support.sessions import as_edgekit_0_1_wrote_it

    project.measured()
    as_edgekit_0_1_wrote_it(project.written[0])

    assert files(look(RESULTS)) == ["0000.json"]


@pytest.mark.parametrize(
    "damage", [b"", b"no database at all, but long enough to look at" * 99, "truncate", "rows"]
)
def test_a_damaged_index_is_made_again(project, read, damage):
    for day in (1, 2):
        project.measured(day=day)
    whole = look(RESULTS)
    (path,) = databases()
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "rows":
        with sqlite3.connect(path) as database:
            database.execute("UPDATE entries SET entry = '{}'")
        database.close()
    else:
        path.write_bytes(damage)

    assert sorted(map(str, look(RESULTS).entries)) == sorted(map(str, whole.entries))
    assert look(RESULTS).note == ""
    assert len(read) == 4


def test_a_cache_that_cannot_be_written_only_costs_time(project, monkeypatch):
    project.measured()
    blocked = project.folder / "file"
    blocked.write_text("")
    monkeypatch.setenv("EDGEKIT_CACHE", str(blocked))

    found = look(RESULTS)

    assert files(found) == ["0000.json"]
    assert found.note.startswith("The index cannot be kept, so all is read: ")


def test_a_folder_that_is_not_there_is_named(project):
    with pytest.raises(UsageError, match=r"nowhere cannot be read: No such file.*--results"):
        look(Path("nowhere"))


KILLED = """
import os, sys
from pathlib import Path
from edgekit.timeline import index
index._BATCH = 2
real, left = index.read_entries, [5]
def dies(path):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)
    return real(path)
index.read_entries = dies
index.look(Path("results"))
"""


def test_a_killed_indexer_keeps_what_it_had_read(project, read):
    for day in range(1, 8):
        project.measured(day=day)
    done = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert done.returncode == -signal.SIGKILL

    found = look(RESULTS)

    assert len(files(found)) == 7
    assert len(found.entries) == 7, "none twice"
    assert read == ["0004.json", "0005.json", "0006.json"]


def test_two_at_once_see_the_same(project):
    for day in range(1, 13):
        project.measured(day=day)
    command = [sys.executable, "-c", KILLED.replace("left[0] -= 1", "")]
    both = [subprocess.Popen(command) for _ in range(2)]

    assert [each.wait() for each in both] == [0, 0]
    found = look(RESULTS)
    assert len(found.entries) == len(files(found)) == 12


def test_a_cell_that_a_session_did_not_measure_whole_keeps_its_other_figures(project):
    project.measured(counts=(10, 11), wrong=None)

    (entry,) = look(RESULTS).entries

    assert set(entry.figures) >= {"latency_p50", "instructions", "size", "peak_memory"}
    assert "accuracy" not in entry.figures
    assert edgekit.history(metric="size").series[0].values[0].value == 992_616
