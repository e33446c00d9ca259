"""budgets.toml: what is read, and what is refused with its line and key."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.budget import read_budgets
from edgekit.budget.lines import line_of, lines, unreadable
from edgekit.budget.metrics import METRICS
from edgekit.errors import RecordError, UsageError

WHOLE = """\
# what a digit may cost
[[budget]]
name = "digits"
device = "rpi4*"
model = 'mobilenet_v1_0.5_32_digits'
artefact = "int8.tflite"
runtime = "litert==2.*"
threads = 4
fps = 30
latency_p50 = "25 ms"
latency_p90 = "0.03 s"
peak_memory = "60 MB"
size = "1 MiB"
accuracy = "99.0 %"
accuracy_drop = "1.0 pp"
instructions = "1.14 M"
tolerance = "0.1 %"

[[budget]]
instructions = 1_140_000
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "budgets.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_every_key_is_read_into_si_and_nanoseconds(tmp_path):
    first, second = read_budgets(written(tmp_path, WHOLE))
    assert first.limits == pytest.approx(
        {
            "latency_p50": 25e6,
            "latency_p90": 30e6,
            "peak_memory": 60_000_000,
            "size": 1_048_576,
            "accuracy": 0.99,
            "accuracy_drop": 0.01,
            "instructions": 1_140_000,
        }
    )
    assert (first.name, first.device, first.runtime, first.threads) == ("digits", "rpi4*", "litert==2.*", 4)
    assert (first.fps, second.fps) == (30, None)
    assert first.tolerance == pytest.approx(0.001)
    assert (second.name, second.device, second.threads, second.tolerance) == ("budget 2", "*", None, None)
    assert second.limits == {"instructions": 1_140_000}


def test_a_tolerance_is_only_of_what_is_the_same_on_every_run(tmp_path):
    budget, _ = read_budgets(written(tmp_path, WHOLE))
    assert {key for key, metric in METRICS.items() if budget.tolerance_of(metric)} == {"size", "instructions"}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[[budget]]\nlatncy_p50 = "25 ms"', 2, "unknown key 'latncy_p50'. Did you mean 'latency_p50'?"),
        (
            '[[budget]]\nsize = "1 MB"\n\n[[budget]]\n# note\nthread = 1',
            6,
            "'thread'. Did you mean 'threads'",
        ),
        ('[[budgets]]\nsize = "1 MB"', 1, "unknown key 'budgets'. Did you mean 'budget'?"),
        ('latency_p50 = "25 ms"', 1, "unknown key 'latency_p50'"),
        ('\n[budget]\nsize = "1 MB"', 2, "'budget' is not an array of tables"),
        ("budget = 3", 1, "'budget' is not an array of tables"),
        ("budget = [1]", 1, "'budget' is not an array of tables"),
        (
            "[[budget]]\nlatency_p50 = 25",
            2,
            "latency_p50: 25 has no unit. Write it like '25 ms'",
        ),
        ('[[budget]]\nlatency_p50 = "25"', 2, "latency_p50: '25' is not a duration"),
        ('[[budget]]\nlatency_p50 = "25 MB"', 2, "latency_p50: '25 MB' is not a duration"),
        ('[[budget]]\nlatency_p90 = "-1 ms"', 2, "latency_p90: '-1 ms' is not a duration"),
        ('[[budget]]\nlatency_p50 = "1e999 ms"', 2, "latency_p50: '1e999 ms' is too large"),
        ('[[budget]]\npeak_memory = "1e999 MB"', 2, "peak_memory: '1e999 MB' is too large"),
        ('[[budget]]\nlatency_p50 = ["25 ms"]', 2, "latency_p50:"),
        ("[[budget]]\nlatency_p50 = nan", 2, "latency_p50: nan has no unit"),
        ("[[budget]]\nlatency_p50 = 2026-01-01", 2, "latency_p50:"),
        ("[[budget]]\naccuracy = 0.99", 2, "accuracy: 0.99 has no unit"),
        ('[[budget]]\naccuracy = "101 %"', 2, "accuracy: '101 %' is more than everything"),
        ('[[budget]]\naccuracy_drop = "1 percent"', 2, "accuracy_drop: '1 percent' is not a share"),
        ("[[budget]]\ninstructions = true", 2, "instructions: True has no unit"),
        ('[[budget]]\ninstructions = "25 ms"', 2, "instructions: '25 ms' is not a count"),
        ("[[budget]]\ninstructions = -5", 2, "instructions: '-5' is not a count"),
        ('[[budget]]\nsize = "1 MB"\ntolerance = 0.1', 3, "tolerance: 0.1 has no unit"),
        (
            '[[budget]]\nlatency_p50 = "1 ms"\ntolerance = "1 %"',
            3,
            "tolerance applies to size and instructions",
        ),
        ('[[budget]]\nthreads = 0\nsize = "1 MB"', 2, "threads: 0 is not a number of threads"),
        ('[[budget]]\nthreads = "all"\nsize = "1 MB"', 2, "threads: 'all'"),
        ('[[budget]]\nthreads = true\nsize = "1 MB"', 2, "threads: True"),
        ("[[budget]]\nfps = 0\nsize = '1 B'", 2, "fps: 0 is not a number of inferences per second"),
        ("[[budget]]\nfps = inf\nsize = '1 B'", 2, "fps: inf"),
        ("[[budget]]\nfps = true\nsize = '1 B'", 2, "fps: True"),
        ('[[budget]]\nfps = "30"\nsize = "1 B"', 2, "fps: '30'"),
        ('[[budget]]\ndevice = ""\nsize = "1 MB"', 2, "device: '' is not a text"),
        ('[[budget]]\nname = 5\nsize = "1 MB"', 2, "name: 5 is not a text"),
        ('[[budget]]\nsize = "1 MB"\n[[budget]]\ndevice = "rpi4"', 3, "this budget limits nothing"),
        ('[[budget]]\nsize = "1 MB"\n[budget.limits]\np50 = "1 ms"', 3, "unknown key 'limits'"),
        ('[[budget]]\nsize = "1 MB"\nlatency.p50 = "1 ms"', 3, "unknown key 'latency'"),
        ('[[budget]]\n"la\\"t" = 1', 2, "unknown key 'la\"t'"),
        ('[[budget]]\nname = """\nsize = 5\n[[budget]]\n"""\nsize = 5', 6, "size: 5 has no unit"),
        ('budget = [\n  {size = "1 MB"},\n  {siz = 5},\n]', 1, "unknown key 'siz'. Did you mean 'size'?"),
        ("[[budget]]\nlatency_p50 = 25 ms", 2, "latency_p50 = 25 ms"),
        ('[[budget]]\nlatency_p50 = "25 ms', 2, "latency_p50 ="),
        ('[[budget]]\nsize = "1 MB"\nname = """never\nclosed\n', 3, 'name = """never'),
        ('[[budget]\nsize = "1 MB"', 1, "[[budget]"),
        ('[[budget]]\nsize = "1 MB"\nsize = "2 MB"', 3, "not a TOML file"),
        ("[[budget]]\nthreads = " + "9" * 5000, 2, "threads"),
        ("[[budget]]\nname = " + "[" * 3000, 2, "name"),
    ],
)
def test_what_no_budget_says_is_refused_with_its_line_and_key(tmp_path, text, line, words, line_end):
    with pytest.raises(RecordError) as refused:
        read_budgets(written(tmp_path, text.replace("\n", line_end)))
    said = str(refused.value)
    assert words in said
    assert re.search(rf"budgets\.toml(?: is not a TOML file)?, line {line}\b|\(at line {line}, ", said), said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no budget"),
        ("# nothing\n", "has no budget"),
        ("budget = []", "has no budget"),
        (b"\xff\xfe", "is not a text file"),
        (b'[[budget]]\rsize = "1 MB"', "is not a TOML file"),
        (b"\x00", "is not a TOML file"),
    ],
)
def test_a_file_without_budgets_is_refused(tmp_path, content, words):
    with pytest.raises(RecordError, match=words):
        read_budgets(written(tmp_path, content))


def test_a_file_that_is_not_there_is_refused_and_a_way_to_one_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"cannot be read.*edgekit check --update --write"):
        read_budgets(tmp_path / "budgets.toml")
    with pytest.raises(RecordError, match="cannot be read"):
        read_budgets(tmp_path)


def test_an_editors_byte_order_mark_does_no_harm(tmp_path):
    assert len(read_budgets(written(tmp_path, "\ufeff" + WHOLE))) == 2


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_metrics_example_can_be_read(metric):
    assert metric.limit(metric.example) > 0


@settings(deadline=None)
@given(st.text(max_size=30))
def test_a_limit_is_read_or_refused_whatever_it_is(text):
    for metric in METRICS.values():
        with suppress(UsageError):
            assert 0 <= metric.limit(text) < float("inf")


def test_lines_are_those_of_the_parser_and_not_of_the_look():
    text = (
        'a = 1\n"b c" = [\n  1,\n]\n[t]\nx = """\n[[u]]\ny = 1\n"""\n'
        '[[u]]\ny = 2\n [[ "u" ]] # again\ny.z = 3\n[u.deep]\nw=1'
    )
    assert lines(text) == {
        ("a",): 1,
        ("b c",): 2,
        ("t",): 5,
        ("t", "x"): 6,
        ("u",): 10,
        ("u", 0): 10,
        ("u", 0, "y"): 11,
        ("u", 1): 12,
        ("u", 1, "y"): 13,
        ("u", 1, "deep"): 14,
        ("u", 1, "deep", "w"): 15,
    }
    assert line_of(text, ("u", 0, "none")) == 10
    assert line_of(text, ("none",)) == 1
    assert unreadable(text) is None
    assert unreadable(text + "\n= 5") == 16
    assert unreadable(text + "\n\nw = 2\nv = 3") == 17


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["[[budget]]", "a = 1", "'b' = '''\nx\n'''", "# c", "", "c = [\n[1],\n]"]),
        max_size=30,
    )
)
def test_every_statement_of_a_file_is_found_on_its_line(statements):
    expected, table, line = {}, (), 1
    count = 0
    for statement in statements:
        if statement == "[[budget]]":
            table = ("budget", count)
            expected[table] = line
            count += 1
        elif statement[:1] in ("a", "c", "'"):
            expected.setdefault((*table, statement.strip("'")[0]), line)
        line += statement.count("\n") + 1
    found = lines("\n".join(statements))
    found.pop(("budget",), None)
    assert found == expected
