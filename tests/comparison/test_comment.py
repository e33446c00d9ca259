"""The comment on a pull request: what changed, and nothing else."""

from __future__ import annotations

import msgspec
from support.sessions import MS, board, counted, session, timed

from edgekit.comparison import compare
from edgekit.comparison.to_markdown import MARK, to_markdown
from edgekit.results import Finding, Repository

HOSTILE = "@team <script>|*a*\n# b"


def comment(baseline, candidate):
    return to_markdown(compare(baseline, candidate)).decode()


def rows(text):
    return [line for line in text.splitlines() if line.startswith("| ")][2:]


def test_of_many_cells_only_the_one_that_changed_is_in_it():
    files = [f"int8_{number}.tflite" for number in range(9)]
    before = board(*(counted(1_000_000, 1_000_000, file=file) for file in files))
    after = board(
        *(counted(*[1_200_000 if file == files[4] else 1_000_000] * 2, file=file) for file in files)
    )

    text = comment(before, after)

    (row,) = rows(text)
    assert text.startswith(MARK)
    assert "### edgekit: 1 more, of 9 measurements" in text
    assert "int8\\_4.tflite" in row
    assert "| Verdict | What | Instructions |\n" in text, "a column in which nothing is known is left out"
    assert "Next: See which operator: edgekit explain OLD\\_FILE NEW\\_FILE\n" in text
    assert "1.000 M → 1.200 M (+20.0 %)" in row


def test_where_nothing_changed_there_is_no_table():
    same = board(counted(1_000_000, 1_000_000))

    text = comment(same, same)

    assert rows(text) == []
    assert "### edgekit: nothing changed in 1 measurement" in text


def test_slower_times_a_larger_file_and_lost_accuracy_are_in_it():
    level = [MS * each for each in (1.00, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0, 1.01)]
    before = session(timed(*level, wrong=0, size=1000))
    after = session(timed(*[2 * each for each in level], wrong=50, size=1100))

    (row,) = rows(comment(before, after))

    assert "slower" in row
    assert "(+100" in row
    assert "1,100 B (+10.0 %)" in row
    assert "−10.00 pp" in row


def test_a_larger_file_is_a_change_though_its_time_is_the_same():
    before, after = (board(counted(1_000_000, 1_000_000, size=size)) for size in (1000, 1100))

    text = comment(before, after)

    assert "### edgekit: 1 change, of 1 measurement" in text
    assert "1,100 B (+10.0 %)" in rows(text)[0]


def test_what_is_not_certain_missing_or_new_is_said_with_the_reason():
    flaw = Finding("invalid", "throttled", "It was throttled.")
    before = session(timed(MS, MS), timed(MS, MS, threads=2), timed(MS, MS, threads=3))
    after = session(timed(MS, MS), timed(MS, MS, threads=3, flaw=flaw), timed(MS, MS, threads=4))

    text = comment(before, after)

    assert [row.split(" | ")[0] for row in rows(text)] == ["| 🟡 inconclusive", "| 🟡 invalid"]
    assert "6 repeats on each side are needed, there are 2" in text
    assert "It was throttled." in text
    assert "- missing: " in text
    assert "- new: " in text


def test_the_commits_of_both_sides_are_named():
    one, other = (Repository(letter * 40, None, "main", letter == "b") for letter in "ab")
    same = board(counted(1_000_000, 1_000_000))
    replace = msgspec.structs.replace

    text = comment(replace(same, repository=one), replace(same, repository=other))

    assert "rpi4-emulated, 2026-03-01 at aaaaaaaaaa → rpi4-emulated, 2026-03-01 at bbbbbbbbbb+" in text


def test_a_hostile_name_stays_a_name():
    before, after = (
        board(counted(count, count, model=HOSTILE, file=HOSTILE), device="rpi4-emulated")
        for count in (1_000_000, 1_200_000)
    )

    text = comment(before, after)

    assert "<script>" not in text
    assert "\\@team" in text
    assert len(rows(text)) == 1
