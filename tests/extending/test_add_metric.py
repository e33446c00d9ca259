"""A budget metric of somebody's own: one file and one registration, and `edgekit check` knows it."""

import json
from functools import partial

import pytest
from support.commands import run
from support.sessions import MS, saved, session, timed

SCRIPT = """
import edgekit.cli
from edgekit.budget import METRICS, Absent, Metric, exact
from edgekit.units import megabytes, parse_bytes


def model_memory(cell):
    memory = cell.memory
    return exact(memory.peak - memory.baseline) if memory else Absent("memory was not measured")


METRICS.add(
    Metric(
        name="model_memory",
        title="model memory",
        unit="B",
        example="4 MB",
        read=model_memory,
        parse=parse_bytes,
        show=lambda size: f"{megabytes(size)} MB",
        write=lambda size: f"{size:.0f} B",
    )
)
edgekit.cli.main()
"""
RESULT = session(timed(MS, MS, MS))  # the peak is 5 MB above what the runtime takes


@pytest.fixture
def check(tmp_path):
    """Run `check` as somebody who has added a metric does, with a budget's limits."""
    script = tmp_path / "edgekit-mine.py"
    script.write_text(SCRIPT)
    saved(tmp_path, RESULT, session(timed(MS, memory=False), device="rpi5"))

    def checked(limits, *args, code=0):
        (tmp_path / "budgets.toml").write_text(f"[[budget]]\n{limits}\n")
        own = partial(run, cwd=tmp_path, program=(script,), COLUMNS="200", GITHUB_STEP_SUMMARY="")
        return own("check", *args, code=code)

    return checked


@pytest.mark.parametrize(
    ("limit", "code", "word"), [("5 MB", 0, "pass"), ("4.9 MB", 1, "fail"), ("4 MiB", 1, "fail")]
)
def test_a_budget_with_its_key_is_judged(check, limit, code, word):
    done = check(f'device = "rpi4"\nmodel_memory = "{limit}"', "--json", code=code)
    (verdict,) = json.loads(done.out)["verdicts"]
    assert (verdict["metric"], verdict["verdict"], verdict["measured"]) == ("model_memory", word, 5_000_000)


def test_it_is_shown_and_what_lacks_it_is_missing(check):
    done = check('model_memory = "4 MB"', code=1)
    shown = " ".join(done.out.split())
    assert "model memory 5.00 MB ≤ 4.00 MB +25 % fail" in shown
    assert "1 thread: model memory, limit ≤ 4.00 MB (memory was not measured)" in shown


def test_a_limit_of_it_is_proposed(check):
    done = check('device = "rpi4"\nmodel_memory = "1 MB"', "--update")
    assert '-model_memory = "1 MB"\n+model_memory = "5000000 B"\n' in done.out


def test_the_help_and_the_errors_name_it(check):
    assert "model_memory" in check("", "--help").out
    done = check('model_memry = "4 MB"', code=2)
    assert "unknown key 'model_memry'. Did you mean 'model_memory'?" in done.sentence
    assert "instructions, model_memory, tolerance." in done.sentence
    assert "'4 ms' is not a size" in check('model_memory = "4 ms"', code=2).sentence
