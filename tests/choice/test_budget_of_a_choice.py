"""`edgekit pick` as a person runs it, and its limits as budgets that `edgekit check` judges."""

import json

import pytest
from support.commands import run
from support.pages import ROOT
from support.screens import GOLDEN, Shown, show
from support.sessions import MS, saved, session, timed
from support.sweeps import planted

import edgekit
from edgekit.errors import RecordError, UsageError
from edgekit.sweeps import write_sweep


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, and a terminal of 120 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def measured(name: str, ms: float, wrong: int = 4, **named):
    return timed(*(ms * MS * by for by in (0.995, 1, 1.005)), model=name, wrong=wrong, spread=0.001, **named)


def pick(arguments: str, code: int = 0) -> Shown:
    """Run the command in this process."""
    shown = show(f"pick {arguments}")
    assert shown.code == code, shown
    return shown


PAIR = session(measured("fast", 5, 60), measured("good", 12, 4), measured("slow", 40, 2))
ASKED = "--latency 15ms --memory 60MB --accuracy 95%"
ENTRY = """\
[[budget]]
device = "rpi4"
model = "good"
artefact = "int8.tflite"
runtime = "litert"
threads = 1
latency_p50 = "15.0 ms"
peak_memory = "60.0 MB"
accuracy = "95.00 %"
"""


def test_the_entry_passes_the_check(folder):
    saved(folder, PAIR)
    done = run(
        *(
            "pick",
            "--latency",
            "15 ms",
            "--memory",
            "60 MB",
            "--accuracy",
            "95 %",
            "--budget",
            "budgets.toml",
        ),
        cwd=folder,
    )
    assert "Ship good/int8.tflite" in done.out
    assert done.err.strip() == "Next: edgekit check results/0.json --budgets budgets.toml"
    assert (folder / "budgets.toml").read_text() == ENTRY
    assert show("check results/0.json --budgets budgets.toml").code == 0


def test_another_limit_on_the_same_is_set_in_its_entry(folder):
    saved(folder, PAIR)
    (folder / "budgets.toml").write_text(ENTRY)
    pick("--latency 14ms --budget budgets.toml")
    assert (folder / "budgets.toml").read_text() == ENTRY.replace("15.0 ms", "14.0 ms")


def test_other_entries_and_comments_stay(folder):
    before = '# mine\n[[budget]]\ndevice = "host"\nsize = "1 MB" # small'
    (folder / "budgets.toml").write_text(before)
    saved(folder, PAIR)
    proposal = edgekit.propose_budget(edgekit.pick(latency="15 ms"))
    assert proposal.after.startswith(f"{before}\n\n[[budget]]\n")
    (folder / "budgets.toml").write_text(proposal.after)
    assert [v.verdict for v in edgekit.check().verdicts] == ["missing", "pass"]


@pytest.mark.parametrize(
    ("others", "named"),
    [
        ([measured("good", 30, version="2.2.0")], {"runtime": "litert==2.3.0"}),
        ([measured("good", 30, threads=4)], {"runtime": "litert", "threads": "1"}),
        ([measured("good", 30, file="float32.tflite")], {"artefact": "int8.tflite"}),
    ],
)
def test_the_entry_is_about_the_chosen_one_alone(folder, others, named):
    saved(folder, session(measured("good", 12), *others))
    proposal = edgekit.propose_budget(edgekit.pick(latency="15 ms"))
    lines = dict(line.split(" = ") for line in proposal.after.splitlines()[1:])
    assert {key: lines[key].strip('"') for key in named} == named
    (folder / "budgets.toml").write_text(proposal.after)
    assert edgekit.check().passed


@pytest.mark.parametrize(
    ("result", "device", "asked", "words"),
    [
        (None, "rpi4", {"latency": "15 ms"}, "published figures"),
        (PAIR, None, {}, "needs a limit, and none is given"),
        (PAIR, None, {"latency": "1 ms"}, "No candidate meets the limits"),
    ],
)
def test_what_no_budget_can_state_is_refused(folder, result, device, asked, words):
    saved(folder, *filter(None, [result]))
    with pytest.raises(UsageError, match=words):
        edgekit.propose_budget(edgekit.pick(device=device, **asked))


def test_a_damaged_file_of_budgets_is_named_and_stays(folder):
    saved(folder, PAIR)
    (folder / "budgets.toml").write_text("[[budget]\n")
    assert "budgets.toml is not a TOML file, line 1" in pick(f"{ASKED} --budget budgets.toml", code=2).err
    assert (folder / "budgets.toml").read_text() == "[[budget]\n"
    with pytest.raises(RecordError):
        edgekit.propose_budget(edgekit.pick("results/0.json", latency="15 ms"))


def test_nothing_fits_exits_with_3_and_writes_nothing(folder):
    saved(folder, PAIR)
    shown = pick("--latency 3ms --budget budgets.toml", code=3)
    assert "No candidate is certain to meet the limits. The nearest is fast/int8.tflite" in shown.out
    assert not (folder / "budgets.toml").exists()
    assert json.loads(pick("--latency 3ms --json", code=3).out)["nearest"]["candidate"]["model"] == "fast"


@pytest.mark.parametrize(
    "words", ["--latency 15", "--latency -3ms", "--int8 --precision float32", "none.json"]
)
def test_what_is_mistyped_exits_with_2(folder, words):
    saved(folder, PAIR)
    assert "Error: " in pick(words, code=2).err


def test_a_choice_from_a_sweep_can_be_held_by_check(folder):
    write_sweep(
        folder / "sweeps" / "own" / "sweep.json", planted({(0.5, 192): (9, 90), (0.25, 128): (2, 250)})
    )
    shown = pick("--latency 10ms --budget budgets.toml")
    assert shown.err.strip() == "Next: edgekit check sweeps/own/sweep.json --budgets budgets.toml"
    assert "1 pass" in show("check sweeps/own/sweep.json").out
    assert edgekit.check("sweeps/own").passed


@pytest.mark.parametrize("columns", [80, 120])
def test_the_screen_fits_the_terminal(folder, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    saved(folder, PAIR)
    table = pick(ASKED).out.split("•")[0].splitlines()
    assert max(map(len, table)) <= columns
    assert any(line.split()[:3] == ["ship", "good", "int8.tflite"] for line in table)


def test_the_page_shows_what_the_command_prints():
    page = (ROOT / "docs" / "choosing.md").read_text()
    shown, _, _ = (GOLDEN / "pick_published.txt").read_text().partition("--- standard error")
    assert f"```text\n{shown}```" in page
