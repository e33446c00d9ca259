"""Whatever the console can show: the same exit code, and words that can be read."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import run
from support.simulated import simulate

from edgekit.cli import ending, main
from edgekit.cli.app import COMMANDS as ALL
from edgekit.results import write_result

ENCODINGS = ("ascii", "latin-1", "cp1252")
BUDGETS = '[[budget]]\ndevice = "rpi4"\nlatency_p50 = "{} ms"\n'

# the words of each command, and the exit code that it must have whatever the encoding
COMMANDS = {
    "check": (["check", "old.json", "--budgets", "kept.toml"], 0),
    "check broken": (["check", "old.json", "--budgets", "broken.toml"], 1),
    "check update": (["check", "old.json", "--budgets", "broken.toml", "--update"], 0),
    "check missing": (["check", "old.json", "--budgets", "µ→.toml"], 2),
    "compare": (["compare", "old.json", "new.json"], 1),
    "report": (["report", "old.json"], 0),
    "inspect": (["inspect", "old.json"], 0),
    "devices": (["devices", "list"], 0),
    "runtime": (["runtime", "list"], 0),
    "bench": (["bench", "µ→.tflite"], 2),
    "convert": (["convert", "µ→.keras"], 2),
    "try": (["try", "µ→.tflite", "µ→.png"], 2),
    "train": (["train", "µ→"], 2),
    "explain": (["explain", "µ→.tflite"], 2),
    "expect": (["expect", "--device", "rpi4", "--alpha", "0.5", "--resolution", "224", "--int8"], 0),
    "pick": (["pick", "old.json", "--latency", "100 ms"], 0),
    "pick published": (["pick", "--device", "rpi4", "--latency", "15 ms", "--int8"], 0),
    "history": (["history", "--results", "."], 0),
    "sweep": (["sweep", "µ→"], 2),
    "farm": (["farm", "worker", "µ→"], 2),
}


def test_no_command_is_left_out():
    assert {name.split()[0] for name in COMMANDS} == set(ALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two results and two budgets of them. Read only."""
    folder = tmp_path_factory.mktemp("µ→")
    write_result(folder / "old.json", simulate())
    write_result(folder / "new.json", simulate(speed=1.5, seed=8))
    (folder / "kept.toml").write_text(BUDGETS.format(100), encoding="utf-8")
    (folder / "broken.toml").write_text(BUDGETS.format("0.1"), encoding="utf-8")
    return folder


def in_process(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], encoding: str
) -> tuple[object, bytes, bytes]:
    """Run a command line here; return its exit code and what it wrote."""
    out, err = io.BytesIO(), io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(ending, "listen", lambda: None)
        patch.setattr(sys, "argv", ["edgekit", *arguments])
        for name, raw in (("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, io.TextIOWrapper(raw, encoding, errors="strict", write_through=True))
        with pytest.raises(SystemExit) as ended:
            main()
        written = out.getvalue(), err.getvalue()
    return ended.value.code, *written


@pytest.mark.parametrize("name", COMMANDS)
def test_a_console_that_lacks_characters_changes_no_exit_code(name, folder, monkeypatch):
    arguments, code = COMMANDS[name]
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("EDGEKIT_CACHE", str(folder / "cache"))
    assert in_process(monkeypatch, arguments, "utf-8")[0] == code
    for encoding in ENCODINGS:
        ended, out, err = in_process(monkeypatch, arguments, encoding)
        assert ended == code, (encoding, err)
        read = (out + err).decode("utf-8" if name == "check update" else encoding)
        assert read.strip()
        assert "?" not in read, (encoding, read)


def test_json_is_utf_8_on_every_console(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for arguments in (["check", "old.json", "--budgets", "kept.toml"], ["report", "old.json"]):
        said = {in_process(monkeypatch, [*arguments, "--json"], each)[1] for each in (*ENCODINGS, "utf-8")}
        assert len(said) == 1
        assert json.loads(said.pop().decode("utf-8"))
    assert json.loads(in_process(monkeypatch, ["devices", "list", "--json"], "ascii")[1])


def test_a_table_keeps_its_columns_in_line(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "160")
    out = in_process(monkeypatch, ["report", "old.json"], "ascii")[1].decode("ascii")
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert len(rows) > 5
    assert len({len(row) for row in rows}) == 1, out


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0"}],
    ids=["ascii", "C", "locale"],
)
def test_a_real_console_and_a_pipe_have_one_exit_code(environment, folder, tmp_path):
    command = ["check", str(folder / "old.json"), "--budgets", str(folder / "broken.toml")]
    piped = run(*command, cwd=tmp_path, code=1, **environment)
    assert "are broken: " in piped.sentence
    terminal, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "edgekit", *command],
        cwd=tmp_path,
        env={**os.environ, **environment},
        stdin=there,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    seen = b""
    try:
        while chunk := os.read(terminal, 4096):
            seen += chunk
    except OSError:
        pass  # the last one there has closed it
    os.close(terminal)
    assert process.wait() == 1
    assert b"are broken: " in b" ".join(seen.split())
    assert b"Traceback" not in seen
