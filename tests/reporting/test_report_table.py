"""The table: one unit a column, what is missing or invalid never looks sound, columns fit the width."""

import msgspec
import pytest
from support.sessions import MS, session, timed
from support.simulated import BUSY, HOT, simulate

from edgekit.reporting.columns import moment, points
from edgekit.reporting.session import Session
from edgekit.reporting.table import INSUFFICIENT, NONE

INT8 = ("int8.tflite", "litert", 1)


def column(shown, key):
    """A column's cells by row label."""
    found = next(column for column in shown.columns if column.key == key)
    return {row.label: found.cell(row) for row in shown.rows}


def keys(shown):
    return [column.key for column in shown.columns]


def test_an_invalid_measurements_times_stand_in_parentheses_in_every_column():
    shown = Session(simulate(samples=700, flawed={INT8: (HOT,)})).table
    label = "int8.tflite · litert 2.3.0 · 1 thread"
    for key in ("p50", "p90", "p99", "load", "first"):
        cells = column(shown, key)
        assert cells[label].startswith("(")
        assert cells[label].endswith(")")
        assert not any(cell.startswith("(") for name, cell in cells.items() if name != label)
    assert column(shown, "valid")[label] == "NO"


def test_a_percentile_with_too_few_samples_is_insufficient():
    shown = Session(simulate(samples=20, repeats=5)).table  # 100 samples: enough for p90, not for p99
    assert INSUFFICIENT not in column(shown, "p90").values()
    assert set(column(shown, "p99").values()) == {INSUFFICIENT}


def test_columns_for_which_nothing_was_measured_are_left_out():
    result = simulate()
    bare = [
        msgspec.structs.replace(m, memory=None, accuracy=None, instructions=None) for m in result.measurements
    ]
    shown = Session(msgspec.structs.replace(result, measurements=tuple(bare))).table
    assert not {"base_ram", "peak_ram", "top1", "drop", "drop_ci", "instructions"} & set(keys(shown))
    assert {"artefact", "runtime", "threads", "p50", "size"} <= set(keys(shown))


def test_what_was_not_measured_of_one_row_is_a_dash():
    result = simulate()
    first, *others = result.measurements
    part = msgspec.structs.replace(first, memory=None)
    shown = Session(msgspec.structs.replace(result, measurements=(part, *others))).table
    assert list(column(shown, "model_ram").values()).count(NONE) == 1


@pytest.mark.parametrize(("speed", "unit", "cell"), [(1.0, "ms", "0.81"), (0.05, "µs", "40.")])
def test_latencies_of_a_table_share_one_unit_that_tells_them_apart(speed, unit, cell):
    shown = Session(simulate(speed=speed)).table
    assert {c.unit for c in shown.columns if c.group == "latency" and c.key != "spread"} == {unit}
    assert column(shown, "p50")["int8.tflite · litert 2.3.0 · 1 thread"].startswith(cell)


def test_instructions_are_counts_in_a_column_of_their_own():
    shown = Session(simulate()).table
    counted = next(c for c in shown.columns if c.key == "instructions")
    assert counted.unit == "M"
    assert float(counted.cell(shown.rows[0])) == pytest.approx(
        shown.rows[0].instructions.median.value / 1e6, rel=0.01
    )


def test_a_set_column_appears_only_where_sets_differ():
    alone, other = simulate(set_name="a"), simulate(set_name="b")
    both = msgspec.structs.replace(alone, measurements=alone.measurements + other.measurements)
    assert "set" not in keys(Session(alone).table)
    assert keys(Session(both).table)[0] == "set"
    assert Session(both).table.title == "rpi4 · a · b · 2026-03-01 09:30:12 UTC"


@pytest.mark.parametrize("flawed", [None, {INT8: (BUSY,)}, {INT8: (HOT,)}])
@pytest.mark.parametrize("width", [80, 100, 120, 160, 240])
def test_the_table_fits_the_width_and_keeps_what_matters(width, flawed):
    shown = Session(simulate(flawed=flawed)).table.within(width, gap=2)
    widths = [
        max(len(c.short or c.title), len(c.unit), *(len(c.cell(row)) for row in shown.rows)) + 2
        for c in shown.columns
    ]
    assert sum(widths) <= width
    assert {"artefact", "runtime", "threads", "p50", "top1"} <= set(keys(shown))
    assert ("valid" in keys(shown)) or flawed is None


def test_a_table_too_narrow_for_anything_keeps_what_was_measured_and_p50():
    shown = Session(simulate(flawed={INT8: (HOT,)})).table.within(20)
    assert keys(shown) == ["artefact", "runtime", "threads", "valid", "p50"]


def test_a_wider_table_never_has_fewer_columns():
    shown = Session(simulate()).table
    counts = [len(shown.within(width).columns) for width in range(60, 260)]
    assert counts[-1] == len(shown.columns)
    assert counts[0] < counts[60] < counts[-1]


def test_an_empty_result_has_an_empty_table():
    shown = Session(simulate(measurements=())).table
    assert (shown.rows, shown.cells) == ((), [])


def test_only_a_gain_has_a_sign():
    assert [points(x) for x in (0.0022, -0.001, 0.0)] == ["0.22", "−0.10", "0.00"]


def test_a_title_tells_pace_and_pinning():
    result = simulate(fps=12.5)
    pinned = tuple(msgspec.structs.replace(m, affinity=(2, 3)) for m in result.measurements)
    shown = Session(msgspec.structs.replace(result, measurements=pinned)).table
    assert shown.title.endswith("UTC · spaced to 12.5 inferences per second · pinned to CPUs 2, 3")
    assert Session(simulate()).table.title.endswith("UTC")


def test_spaced_inferences_stand_beside_those_back_to_back():
    fast, slow = timed(4 * MS, 4 * MS, 4 * MS), timed(8 * MS, 8 * MS, 8 * MS)
    both = msgspec.structs.replace(slow, unspaced=fast.repeats)
    shown = Session(session(both, fps=30.0))
    columns = {column.key: column.cell(shown.rows[0]) for column in shown.table.columns}
    assert (columns["p50"], columns["unspaced"]) == ("8.00", "4.00")
    said = "int8.tflite with litert 2.3.0 on 1 thread takes 2.0× as long as back to back"
    assert any(f"At 30 per second, an inference of {said}" in sentence for sentence in shown.sentences)
    alike = msgspec.structs.replace(fast, unspaced=fast.repeats)
    assert "as long as back" not in " ".join(Session(session(alike, fps=30.0)).sentences)


def test_times_are_shown_in_utc_and_nonsense_as_it_is():
    assert moment("2026-03-01T10:30:12+01:00") == "2026-03-01 09:30:12 UTC"
    assert moment("yesterday") == "yesterday"
