"""The commands: one list of them, and the defaults of the functions they call."""

import inspect
import os
import subprocess
import sys
from importlib import import_module

import pytest
import typer
from rich.console import Console
from support.commands import run
from support.sessions import session, timed

import edgekit
from edgekit.cli import console
from edgekit.cli.app import COMMANDS
from edgekit.results import write_result

# what a command must be given, and the default that it leaves to the function by giving nothing
REQUIRED = {"compare": ["old.json"], "explain": ["a.tflite"], "inspect": ["mobilenet_v1"]}
FUNCTIONS = ("train", "convert", "bench", "compare", "explain", "inspect")


class Called(Exception):
    """A command called its function."""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_their_own_help_begins_with(name, tmp_path):
    own = run(name, "--help", cwd=tmp_path).out.split("\n\n")[1]
    assert own.strip() == COMMANDS[name]
    assert len(COMMANDS[name]) <= 67, "longer ones do not fit a line of 80 columns"


def test_the_commands_are_offered_by_the_shells_completion(tmp_path):
    for words, offered in (
        ("edgekit ", set(COMMANDS)),
        ("edgekit ru", {"runtime"}),
        ("edgekit devices cl", {"clean"}),
        ("edgekit bench --device rpi4-e", {"rpi4-emulated"}),
        ("edgekit train mobile", {"mobilenet_v1"}),
    ):
        count = len(words.split(" ")) - 1
        environment = {"_EDGEKIT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(count)}
        script = "import sys; sys.argv = ['edgekit']; from edgekit.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert set(done.stdout.split()) >= offered, (words, done.stderr)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_command_without_options_means_its_function_without_arguments(name, monkeypatch, tmp_path):
    function, given = getattr(edgekit, name), {}

    def called(*places, **names):
        given.update(inspect.signature(function).bind(*places, **names).arguments)
        raise Called

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(edgekit, name, called)
    write_result(tmp_path / "old.json", session(timed(1e6)))
    # the console of a command has a descriptor of its own, which nobody closes in a process that goes on
    monkeypatch.setattr(console, "stderr_console", lambda: Console(stderr=True))
    app = typer.Typer()
    app.command()(getattr(import_module(f"edgekit.cli.{name}"), name))
    with pytest.raises(Called):
        app(REQUIRED.get(name, []), standalone_mode=False)
    default = {key: each.default for key, each in inspect.signature(function).parameters.items()}
    for key, value in given.items():
        if default[key] is not inspect.Parameter.empty and key not in ("progress", "command"):
            assert _alike(value, default[key]), f"{name}: {key} is {value!r}, not {default[key]!r}"


def _alike(value, default):
    """Whether a command gave what its function means by its default: a path, a profile, a list."""
    if isinstance(value, edgekit.Profile):
        value = value.name
    return (str(value) if isinstance(value, os.PathLike) else value) in (
        default,
        [*default] if isinstance(default, tuple) else default,
    )
