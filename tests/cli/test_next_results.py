"""What a command says to do next is about the results that were named to it."""

import shlex

import pytest
from support.commands import run
from support.sessions import MS, session, timed

from edgekit.results import write_result

LEVELS = (1.00, 1.01, 0.99, 1.0, 1.005, 0.995, 1.0, 1.01)  # of eight repeats


@pytest.fixture
def here(tmp_path):
    """A folder with results that are not in results/."""
    for name in ("old run.json", "new.json"):
        write_result(tmp_path / name, session(timed(*(MS * level for level in LEVELS))))
    return tmp_path


def _next(done):
    """The command that standard error names."""
    (line,) = (line for line in done.err.splitlines() if line.startswith("Next: "))
    program, *words = shlex.split(line.removeprefix("Next: "))
    assert program == "edgekit"
    return words


@pytest.mark.parametrize(
    ("limit", "what", "writes"),
    [("1.05 ms", "report", "report.html"), ("100 ms", "check", None)],
)
def test_after_a_check(here, limit, what, writes):
    (here / "budgets.toml").write_text(f'[[budget]]\nlatency_p50 = "{limit}"\n')
    words = _next(run("check", "old run.json", "new.json", cwd=here, COLUMNS="400"))
    assert words[0] == what
    done = run(*words, cwd=here)
    assert (here / writes).is_file() if writes else f'-latency_p50 = "{limit}"' in done.out


def test_after_a_comparison(here):
    words = _next(run("compare", "old run.json", "new.json", cwd=here, COLUMNS="400"))
    assert words[0] == "report"
    run(*words, cwd=here)
    assert (here / "report.html").is_file()
