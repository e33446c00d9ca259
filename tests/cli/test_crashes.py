"""A fault of edgekit's own never reads as a verdict: it has an exit code of its own, a sentence and a log."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import run

import edgekit
from edgekit.cli import ending, main
from edgekit.cli.app import COMMANDS
from edgekit.cli.crash import KEPT

# a command line, and the function that it calls
CALLS = {
    "train": (["train"], "edgekit.train"),
    "convert": (["convert"], "edgekit.convert"),
    "try": (["try", "a.tflite", "a.png"], "edgekit.classify"),
    "bench": (["bench"], "edgekit.bench"),
    "compare": (["compare", "old.json"], "edgekit.compare"),
    "check": (["check"], "edgekit.check"),
    "explain": (["explain", "a.tflite"], "edgekit.explain"),
    "report": (["report"], "edgekit.api.report.folder_of"),
    "inspect": (["inspect", "mobilenet_v1"], "edgekit.inspect"),
    "expect": (["expect"], "edgekit.expect"),
    "sweep": (["sweep"], "edgekit.sweep"),
    "pick": (["pick"], "edgekit.pick"),
    "history": (["history"], "edgekit.history"),
    "farm": (["farm", "worker", "tcp://127.0.0.1:1"], "edgekit.farm_worker"),
    "devices": (["devices", "list"], "edgekit.devices.list"),
    "runtime": (["runtime", "list"], "edgekit.runtimes.list"),
}
FAULTS = [
    ValueError("planted"),
    EOFError("planted"),
    KeyError("planted"),
    MemoryError("planted"),
    RecursionError("planted"),
    OSError("planted"),
    SystemExit("planted"),
    UnicodeEncodeError("ascii", "µ", 0, 1, "planted"),
]


def crash(monkeypatch: pytest.MonkeyPatch, arguments: list[str], place: str, fault: BaseException) -> object:
    """Run a command line whose function has a fault; return its exit code."""

    def failing(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(ending, "listen", lambda: None)
    monkeypatch.setattr(place, failing)
    monkeypatch.setattr(sys, "argv", ["edgekit", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, in its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_fault_in_a_command_ends_with_70(name, monkeypatch, cache, capsys):
    arguments, place = CALLS[name]
    if name == "compare":
        monkeypatch.setattr("edgekit.results.read_result", lambda path: path)
    assert crash(monkeypatch, arguments, place, ValueError("planted")) == 70
    said = capsys.readouterr().err
    (log,) = (cache / "log").iterdir()
    assert "Error: edgekit itself failed: ValueError: planted." in said
    assert str(log) in said
    assert "Traceback" not in said
    kept = log.read_text(encoding="utf-8")
    assert f"edgekit {edgekit.__version__}, Python " in kept
    assert f"Command: edgekit {arguments[0]}" in kept
    assert kept.rstrip().endswith("ValueError: planted")
    assert "Traceback (most recent call last):" in kept


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_no_kind_of_fault_has_the_exit_code_of_a_verdict(fault, monkeypatch, cache, capsys):
    assert crash(monkeypatch, ["check"], "edgekit.check", fault) == 70
    assert "planted" in capsys.readouterr().err
    assert "planted" in next((cache / "log").iterdir()).read_text(encoding="utf-8")


def test_a_fault_in_a_loop_keeps_the_latest_logs_alone(monkeypatch, cache):
    (cache / "log").mkdir(parents=True)
    for day in range(10, 10 + KEPT + 1):
        (cache / "log" / f"202001{day}T000000-1.log").touch()
    crash(monkeypatch, ["check"], "edgekit.check", ValueError("planted"))
    kept = sorted(path.name for path in (cache / "log").iterdir())
    assert len(kept) == KEPT
    assert kept[0] == "20200112T000000-1.log"
    assert not kept[-1].startswith("2020")


def test_where_no_log_can_be_written_it_is_shown(monkeypatch, cache, capsys):
    cache.write_bytes(b"")
    assert crash(monkeypatch, ["check"], "edgekit.check", ValueError("planted")) == 70
    said = capsys.readouterr().err
    assert said.startswith("Error: edgekit itself failed: ValueError: planted.\n")
    assert "no log could be written" in said
    assert said.rstrip().endswith("ValueError: planted")
    assert "Traceback (most recent call last):" in said


def test_an_installation_that_lacks_a_package_ends_with_70(tmp_path):
    script = "import sys; sys.modules['typer'] = None; from edgekit.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 70, done.stderr
    assert "edgekit itself failed: ModuleNotFoundError" in done.stderr


def test_what_is_foreseen_keeps_its_exit_code(tmp_path):
    assert "Traceback" not in run("check", "none.json", cwd=tmp_path, code=2).err
