"""Proposed budgets: kept by what was measured, tight, and with the file's own comments."""

import re
import subprocess
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.sessions import MS, board, counted, saved, session, timed

from edgekit.budget import judge, propose, read_budgets, read_cells
from edgekit.budget.metrics import METRICS
from edgekit.errors import InvalidError
from edgekit.results import Finding

COUNTS = (1_140_213, 1_140_240, 1_140_198)
STATED = """\
# ours
[[budget]]
name = "digits"   # the small one
latency_p50 = "0.5 ms"  # hoped for
size = '2 MB'
accuracy = "99.9 %" # too much

# held
[[budget]]
size = "1 MB"
"""


def proposed(folder, text, *results):
    path = folder / "budgets.toml"
    if text:
        path.write_text(text)
    measured = read_cells(saved(folder, *results))
    verdicts = judge(read_budgets(path), measured) if text else ()
    return propose(path, verdicts, measured)


def test_limits_that_fail_or_are_stale_are_replaced_and_everything_else_stays(tmp_path):
    proposal = proposed(tmp_path, STATED, session(timed(MS, MS * 1.01, MS * 0.99, spread=0)))
    assert proposal.after == (
        STATED.replace('"0.5 ms"', '"1.25 ms"').replace("'2 MB'", '"992616 B"').replace("99.9 %", "99.20 %")
    )


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff# ours\n[[budget]]\nsize = '1 B'\n",
        "[[budget]]\r\nsize = '1 B' # so\r\n",
        "budget = [\n  {size = '1 B', device = '*'}, # one\n  {size = '2 MB'},\n]",
        '[[budget]]\n"size" = "1 B"\nname = """\nsize = 5"""',
        '[[budget]]\nsize = """1 B"""',
    ],
)
def test_only_the_limit_changes_however_it_is_written(tmp_path, text):
    path = tmp_path / "budgets.toml"
    path.write_bytes(text.encode())
    measured = read_cells(saved(tmp_path, session(timed(MS, MS))))
    proposal = propose(path, judge(read_budgets(path), measured), measured)
    path.write_bytes(proposal.after.encode())
    assert {each.verdict for each in judge(read_budgets(path), measured)} == {"pass"}
    stale = "992616 B"  # twice over what was measured
    unquoted = [re.sub("[\"']+", "", each) for each in (text, proposal.after)]
    assert unquoted[1] == unquoted[0].replace("1 B", "992616 B").replace("2 MB", stale)


def test_the_diff_is_one_that_patch_takes(tmp_path):
    proposal = proposed(tmp_path, STATED, session(timed(MS, MS * 1.01, MS * 0.99, spread=0)))
    assert proposal.diff.startswith("--- a/")
    (tmp_path / "proposal.diff").write_text(proposal.diff)
    patch = ["git", "apply", "--unsafe-paths", "-p", str(len(tmp_path.parts)), "proposal.diff"]
    subprocess.run(patch, cwd=tmp_path, check=True)
    assert (tmp_path / "budgets.toml").read_text() == proposal.after


def test_what_is_proposed_passes_and_nothing_more_is_proposed(tmp_path):
    result = session(
        timed(MS, MS * 1.01, MS * 0.99), timed(3 * MS, 3 * MS, file="float32.tflite", size=2_000_000)
    )
    path = tmp_path / "budgets.toml"
    path.write_text(proposed(tmp_path, STATED, result).after)
    measured = read_cells(saved(tmp_path, result))
    verdicts = judge(read_budgets(path), measured)
    assert {each.verdict for each in verdicts} == {"pass"}
    assert propose(path, verdicts, measured).diff == ""


def test_where_there_is_no_file_every_valid_cell_gets_a_whole_table(tmp_path):
    flaw = Finding("invalid", "noisy", "The repeats vary.")
    real = session(
        timed(MS, MS * 1.01, MS * 0.99, counts=COUNTS), timed(MS, MS, file="bad.tflite", flaw=flaw)
    )
    emulated = board(counted(*COUNTS))
    proposal = proposed(tmp_path, "", real, emulated)
    path = tmp_path / "budgets.toml"
    path.write_text(proposal.after)
    first, second = read_budgets(path)
    assert set(first.limits) == set(METRICS) - {"agreement"}  # proposed in place of accuracy
    assert set(second.limits) == {"size", "accuracy", "accuracy_drop", "instructions"}
    assert (second.device, second.tolerance) == ("rpi4-emulated", pytest.approx(0.001))
    measured = read_cells(saved(tmp_path, real, emulated))
    assert {each.verdict for each in judge((first, second), measured)} == {"pass"}
    assert "bound\n# plus 20 %" in proposal.after
    assert proposal.diff.startswith("--- /dev/null\n")


def measurements():
    """Cells that share much; some with a single repeat, some flawed."""
    flaw = Finding("invalid", "noisy", "The repeats vary.")

    def made(version, threads, file, level, repeats, off, cpus, flawed):
        found = timed(
            *[level * MS] * repeats,
            version=version,
            threads=threads,
            file=file,
            size=int(1e6 * level),
            flaw=flaw if flawed else None,
            counts=tuple(int(1e6 * level) + i for i in range(4)),
        )
        runtime = replace(found.runtime, xnnpack=not off)
        return replace(found, runtime=runtime, affinity=cpus)

    return st.builds(
        made,
        st.sampled_from(["2.1.0", "2.3.0"]),
        st.sampled_from([1, 4]),
        st.sampled_from(["int8.tflite", "float32.tflite"]),
        st.floats(0.5, 2),
        st.integers(1, 3),
        st.booleans(),
        st.sampled_from([(), (3,)]),
        st.integers(0, 4).map(lambda n: n == 0),
    )


def sessions():
    def made(cells, device, fps, day):
        once = {(c.runtime.label, c.threads, c.artefact.file): c for c in cells}  # as a session has them
        return session(*once.values(), device=device, fps=fps, created=f"2026-03-0{day}")

    return st.builds(
        made,
        st.lists(measurements(), min_size=1, max_size=6),
        st.sampled_from(["rpi4", "rpi5"]),
        st.sampled_from([None, 30.0, 7.5]),
        st.integers(1, 3),
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(sessions(), min_size=1, max_size=4))
def test_what_begins_a_file_passes_whatever_was_measured_side_by_side(results):
    with TemporaryDirectory() as name:
        path = Path(name) / "budgets.toml"
        measured = read_cells(saved(Path(name), *results))
        assume(not all(cell.flaw for cell in measured.cells))
        path.write_text(propose(path, (), measured).after)
        verdicts = judge(read_budgets(path), measured)
    # a flawed cell that differs in its CPUs alone cannot be left out
    assert {each.verdict for each in verdicts} - {"invalid"} == {"pass"}
    judged = {(each.result, each.runtime, each.threads, each.artefact, each.affinity) for each in verdicts}
    for cell in measured.cells:
        key = (str(cell.result.path), cell.runtime.label, cell.threads, cell.artefact.file, cell.affinity)
        assert cell.flaw or key in judged


def test_versions_side_by_side_get_a_table_each_and_a_lone_one_is_not_named(tmp_path):
    off = timed(MS, MS, version="2.1.0", file="float32.tflite")
    off = replace(off, runtime=replace(off.runtime, xnnpack=False))
    flaw = Finding("invalid", "noisy", "The repeats vary.")
    result = session(
        timed(MS, MS * 1.01),
        timed(2 * MS, 2.02 * MS, version="2.1.0"),
        timed(MS, MS, file="float32.tflite"),
        off,
        timed(MS, MS, threads=4),
        timed(MS, MS, threads=4, version="2.1.0", flaw=flaw),
    )
    (tmp_path / "budgets.toml").write_text(proposed(tmp_path, "", replace(result, fps=30.0)).after)
    budgets = read_budgets(tmp_path / "budgets.toml")
    assert [(each.artefact, each.runtime, each.xnnpack, each.threads, each.fps) for each in budgets] == [
        ("float32.tflite", "litert", True, 1, 30),
        ("float32.tflite", "litert", False, 1, 30),
        ("int8.tflite", "litert==2.1.0", True, 1, 30),
        ("int8.tflite", "litert==2.3.0", True, 1, 30),
        ("int8.tflite", "litert==2.3.0", True, 4, 30),
    ]
    assert "fps = 30\n" in (tmp_path / "budgets.toml").read_text()


def test_what_a_session_that_was_cut_short_proposes_passes(tmp_path):
    cut = session(timed(MS, MS * 1.01), partial="litert 2.1.0: does not load", ended="failed")
    (tmp_path / "budgets.toml").write_text(proposed(tmp_path, "", cut).after)
    verdicts = judge(read_budgets(tmp_path / "budgets.toml"), read_cells(saved(tmp_path, cut)))
    assert {each.verdict for each in verdicts} == {"pass"}


def test_without_a_valid_measurement_no_file_is_proposed(tmp_path):
    flaw = Finding("invalid", "noisy", "The repeats vary.")
    with pytest.raises(InvalidError, match="nothing can be proposed"):
        proposed(tmp_path, "", session(timed(MS, MS, flaw=flaw)))


def test_hostile_names_survive_a_proposal(tmp_path):
    name = 'a"b\\c\nd$(x)`#]\t[[budget]].tflite'
    proposal = proposed(tmp_path, "", session(timed(MS, MS, file=name, model="x = '''")))
    (tmp_path / "budgets.toml").write_bytes(proposal.after.encode())
    (budget,) = read_budgets(tmp_path / "budgets.toml")
    assert (budget.artefact, budget.model) == (name, "x = '''")


@settings(deadline=None)
@given(st.sampled_from(list(METRICS.values())), st.floats(0, 1e9), st.integers(0, 5000), st.integers(1, 5000))
def test_a_written_limit_is_kept_by_the_value_and_close_to_it(metric, value, correct, n):
    if metric.unit == "fraction":
        value = min(correct, n) / n
    limit = metric.limit(metric.proposal(value))
    if metric.least:
        assert value - 1e-4 < limit <= value + 1e-9
    elif metric.unit == "fraction":
        assert value - 1e-9 <= limit < value + 1.01e-4
    else:
        value = max(value, 1e5)
        limit = metric.limit(metric.proposal(value))
        wanted = Fraction(value) * Fraction(1 + metric.head_room)
        assert float(wanted) * (1 - 1e-9) <= limit <= float(wanted) * 1.0101 + 1


def test_a_star_in_a_name_is_about_that_name_alone(tmp_path):
    small, large = (timed(MS, MS, model="a*"), timed(9 * MS, 9 * MS, model="ab"))
    measured = read_cells([session(small, large)])
    path = tmp_path / "budgets.toml"
    path.write_text(propose(path, (), measured).after)
    assert {each.verdict for each in judge(read_budgets(path), measured)} == {"pass"}
