"""What `edgekit convert` shows of a set that was written though something is wrong with it."""

import pytest
import typer
from rich.console import Console
from support.artefact_sets import make_set

import edgekit
from edgekit.cli import console
from edgekit.cli.convert import convert
from edgekit.errors import InvalidError, ModelError


def _run(monkeypatch, error):
    def refuse(*_places, **_names):
        raise error

    monkeypatch.setattr(edgekit, "convert", refuse)
    monkeypatch.setattr(console, "stderr_console", lambda: Console(stderr=True))
    app = typer.Typer()
    app.command()(convert)
    with pytest.raises(type(error)) as raised:
        app([], standalone_mode=False)
    assert raised.value is error


def test_a_set_that_was_written_is_shown_before_the_error(monkeypatch, tmp_path, capsys):
    error = InvalidError("int8.onnx loses 66.00 pp: int8 breaks this model.")
    error.written = make_set(tmp_path / "set")
    _run(monkeypatch, error)
    shown = capsys.readouterr().out
    assert "int8.onnx" in shown
    assert "Set: " in shown
    assert "Next: " not in shown


def test_where_nothing_was_written_nothing_is_shown(monkeypatch, capsys):
    _run(monkeypatch, ModelError("An operator has no counterpart."))
    assert capsys.readouterr().out == ""
